"""From a TOML, YAML or JSON file to an experiment config, with errors that name the place."""

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from semspill.errors import ConfigError, RegistryError
from semspill.experiment._config import ExperimentConfig

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
        problems = [f"{where}: {problem}" for problem in _problems(error)]
        raise ConfigError("\n".join(problems)) from error


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
        said = " ".join(str(error).split())
        raise ConfigError(f"{path}: not valid {path.suffix[1:].upper()}: {said}.") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{path}: holds {type(fields).__name__}; a config is a table of fields.")
    return fields


def _override(fields: Mapping[str, Any], override: str) -> dict[str, Any]:
    path, equals, text = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(f"--set {override!r}: write it as field.subfield=value.")
    return _put(fields, keys, _value(text.strip()))


def _put(fields: Mapping[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    first, *rest = keys
    if not rest:
        return {**fields, first: value}
    inner = fields.get(first, {})
    if isinstance(inner, str):
        inner = {"name": inner}  # a bare component name gets its first field
    if not isinstance(inner, Mapping):
        raise ConfigError(f"--set: {first!r} is {inner!r}, which has no field {rest[0]!r}.")
    return {**fields, first: _put(inner, rest, value)}


def _value(text: str) -> Any:
    if text == "null":  # TOML has no word for None
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        return text


def _problems(error: ValidationError) -> list[str]:
    said = []
    for problem in error.errors(include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        # A config file has lists; that they are kept as tuples is nobody's business there.
        text = problem["msg"].replace("a valid tuple", "a list")
        text = text.removeprefix("Value error, ").rstrip(".")
        shown = problem["type"] not in ("missing", "unknown_field", "value_error")
        got = f", got {problem['input']!r}" if shown else ""
        said.append(f"{place}: {text}{got}." if place else f"{text}{got}.")
    return said
