"""From a TOML, YAML or JSON file to an experiment config, with errors that name the place."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from semspill._objects import fields_of
from semspill._read import RepeatedKeyError, UnreadableError, read_text
from semspill.errors import ConfigError, RegistryError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._fields import config_fields
from semspill.experiment._formats import READERS
from semspill.experiment._overrides import keys_of, overridden
from semspill.experiment._paths import anchored
from semspill.experiment._problems import problems


def load_config(
    config: "ExperimentConfig | Mapping[str, Any] | str | Path",
    overrides: Sequence[str] = (),
    *,
    dataset: object = None,
) -> ExperimentConfig:
    """Return an experiment config from a file, a mapping or a config, with whole paths.

    Relative paths in a file count from the file's folder, all others from the working directory.

    Args:
        config: Path of a .toml, .yaml or .json file, a mapping, or a config.
        overrides: `"a.b=c"` sets one field; `c` is read as a TOML value or null, else as text.
        dataset: What stands in place of the config's dataset, such as a mapping of splits to
            corpora; None for the config's own.

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
        if not overrides and dataset is None:
            return anchored(config, Path.cwd())
        config = fields_of(config)
    given, folder, where = _given(config)
    if dataset is not None:
        given["dataset"] = dataset
    fields = given
    for override in overrides:
        fields = overridden(fields, override)
    changed = [keys_of(override) for override in overrides]
    places = {".".join(keys): Path.cwd() for keys in changed}
    try:
        valid = ExperimentConfig.model_validate(fields)
        return anchored(valid, folder, places, where=f"{where}: ")
    except RegistryError as error:
        where = "overrides" if overrides and _known(given) else where
        raise RegistryError(f"{where}: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{where}: is nested too deep.") from error
    except ValidationError as error:
        raise ConfigError(_message(where, error, fields, given if overrides else None)) from error


def _given(config: Mapping[str, Any] | str | Path) -> tuple[dict[str, Any], Path, str]:
    """Return the fields of a config, what its relative paths count from, and its name."""
    if isinstance(config, Mapping):
        # What is given in Python counts from where that is done.
        return dict(config), Path.cwd(), "config"
    return _read(Path(config)), Path(config).absolute().parent, str(config)


def read_fields(path: Path | None, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return the fields of a config file, or of none, with overrides, before they are checked.

    Raises:
        ConfigError: The file cannot be read, or an override is not of the form `field=value`.
    """
    fields = {} if path is None else _read(path)
    for override in overrides:
        fields = overridden(fields, override)
    return fields


def _read(path: Path) -> dict[str, Any]:
    kind = path.suffix.lower()
    if kind not in READERS:
        raise ConfigError(
            f"{path}: a config file ends in {', '.join(READERS)}, not {path.suffix!r}."
        )
    try:
        text = read_text(path)
    except (OSError, UnreadableError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        name = path if kind == ".toml" else "experiment.toml"
        raise ConfigError(
            f"{path}: cannot be read ({reason}); `semspill init {name}` writes a config to start "
            "from."
        ) from error
    try:
        fields = READERS[kind](text)
    except UnreadableError as error:
        problem = f"{error}{_repeated(error)}"
        raise ConfigError(f"{path}: not valid {path.suffix[1:].upper()}: {problem}.") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{path}: holds {type(fields).__name__}; a config is a table of fields.")
    return fields


def _repeated(error: UnreadableError) -> str:
    """Return which key came twice, where it is a field's name; any other could be a harmful word.

    Only the fields of a config that names no component are looked through.
    """
    known = {name for field in config_fields({}) for name in field.path.split(".")}
    key = error.key if isinstance(error, RepeatedKeyError) else ""
    return f": {key}" if key in known else ""


def _known(fields: Mapping[str, Any]) -> bool:
    """Return whether all components have names that are known, whatever else is wrong."""
    try:
        _faults(fields)
    except RegistryError:
        return False
    return True


def _faults(fields: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    try:
        ExperimentConfig.model_validate(fields)
    except ValidationError as error:
        return problems(error, fields)
    return []


def _message(
    where: str,
    error: ValidationError,
    fields: Mapping[str, Any],
    given: Mapping[str, Any] | None,
) -> str:
    """Return all problems, each with the file or the overrides that it came from.

    Args:
        where: The file.
        error: What pydantic raised.
        fields: The fields with all overrides.
        given: Those without; None where there is no override.
    """
    own = None if given is None else _faults(given)
    lines = [
        f"{where if own is None or fault in own else 'overrides'}: {fault[1]}"
        for fault in problems(error, fields)
    ]
    return "\n".join(lines)
