"""The variants of a sweep: every combination of some fields' values."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from semspill._mask import described, spelled
from semspill._model import FrozenModel
from semspill._problems import leaves, sentence
from semspill.datasets._base import load_corpus
from semspill.errors import ConfigError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._fields import config_fields
from semspill.experiment._names import variant_name
from semspill.experiment._overrides import quoted, values_of
from semspill.experiment._paths import anchored

Vary: TypeAlias = Mapping[str, Iterable[Any]]
"""Values by dotted field; `"all"` stands for every category where the field is the target's."""


def names_target(config: ExperimentConfig, field: str) -> bool:
    """Return whether a dotted field is the one that says which category the selector selects."""
    selector, name = config.poisoner.selector, field.removeprefix("poisoner.selector.")
    named = getattr(selector, name, None) if name in type(selector).model_fields else None
    return name != field and named is not None and named == selector.target


def parse_vary(
    texts: Sequence[str], config: ExperimentConfig | None = None
) -> dict[str, Iterable[Any]]:
    """Return values by field, as the command line gives them.

    Args:
        texts: `"field=a,b"`, or `"field=[1, 2]"` with a TOML list; null stands for None.
        config: What is varied; its fields that hold text then take numbers as names.

    Raises:
        ConfigError: A text is neither.

    Example:
        >>> parse_vary(["poisoner.budget=0.01,0.03", "poisoner.selector.category=all"])
        {'poisoner.budget': [0.01, 0.03], 'poisoner.selector.category': 'all'}
    """
    given = {} if config is None else config.model_dump(mode="json")
    spelled = {field.path for field in config_fields(given) if field.text}
    vary: dict[str, Iterable[Any]] = {}
    for text in texts:
        field, equals, typed = text.partition("=")
        field, typed = field.strip(), typed.strip()
        if not equals or not field or not typed:
            raise ConfigError(f"vary: {quoted(field)}: write it as field.subfield=value,value.")
        if field in vary:
            raise ConfigError(f"vary: {quoted(field)} comes twice; give all its values at once.")
        try:
            vary[field] = "all" if typed == "all" else values_of(typed, text=field in spelled)
        except ConfigError as error:
            raise ConfigError(f"vary: {quoted(field)}: {error}") from error
    return vary


def spelled_out(base: ExperimentConfig, vary: Vary) -> dict[str, list[Any]]:
    """Return the values of every varied field, with `"all"` as the test split's categories.

    Raises:
        ConfigError: Nothing is varied, or a field has no list of values.
    """
    if not vary:
        raise ConfigError("A sweep needs at least one field to vary; give its values.")
    values = {}
    for field, given in vary.items():
        if isinstance(given, str) and given == "all":
            everyone = names_target(base, field)
            given = load_corpus(base.dataset, base.test_split).categories if everyone else ["all"]
        many = isinstance(given, Iterable) and not isinstance(given, str | Mapping)
        # numpy's numbers become Python's, which a config file can hold.
        values[field] = [getattr(v, "item", lambda v=v: v)() for v in given] if many else []
        if not values[field]:
            came = spelled(given) or described(given)
            raise ConfigError(
                f"vary: {quoted(field)} has {came}; give a list of at least one value."
            )
    return values


def variants(
    base: ExperimentConfig, values: Mapping[str, list[Any]]
) -> dict[str, ExperimentConfig]:
    """Return the config of every combination, by a name that can be a folder's.

    Raises:
        ConfigError: A field is unknown, a value not allowed, or two variants have one name.
        RegistryError: A component name is unknown.
    """
    configs: dict[str, ExperimentConfig] = {}
    for chosen in itertools.product(*values.values()):
        settings = dict(zip(values, chosen, strict=True))
        name = variant_name(base, settings)
        if name in configs:
            raise ConfigError(f"vary: two variants would be called {name!r}; give each value once.")
        config = base
        for field, value in settings.items():
            config = changed(config, field, value)
        configs[name] = anchored(config, Path.cwd(), where="vary: ")
    return configs


def changed(config: ExperimentConfig, field: str, value: Any) -> ExperimentConfig:
    """Return the config with one dotted field changed; components stay the objects they are."""
    try:
        changed: ExperimentConfig = _put(config, field.split("."), value)
    except _NoSuchPart as error:
        raise ConfigError(
            f"vary: {quoted(field)} leads nowhere; {quoted(str(error))} is no part of the config."
        ) from None
    except ValidationError as error:
        problems = "; ".join(sentence(problem).rstrip(".") for problem in leaves(error))
        raise ConfigError(f"vary: {field}: {problems}.") from error
    return changed


class _NoSuchPart(Exception):
    """A dotted name that leads nowhere; its words are the part that is not there."""


def _put(part: Any, path: Sequence[str], value: Any, above: str = "") -> Any:
    """Return a part of the config with one field changed, down a dotted path."""
    name, *rest = path
    here = f"{above}.{name}".lstrip(".")
    if rest:
        inner = _inner(part, name)
        if inner is None:
            raise _NoSuchPart(here)
        value = _put(inner, rest, value, here)
    if isinstance(part, Mapping):
        return {**part, name: value}
    return type(part).model_validate({**dict(part), name: value})


def _inner(part: Any, name: str) -> Any:
    """Return what a field holds, if that has fields itself: of a list of one, the one."""
    if isinstance(part, Mapping):
        held = part.get(name)
    else:
        held = getattr(part, name, None) if name in type(part).model_fields else None
    if isinstance(held, tuple) and len(held) == 1:
        held = held[0]
    return held if isinstance(held, FrozenModel | Mapping) else None
