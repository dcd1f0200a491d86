"""From a TOML, YAML or JSON file to an experiment config, with errors that name the place."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from semspill._mask import described, named, spelled, unquoted
from semspill.errors import ConfigError, RegistryError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._fields import config_fields, default_component

_READERS: dict[str, Callable[[str], Any]] = {
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
    ".json": json.loads,
}


def load_config(
    config: "ExperimentConfig | Mapping[str, Any] | str | Path", overrides: Sequence[str] = ()
) -> ExperimentConfig:
    """Return an experiment config from a file, a mapping or a config.

    Args:
        config: Path of a .toml, .yaml or .json file, a mapping, or a config.
        overrides: `"a.b=c"` sets one field; `c` is read as a TOML value or null, else as text.

    Raises:
        ConfigError: The file cannot be read, or a field is unknown, missing or not allowed; the
            message names file, field, what is allowed and what came.
        RegistryError: A component name is unknown.

    Example:
        >>> fields = {"dataset": "synthetic", "poisoner": {"selector": {"name": "random"}},
        ...           "target": "terrified"}
        >>> load_config(fields, ["poisoner.budget=0.01"]).poisoner.budget
        0.01
    """
    if isinstance(config, ExperimentConfig):
        if not overrides:
            return config
        config = config.model_dump(mode="json")
    where = "config" if isinstance(config, Mapping) else str(config)
    fields = dict(config) if isinstance(config, Mapping) else _read(Path(config))
    for override in overrides:
        fields = _override(fields, override)
    try:
        return ExperimentConfig.model_validate(fields)
    except RegistryError as error:
        raise RegistryError(f"{where}: {error}") from error
    except ValidationError as error:
        problems = [f"{where}: {problem}" for problem in _problems(error, fields)]
        raise ConfigError("\n".join(problems)) from error


def read_fields(path: Path | None, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return the fields of a config file, or of none, with overrides, before they are checked.

    Raises:
        ConfigError: The file cannot be read, or an override is not of the form `field=value`.
    """
    fields = {} if path is None else _read(path)
    for override in overrides:
        fields = _override(fields, override)
    return fields


def _read(path: Path) -> dict[str, Any]:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(
            f"{path}: a config file ends in {', '.join(_READERS)}, not {path.suffix!r}."
        )
    try:
        fields = reader(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigError(
            f"{path}: cannot be read ({reason}); `semspill init {path}` writes a config to start "
            "from."
        ) from error
    # ValueError: what the readers raise of their own, and of a date or number Python refuses.
    except (ValueError, yaml.YAMLError) as error:
        # No cause: a YAML reader's own words show the line.
        said = f"{path}: not valid {path.suffix[1:].upper()}: {unquoted(error)}."
        raise ConfigError(said) from None
    if not isinstance(fields, dict):
        raise ConfigError(f"{path}: holds {type(fields).__name__}; a config is a table of fields.")
    return fields


def _override(fields: Mapping[str, Any], override: str) -> dict[str, Any]:
    path, equals, text = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(f"--set {_quoted(override)}: write it as field.subfield=value.")
    return _put(fields, keys, _value(text.strip()))


def _quoted(override: str) -> str:
    shown = re.fullmatch(r"[a-z0-9_.=]{0,40}", override)  # what follows the = may be a text
    return repr(override) if shown else described(override)


def _put(
    fields: Mapping[str, Any], keys: Sequence[str], value: Any, above: Sequence[str] = ()
) -> dict[str, Any]:
    first, *rest = keys
    if not rest:
        return {**fields, first: value}
    # What is not there begins as its default, whose fields are those that can be set.
    inner = fields[first] if first in fields else default_component([*above, first]) or {}
    if isinstance(inner, str):
        inner = {"name": inner}  # a bare component name gets its first field
    if not isinstance(inner, Mapping):
        raise ConfigError(
            f"--set: {named(first)} is {described(inner)}, which has no field {named(rest[0])}."
        )
    return {**fields, first: _put(inner, rest, value, [*above, first])}


def _value(text: str) -> Any:
    if text == "null":  # TOML has no word for None
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        return text


def _problems(error: ValidationError, fields: Mapping[str, Any]) -> list[str]:
    found = error.errors(include_url=False)
    said = []
    for problem in found:
        loc = problem["loc"]
        below = [other for other in found if other["loc"][: len(loc)] == loc != other["loc"]]
        if below:
            continue  # that a list is too short, say, only follows from what is wrong inside
        place = ".".join(str(part) for part in loc)
        if problem["type"] == "unknown_field":
            said.append(_unknown(loc, problem["ctx"], fields))
            continue
        # A config file has lists; that they are kept as tuples is nobody's business there.
        text = problem["msg"].replace("a valid tuple", "a list")
        text = text.removeprefix("Value error, ").rstrip(".")
        shown = problem["type"] not in ("missing", "value_error")
        got = f", got {described(problem['input'])}" if shown else ""
        said.append(f"{place}: {text}{got}." if place else f"{text}{got}.")
    return said


def _unknown(loc: Sequence[object], told: Mapping[str, str], fields: Mapping[str, Any]) -> str:
    """Say what an unknown field may have been meant as, here or elsewhere in the config."""
    name, place = told["name"], ".".join(map(str, loc))
    owner = f"{place}{_component_at(loc, fields)}" if place else "A config"
    elsewhere = [
        field.path for field in config_fields(fields) if field.path.rpartition(".")[2] == name
    ]
    near = told["near"].rstrip("?")
    for other in elsewhere:  # the same name in another place may be meant as well
        near += f" or {other!r}" if near else f" Did you mean {other!r}"
    near += "?" if near else ""
    if not near and not told["said"].startswith("'"):  # it may be a text in the wrong place
        said = f"unknown field {told['said']}"
        return f"{place + ': ' if place else ''}{said}. {owner} has: {told['fields']}."
    path = f"{place}.{name}" if place else name
    return f"{path}: unknown field.{near} {owner} has: {told['fields']}."


def _component_at(loc: Sequence[object], fields: Any) -> str:
    """Return the registered name of the component at a place, in brackets; else nothing."""
    for part in loc:
        fields = fields[part]
    name = fields if isinstance(fields, str) else fields.get("name")
    # Where a component is not expected, its name may be any text.
    return f" ({name})" if spelled(name) else ""
