"""What all kinds share: checks as such, what every component promises, probes, global seeds."""

import pickle
import random
import subprocess
import sys
import threading
from itertools import count
from typing import Any

import numpy as np
import pytest
from pydantic import ConfigDict, Field, PrivateAttr, field_serializer, field_validator
from pydantic_core import core_schema

from semspill import ResponseSource
from semspill.errors import DataError, MissingExtraError
from semspill.sources import sources
from semspill.testing import ConformanceError
from semspill.testing._conformance._check import Broken, Checks, first_line
from semspill.testing._conformance._common import add_common, built, errors_pickle, pickled
from semspill.testing._conformance._globals import disturbed, global_seed, global_state
from semspill.testing._conformance._probes import (
    ODD_TEXTS,
    label,
    odd_corpus,
    odd_dialogue,
    tiny_corpus,
)
from semspill.testing._conformance._repeat import AT_LOAD, add_repeatable
from semspill.testing._conformance._source import CHECKS


class Right(ResponseSource):
    """Keeps every promise."""

    citation = "original"
    texts: tuple[str, ...] = ("grumble",)
    most: float = float("inf")

    def load(self):
        return self.texts


class Sourceless(Right):
    """Does not say where it comes from."""

    citation = " "


class Unnameable(Right):
    """Has a field that a config needs for itself."""

    name: str = "grumble"


class Lossy(Right):
    """Writes less into a config than it holds."""

    @field_serializer("texts")
    def _short(self, texts: tuple[str, ...]) -> list[str]:
        return [text[:3] for text in texts]


class Lax(Right):
    """Takes a misspelled field for nothing."""

    model_config = ConfigDict(extra="ignore")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        def only_known(given: Any) -> Any:
            known = cls.model_fields
            fields = {name: value for name, value in given.items() if name in known}
            return fields if isinstance(given, dict) else given

        return core_schema.no_info_before_validator_function(only_known, handler(source))


class Loose(Right):
    """Lets its fields be set."""

    model_config = ConfigDict(frozen=False)


LOCK = threading.Lock()


class Locked(Right):
    """Holds a lock, which no worker can be sent."""

    _lock: Any = PrivateAttr(default_factory=lambda: LOCK)


class Shrunk(Right):
    """Comes out of pickling without its texts."""

    def __reduce__(self) -> Any:
        return Shrunk, ()


BROKEN = [
    (
        Sourceless(),
        "has_a_citation",
        "citation is ' '. Set the class attribute citation to a text.",
    ),
    (
        Unnameable(),
        "can_be_named",
        "Unnameable cannot be the response source 'Unnameable': its field 'name' must be renamed",
    ),
    (
        Lossy(),
        "comes_back_from_its_config",
        'its fields, {"texts":["gru"],"most":Infinity}, gave another object. Let each field be',
    ),
    (
        Lax(),
        "refuses_unknown_fields",
        "it took one named 'no_such_field'. Leave `extra` in model_config as it is.",
    ),
    (Loose(), "never_changes", "'texts' could be set. Leave `frozen` in model_config as it is."),
    (
        Locked(),
        "pickles",
        "pickling raised TypeError: cannot pickle '_thread.lock' object. Define its class at the "
        "top of a module, and keep locks, open files and lambdas out of its fields.",
    ),
    (Shrunk(texts=("a", "b")), "pickles", "the copy differs. Let all that matters be a field."),
]


@pytest.fixture
def common():
    checks: Checks = Checks("source", lambda: None)
    add_common(checks, sources)
    return list(checks)


def tripped(checks, component, **given):
    said = {}
    for check in checks:
        try:
            check(component, **given)
        except ConformanceError as error:
            [said[check.name]] = error.sentences
    return said


def test_a_right_component_keeps_what_all_promise(common):
    assert tripped(common, Right(texts=ODD_TEXTS, most=2.5)) == {}


@pytest.mark.parametrize(
    ("component", "name", "piece"), BROKEN, ids=[type(broken).__name__ for broken, *_ in BROKEN]
)
def test_a_broken_component_trips_its_check_and_no_other(common, component, name, piece):
    said = tripped(common, component)
    assert said.keys() == {name}
    assert said[name].startswith(f"{type(component).__name__} promises: ")
    assert f"; but {piece}" in said[name]


def test_every_common_check_is_tripped_by_one(common):
    assert {name for _, name, _ in BROKEN} == {check.name for check in common}


def test_a_class_without_a_source_is_told_once_per_promise(common):
    class Bare(ResponseSource):
        """Says nothing of where it comes from."""

        def load(self):
            return ("grumble",)

    said = tripped(common, Bare())
    assert said.keys() == {"has_a_citation", "can_be_named", "pickles"}
    assert "citation is None. Set the class attribute" in said["has_a_citation"]
    assert "it must set citation to a citation or 'original'. Only then can" in said["can_be_named"]


def test_a_registered_component_comes_back_from_the_registry_too(common):
    @sources.register("twice_read")
    class TwiceRead(ResponseSource):
        """Reads its field anew from a mapping, though not from JSON."""

        citation = "original"
        calls: int = Field(0)

        @field_validator("calls", mode="before")
        @classmethod
        def _one_more(cls, value: Any, info: Any) -> Any:
            return value if info.mode == "json" else value + 1

        def load(self):
            return ("grumble",)

    try:
        said = tripped(common, TwiceRead(calls=3))
    finally:
        sources.unregister("twice_read")
    assert said["comes_back_from_its_config"].endswith(
        "but the registry built another object from {'name': 'twice_read', 'calls': 4}. Let each "
        "field be written to JSON and read back without loss."
    )
    # Setting a field does not read it anew, and a local class never pickles.
    assert said.keys() == {"comes_back_from_its_config", "pickles"}


def test_an_object_stays_and_a_name_or_a_mapping_is_built():
    sourceless = Sourceless()
    assert built(sources, sourceless) is sourceless
    assert built(sources, "benign") == built(sources, {"name": "benign"})
    assert type(built(sources, "benign")) is sources.get("benign")


# A check, and all checks of a kind


def no_check(component, given):
    """Finds nothing."""


def broken_check(component, given):
    raise Broken(f"it was given {given}", "Give it more")


def cause_check(component, given):
    try:
        int(given)
    except ValueError as error:
        raise Broken("that is no number", "Give one") from error


def crashing_check(component, given):
    raise RuntimeError("the first line.\nthe second line")


def extra_check(component, given):
    raise MissingExtraError('Right needs air: pip install "semspill[air]".')


@pytest.fixture
def checks():
    made: Checks = Checks("source", lambda *, word="grumble": word.upper())
    for name in ("no", "broken", "cause", "crashing", "extra"):
        made.add(f"has {name} fault")(globals()[f"{name}_check"])
    return made


def test_a_check_says_what_was_promised_what_came_and_what_to_do(checks):
    fine, broken, *_ = checks
    assert (str(broken), broken.kind, broken.promise) == (
        "broken_check",
        "source",
        "has broken fault",
    )
    assert fine(Right()) is None
    with pytest.raises(ConformanceError) as caught:
        broken(Right(), word="mutter")
    assert caught.value.sentences == (
        "Right promises: has broken fault; but it was given MUTTER. Give it more.",
    )
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_check_keeps_the_cause(checks):
    _, _, cause, crashing, extra = checks
    with pytest.raises(ConformanceError, match=r"; but that is no number\. Give one\.$") as caught:
        cause(Right())
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(ConformanceError) as caught:
        crashing(Right())
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert str(caught.value) == (
        "Right promises: has crashing fault; but it raised RuntimeError: the first line. See the "
        "traceback above for where, and let it take what it is given."
    )
    with pytest.raises(ConformanceError, match=r'"semspill\[air\]"\. Do what it says\.$'):
        extra(Right())


def test_what_is_given_wrongly_is_no_fault_of_the_component(checks):
    with pytest.raises(TypeError, match="unexpected keyword argument 'wrod'"):
        next(iter(checks))(Right(), wrod="mutter")


def test_a_run_says_all_and_keeps_all_causes(checks):
    with pytest.raises(ConformanceError) as caught:
        checks.run(Right(), word="mutter")
    assert [s.split("; ")[0] for s in caught.value.sentences] == [
        f"Right promises: has {name} fault" for name in ("broken", "cause", "crashing", "extra")
    ]
    causes = caught.value.__cause__
    assert isinstance(causes, ExceptionGroup)
    assert [type(c) for c in causes.exceptions] == [ValueError, RuntimeError, MissingExtraError]


def test_a_run_without_a_cause_has_none():
    plain: Checks = Checks("source", lambda: "")
    plain.add("has a fault", "by_another_name")(broken_check)
    with pytest.raises(ConformanceError) as caught:
        plain.run(Right())
    assert caught.value.__cause__ is None
    assert [str(check) for check in plain] == ["by_another_name"]


def test_a_run_without_a_fault_is_silent():
    plain: Checks = Checks("source", lambda: "")
    plain.add("has no fault")(no_check)
    assert plain.run(Right()) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError(), "no message"),
        (ValueError("one.\ntwo"), "one"),
        (ValueError("a" * 200), "a" * 200),
        (ValueError("a" * 201), "a" * 200 + "..."),
    ],
    ids=["none", "two lines", "long", "too long"],
)
def test_the_first_line_of_an_error_is_short(error, said):
    assert first_line(error) == said


# Errors that get out of a worker


def test_a_conformance_error_gets_out_of_a_worker():
    error = pickle.loads(pickle.dumps(ConformanceError("one broken.", "two broken.")))
    assert error.sentences == ("one broken.", "two broken.")
    assert str(error) == "one broken.\ntwo broken."


class OtherError(ValueError):
    """Comes out of pickling with another message."""

    def __reduce__(self) -> Any:
        return OtherError, ("something else",)


def raising(error):
    def act():
        raise error

    return act


def test_errors_that_pickle_pass():
    assert errors_pickle(lambda: None) is None
    assert errors_pickle(raising(DataError("no file"))) is None


def test_an_error_that_comes_out_as_another_is_refused():
    with pytest.raises(Broken) as caught:
        errors_pickle(raising(OtherError("grumble")))
    assert (
        caught.value.came == "its OtherError came out of pickling as OtherError('something else')"
    )
    assert caught.value.mend.startswith("Give all arguments of the error to super().__init__")


def test_an_error_that_is_lost_is_refused():
    class LocalError(ValueError):
        """Cannot be found by its name."""

    with pytest.raises(Broken, match="its LocalError is lost"):
        errors_pickle(raising(LocalError("grumble")))


def test_what_pickles_comes_back_and_the_rest_is_refused():
    assert pickled(Right(texts=("a",)), "Do not") == Right(texts=("a",))
    with pytest.raises(Broken) as caught:
        pickled(lambda: None, "Leave lambdas out")
    assert caught.value.mend == "Leave lambdas out"
    assert isinstance(caught.value.__cause__, (pickle.PicklingError, AttributeError))


# The global generators


def test_a_global_seed_rules_every_generator_and_is_taken_back():
    torch = pytest.importorskip("torch")

    def drawn():
        return (
            random.random(),
            float(np.random.random()),  # noqa: NPY002
            float(torch.rand(1)),
        )

    with global_seed(7):
        first = drawn()
        drawn()
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    with global_seed(7):
        assert drawn() == first
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    assert before == after
    with global_seed(8):
        assert not set(drawn()) & set(first)


def test_the_seed_is_taken_back_after_an_error():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    with pytest.raises(RuntimeError), global_seed(1):
        raise RuntimeError
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_a_draw_disturbs_its_library_and_no_other(library):
    torch = pytest.importorskip("torch")
    draw = {"numpy": lambda: np.random.random(), "torch": lambda: torch.rand(1)}  # noqa: NPY002
    before = global_state()
    assert disturbed(before) == []
    draw[library]()
    assert disturbed(before) == [library]


def test_python_s_generator_is_watched_unless_beartype_draws_from_it(monkeypatch):
    """A test run with shape checks imports beartype; that of a stranger need not."""
    pytest.importorskip("beartype")
    before = global_state()
    random.random()
    assert disturbed(before) == []
    monkeypatch.delitem(sys.modules, "beartype")
    assert disturbed(before) == ["random"]


def test_without_torch_there_is_no_state_of_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with global_seed(1):
        assert global_state().keys() == {"random", "numpy"}


def test_the_checks_do_not_import_torch_or_pytest():
    code = (
        "import sys\n"
        "from semspill.testing._conformance import _dataset, _selector, _source, _strategy\n"
        "_strategy.check_strategy('last_fixed')\n"
        "print(sorted({'torch', 'transformers', 'matplotlib', 'pytest'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "[]\n"), ran.stderr


# The same again


def load(component, given):
    return component.load()


def repeatable(act):
    checks: Checks = Checks("source", lambda: None)
    add_repeatable(checks, act, "texts", AT_LOAD)
    return checks


def test_a_component_that_gives_the_same_passes():
    assert [check.promise for check in repeatable(load)] == [
        "gives the same texts at every load",
        "gives the same texts whatever the global seeds are",
        "leaves the global random generators as they are",
        "gives the same texts in another process",
    ]
    assert tripped(repeatable(load), Right()) == {}


HASHED = """
import sys
from semspill import ResponseSource

class {name}(ResponseSource):
    citation = "original"

    def load(self):
        sys.stdout.write("grumble")
        return {texts}
"""


def test_what_a_component_prints_does_not_get_between_two_processes(tmp_path, monkeypatch):
    code = HASHED.format(name="Noisy", texts="('grumble',)")
    (tmp_path / "a_noisy_source.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    from a_noisy_source import Noisy

    assert tripped(CHECKS, Noisy()) == {}


def test_the_other_process_is_left_out_where_it_cannot_have_the_component():
    class Local(Right):
        """Cannot be found by another process."""

    calls = count()
    (check,) = [c for c in repeatable(lambda c, g: next(calls)) if "process" in c.name]
    assert check(Local()) is None
    assert next(calls) == 0  # not even asked here: there is nothing to compare with


def test_a_class_that_only_this_process_knows_is_passed_over(tmp_path, monkeypatch):
    code = HASHED.format(name="Gone", texts="tuple({f'grumble {i}' for i in range(100)})")
    (tmp_path / "a_source_that_goes.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    from a_source_that_goes import Gone

    assert tripped(CHECKS, Gone()).keys() == {"same_in_another_process"}
    (tmp_path / "a_source_that_goes.py").unlink()
    assert tripped(CHECKS, Gone()) == {}


# What components are tried on


def test_the_odd_texts_are_what_they_say():
    assert len(set(ODD_TEXTS)) == len(ODD_TEXTS)
    assert {"", " "} < set(ODD_TEXTS)
    assert max(map(len, ODD_TEXTS)) == 10_000
    assert any("\u05d0" <= letter <= "\u06ff" for text in ODD_TEXTS for letter in text)
    assert any(letter > "\U0001f000" for text in ODD_TEXTS for letter in text)


def test_the_tiny_corpus_has_four_categories():
    corpus = tiny_corpus()
    assert corpus.sizes == dict.fromkeys(corpus.categories, 15)
    assert len(corpus.categories) == 4
    assert "brave" in corpus.categories
    assert {len(talk.utterances) for talk in corpus} == {4}
    assert tiny_corpus("test").split == "test"


def test_the_odd_corpus_adds_one_dialogue_per_odd_text(corpus):
    for plain, odd in ((tiny_corpus(), odd_corpus()), (corpus, odd_corpus(corpus))):
        assert odd.dialogues[: len(plain)] == plain.dialogues
        added = odd.dialogues[len(plain) :]
        assert tuple(talk.response(-1) for talk in added) == ODD_TEXTS
        assert odd.categories == plain.categories
    assert odd_dialogue(0).category == "brave"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "''"),
        ("caf\u00e9", r"'caf\xe9'"),
        ("a" * 20, f"'{'a' * 20}'"),
        ("a" * 10_000, "'aaaaaaaaaa'... (10000 characters)"),
    ],
    ids=["none", "accent", "short", "long"],
)
def test_the_label_of_a_text_is_short_and_ascii(text, said):
    assert label(text) == said
