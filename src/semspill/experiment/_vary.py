"""The variants of a sweep: every combination of some fields' values."""

import itertools
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from semspill.errors import ConfigError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._load import load_config

Vary: TypeAlias = Mapping[str, Sequence[Any]]
"""Values by dotted field; `"all"` stands for every category where the field is the target's."""

TARGET = "poisoner.selector.category"
"""The field that names the target."""


def parse_vary(texts: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Return values by field, as the command line gives them.

    Args:
        texts: `"field=a,b"`, or `"field=[1, 2]"` with a TOML list.

    Raises:
        ConfigError: A text is neither.

    Example:
        >>> parse_vary(["poisoner.budget=0.01,0.03", "poisoner.selector.category=all"])
        {'poisoner.budget': [0.01, 0.03], 'poisoner.selector.category': 'all'}
    """
    vary: dict[str, Sequence[Any]] = {}
    for text in texts:
        field, equals, given = text.partition("=")
        field, given = field.strip(), given.strip()
        if not equals or not field or not given:
            raise ConfigError(f"--vary {text!r}: write it as field.subfield=value,value.")
        if field in vary:
            raise ConfigError(f"--vary names {field!r} twice; give all its values at once.")
        vary[field] = "all" if (field, given) == (TARGET, "all") else _list(given)
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
        if field == TARGET and given == "all":
            given = base.dataset.load(base.test_split).categories
        if isinstance(given, str) or not len(given):
            raise ConfigError(f"vary: {field!r} has {given!r}; give a list of at least one value.")
        values[field] = list(given)
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
        settings = list(zip(values, chosen, strict=True))
        name = ",".join(f"{field.split('.')[-1]}={_plain(value)}" for field, value in settings)
        if name in configs:
            raise ConfigError(f"vary: two variants would be called {name!r}; give each value once.")
        configs[name] = load_config(base, [f"{field}={_toml(value)}" for field, value in settings])
    return configs


def _list(text: str) -> list[Any]:
    try:
        return list(tomllib.loads(f"values = {text if text[0] == '[' else f'[{text}]'}")["values"])
    except ValueError:  # bare words
        return [part.strip() for part in text.strip("[]").split(",") if part.strip()]


def _toml(value: Any) -> str:
    """Return a value as an override reads it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return json.dumps(value)


def _plain(value: Any) -> str:
    """Return a value as part of a folder's name."""
    if isinstance(value, Mapping):
        value = "-".join(str(part) for part in value.values())
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", str(value))
