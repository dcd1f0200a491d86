"""Names become components: by decorator, by entry point, and with helpful errors."""

import json
import subprocess
import sys
from functools import partial
from itertools import count

import pytest
from pydantic import Field

from semspill import Component, FrozenModel, Poisoner, PoisonStrategy, Rater, strategies
from semspill._registry import Registry
from semspill.errors import ConfigError, PluginError, RegistryError

groups = count()


class Chain(PoisonStrategy):
    """Does nothing, `most` times."""

    citation = "original"
    most: int = Field(3, ge=1)

    def rewrite(self, victims, responses, rng):
        return victims


@pytest.fixture
def registry() -> Registry[PoisonStrategy]:
    """A registry of strategies in which nothing is installed."""
    return Registry("poison strategy", group=f"semspill.tests.{next(groups)}", base=PoisonStrategy)


@pytest.fixture
def filled(registry) -> Registry[PoisonStrategy]:
    registry.register("chain")(Chain)
    registry.register("shout")(type("Shout", (Chain,), {"__doc__": "Shouts."}))
    return registry


def test_listing_names_imports_nothing():
    code = """
import sys, semspill as sp
before = set(sys.modules)
kinds = [sp.datasets, sp.sources, sp.selectors, sp.strategies, sp.encoders, sp.raters, sp.metrics]
assert all(kind.names() for kind in kinds)
assert "last_fixed" in repr(sp.strategies)
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(new & {"semspill", "torch", "transformers", "detoxify", "scipy"}))
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"


def test_the_decorator_returns_the_class_and_the_name_works(registry):
    assert registry.register("chain")(Chain) is Chain
    assert registry.names() == ("chain",)
    assert registry.get("chain") is Chain
    assert registry.build({"name": "chain", "most": 5}) == Chain(most=5)
    assert repr(registry) == "<Registry of poison strategy: chain>"
    assert registry.origin("chain") == "registered in this session"


def test_a_taken_name_is_an_error_never_an_overwrite(filled):
    with pytest.raises(RegistryError) as caught:
        filled.register("chain")(type("Other", (Chain,), {}))
    assert str(caught.value) == (
        "The poison strategy 'chain' already exists (registered in this session); choose "
        "another name, or call unregister('chain') for one of your own."
    )
    assert filled.get("chain") is Chain


def test_an_installed_name_cannot_be_taken_or_unregistered():
    with pytest.raises(RegistryError, match=r"'last_fixed' already exists \(semspill \d"):
        strategies.register("last_fixed")(Chain)
    with pytest.raises(RegistryError, match="No poison strategy named 'last_fixed' was registered"):
        strategies.unregister("last_fixed")


def test_unregister_frees_a_name_of_this_session(filled):
    filled.unregister("chain")
    assert filled.names() == ("shout",)
    filled.register("chain")(Chain)
    with pytest.raises(RegistryError, match="No poison strategy named 'chian' was registered"):
        filled.unregister("chian")


@pytest.mark.parametrize("build", [True, False])
def test_a_misspelled_name_says_which_was_meant(filled, build):
    with pytest.raises(RegistryError) as caught:
        filled.build("shuot") if build else filled.get("shuot")
    assert str(caught.value) == (
        "No poison strategy is named 'shuot'. Did you mean 'shout'? Registered: chain, shout."
    )


def test_a_name_like_no_other_lists_what_there_is(filled):
    with pytest.raises(RegistryError, match=r"named 'zzz'\. Registered: chain, shout\.$"):
        filled.build("zzz")


class NoSource(PoisonStrategy):
    """Says not where it comes from."""

    def rewrite(self, victims, responses, rng):
        return victims


class EmptySource(Chain):
    citation = ""


class FieldSource(NoSource):
    source: int = 3


class Named(Chain):
    name: str = "x"


class Unfinished(PoisonStrategy):
    citation = "original"


class Alien(Component):
    citation = "original"


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (NoSource, "NoSource cannot be .*: it must set citation to a citation or 'original'"),
        (EmptySource, "it must set citation"),
        (FieldSource, "it must set citation"),
        (Named, "its field 'name' must be renamed, because 'name' selects the component"),
        (Unfinished, "Unfinished cannot be the poison strategy 'x': it must implement rewrite"),
        (Alien, "Alien cannot be .*: it must be a class that extends PoisonStrategy"),
        (Rater, "must be a class that extends PoisonStrategy"),
        (int, "int cannot be .*: it must be a class that extends PoisonStrategy"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_class_that_cannot_be_a_component_is_refused(registry, cls, said):
    with pytest.raises(PluginError, match=said):
        registry.register("x")(cls)
    assert registry.names() == ()


def test_build_takes_an_object_a_name_and_a_mapping(filled):
    chain = Chain(most=2)
    assert filled.build(chain) is chain
    assert filled.build("chain") == Chain()
    assert filled.build({"name": "chain", "most": 2}) == chain


@pytest.mark.parametrize("garbage", [None, 3, ["chain"], {"most": 2}, {"name": 3}, Alien()])
def test_build_refuses_anything_else(filled, garbage):
    with pytest.raises(ConfigError) as caught:
        filled.build(garbage)
    assert str(caught.value).startswith(
        "poison strategy is given as an object of PoisonStrategy, a name, or a mapping with "
        "'name' and its fields; got "
    )


def test_build_leaves_the_mapping_as_it_was(filled):
    spec = {"name": "chain", "most": 2}
    filled.build(spec)
    assert spec == {"name": "chain", "most": 2}


@pytest.mark.parametrize("fields", [{"most": 0}, {"least": 1}])
def test_build_lets_pydantic_speak_about_fields(filled, fields):
    with pytest.raises(ConfigError, match=next(iter(fields))):
        filled.build({"name": "chain", **fields})


def test_describe_gives_json_that_builds_an_equal_component(filled):
    said = filled.describe(Chain(most=7))
    assert said == {"name": "chain", "most": 7}
    assert filled.build(json.loads(json.dumps(said))) == Chain(most=7)


def test_an_unregistered_class_is_described_by_its_path_which_cannot_be_built(registry):
    said = registry.describe(Chain())
    assert said["name"] == f"{Chain.__module__}:Chain"
    assert registry.name_of(Chain) is None
    with pytest.raises(RegistryError, match="No poison strategy is named"):
        registry.build(said)


def twice(most: int = 2) -> Chain:
    """Chain, for longer."""
    return Chain(most=2 * most)


def test_a_preset_is_a_class_with_other_defaults(filled):
    filled.register("preset")(partial(Chain, most=7))
    assert filled.get("preset") is Chain
    assert filled.build("preset") == Chain(most=7)
    assert filled.build({"name": "preset", "most": 2}) == Chain(most=2)
    assert filled.describe(filled.build("preset")) == {"name": "chain", "most": 7}
    filled.unregister("preset")
    assert filled.names() == ("chain", "shout")


def test_a_preset_of_a_class_without_a_name_can_be_built_again(registry):
    registry.register("preset")(partial(Chain, most=7))
    component = registry.build({"name": "preset", "most": 4})
    assert registry.describe(component) == {"name": "preset", "most": 4}
    assert registry.build(registry.describe(component)) == component


def test_a_function_takes_its_arguments_as_fields(filled):
    assert filled.register("twice")(twice) is twice
    assert filled.get("twice") is Chain
    assert filled.build({"name": "twice", "most": 3}) == Chain(most=6)
    assert filled.describe(filled.build("twice")) == {"name": "chain", "most": 4}
    filled.register("thrice")(partial(twice, most=3))
    assert filled.build("thrice") == Chain(most=6)
    with pytest.raises(ConfigError, match="'twice': got an unexpected keyword argument 'least'"):
        filled.build({"name": "twice", "least": 3})
    with pytest.raises(ConfigError, match="most"):
        filled.build({"name": "twice", "most": 0})


def test_a_function_that_says_or_returns_nothing_of_the_kind_is_refused(registry):
    with pytest.raises(PluginError, match="annotated return type"):
        registry.register("x")(lambda: Chain())
    assert registry.names() == ()

    def empty() -> Chain:
        return None

    registry.register("x")(empty)
    with pytest.raises(PluginError, match="'x' returned NoneType; it must return an object of"):
        registry.build("x")


def test_name_of_takes_an_object_or_a_class(filled):
    assert filled.name_of(Chain) == filled.name_of(Chain(most=9)) == "chain"
    assert strategies.name_of(strategies.get("each_fixed")) == "each_fixed"


class Plan(FrozenModel):
    """Has a component for a field."""

    poisoner: Poisoner


def test_a_field_takes_all_three_and_errors_keep_their_place():
    selector = {"name": "category", "category": "joy"}
    strategies.register("chain")(Chain)
    try:
        for spec in ("chain", {"name": "chain"}, Chain()):
            assert Poisoner(selector=selector, strategy=spec).strategy == Chain()
        with pytest.raises(ConfigError) as shallow:
            Poisoner(selector=selector, strategy={"name": "chain", "most": "x"})
        with pytest.raises(ConfigError) as deep:
            Plan(poisoner={"selector": selector, "strategy": {"name": "chain", "most": 0}})
    finally:
        strategies.unregister("chain")
    assert str(shallow.value).startswith("Poisoner: strategy.most: Input should be a valid integer")
    assert str(deep.value) == (
        "Plan: poisoner.strategy.most: Input should be greater than or equal to 1, got 0."
    )


def test_a_class_in_place_of_an_object_is_told_apart(filled):
    with pytest.raises(ConfigError, match=r"is a class; give an object of it, such as Chain\(\)"):
        filled.build(Chain)
