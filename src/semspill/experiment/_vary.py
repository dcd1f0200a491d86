"""The variants of a sweep: every combination of some fields' values."""

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import ValidationError

from semspill._mask import described, named, spelled
from semspill._model import FrozenModel
from semspill.errors import ConfigError
from semspill.experiment._config import ExperimentConfig

Vary: TypeAlias = Mapping[str, Iterable[Any]]
"""Values by dotted field; `"all"` stands for every category where the field is the target's."""

TARGET = "poisoner.selector.category"
"""The field that names the target."""


def parse_vary(texts: Sequence[str]) -> dict[str, Iterable[Any]]:
    """Return values by field, as the command line gives them.

    Args:
        texts: `"field=a,b"`, or `"field=[1, 2]"` with a TOML list.

    Raises:
        ConfigError: A text is neither.

    Example:
        >>> parse_vary(["poisoner.budget=0.01,0.03", "poisoner.selector.category=all"])
        {'poisoner.budget': [0.01, 0.03], 'poisoner.selector.category': 'all'}
    """
    vary: dict[str, Iterable[Any]] = {}
    for text in texts:
        field, equals, given = text.partition("=")
        field, given = field.strip(), given.strip()
        if not equals or not field or not given:
            said = spelled(text) or described(text)
            raise ConfigError(f"--vary {said}: write it as field.subfield=value,value.")
        if field in vary:
            raise ConfigError(f"--vary names {named(field)} twice; give all its values at once.")
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
        if field == TARGET and isinstance(given, str) and given == "all":
            given = base.dataset.load(base.test_split).categories
        many = isinstance(given, Iterable) and not isinstance(given, str | Mapping)
        # numpy's numbers become Python's, which a config file can hold.
        values[field] = [getattr(v, "item", lambda v=v: v)() for v in given] if many else []
        if not values[field]:
            came = spelled(given) or described(given)
            raise ConfigError(
                f"vary: {named(field)} has {came}; give a list of at least one value."
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
        settings = list(zip(values, chosen, strict=True))
        name = ",".join(f"{field.split('.')[-1]}={_plain(value)}" for field, value in settings)
        if name in configs:
            raise ConfigError(f"vary: two variants would be called {name!r}; give each value once.")
        made = base
        for field, value in settings:
            made = _changed(made, field, value)
        configs[name] = made
    return configs


def _changed(config: ExperimentConfig, field: str, value: Any) -> ExperimentConfig:
    """Return the config with one dotted field changed; components stay the objects they are."""
    *path, last = field.split(".")
    parts: list[FrozenModel] = [config]
    for place, name in enumerate(path):
        part = getattr(parts[-1], name, None)
        if name not in type(parts[-1]).model_fields or not isinstance(part, FrozenModel):
            said = ".".join(path[: place + 1])
            raise ConfigError(
                f"vary: {named(field)} leads nowhere; {named(said)} is not a part of the config."
            )
        parts.append(part)
    try:
        for part, name in zip(reversed(parts), [last, *reversed(path)], strict=True):
            value = part.replace(**{name: value})
    except ValidationError as error:
        said = "; ".join(
            f"{problem['msg'].removeprefix('Value error, ')}, got {described(problem['input'])}"
            if problem["type"] != "unknown_field"
            else problem["msg"].rstrip(".")
            for problem in error.errors(include_url=False)
        )
        raise ConfigError(f"vary: {field}: {said}.") from error
    made: ExperimentConfig = value
    return made


def _list(text: str) -> list[Any]:
    for written in (text, f"[{text}]"):
        try:
            found = tomllib.loads(f"values = {written}")["values"]
        except ValueError:
            continue
        if isinstance(found, list):
            return found
    if set(text) & set("[]{}'\""):
        raise ConfigError(
            f"--vary: {described(text)} is no TOML list; write it as [1, 2] or ['a', 'b']."
        )
    return [part.strip() for part in text.split(",") if part.strip()]  # bare words


def _plain(value: Any) -> str:
    """Return a value as part of a folder's name."""
    if isinstance(value, Mapping):
        value = "-".join(str(part) for part in value.values())
    text = repr(value) if isinstance(value, FrozenModel) else str(value)
    return re.sub(r"[^A-Za-z0-9._+-]+", "_", text).strip("_")
