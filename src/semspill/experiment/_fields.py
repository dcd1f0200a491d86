"""The fields of a config by dotted name, down to those of its components."""

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from semspill._registry import Registry
from semspill.errors import PluginError, RegistryError
from semspill.experiment._config import ExperimentConfig


@dataclass(frozen=True)
class ConfigField:
    """One field of a config."""

    path: str
    """Its dotted name, such as `poisoner.budget`."""
    meaning: str
    """The first sentence of its docstring."""
    values: tuple[str, ...] = ()
    """What may be written after `=`, where there are few possibilities."""
    whole: bool = False
    """Whether it only holds further fields, so that nothing is written after `=`."""
    text: bool = False
    """Whether it takes text or a path."""


def config_fields(given: Mapping[str, Any]) -> tuple[ConfigField, ...]:
    """Return all fields that a config can have.

    Args:
        given: The config so far, which need not be complete or valid. The components that it names
            have their fields among the result; where it names none, those of the default do.

    Example:
        >>> fields = {field.path: field for field in config_fields({"model": {}})}
        >>> fields["model.encoder.dim"].meaning, fields["model.encoder"].values
        ('Length of a vector, 2 to 4096.', ('hashing', 'static', 'transformer'))
    """
    return tuple(_fields(ExperimentConfig, given, "", ()))


def is_text(given: Mapping[str, Any], path: str) -> bool:
    """Return whether a field takes text or a path, so that a number typed for it is a name.

    Args:
        given: The config so far.
        path: The field's dotted name.

    Example:
        >>> is_text({}, "target"), is_text({}, "list_size")
        (True, False)
    """
    return any(field.path == path and field.text for field in config_fields(given))


def default_component(path: Sequence[str]) -> str | None:
    """Return the name of the component that a field holds when it is not given, if one.

    Args:
        path: The parts of the field's dotted name.

    Example:
        >>> default_component(["poisoner", "strategy"]), default_component(["dataset"])
        ('last_fixed', None)
    """
    model: type[BaseModel] | None = ExperimentConfig
    chosen: str | None = None
    for name in path:
        info = model.model_fields.get(name) if model else None
        registry = _registry_of(info) if info else None
        chosen = _default(registry, info) if info and registry else None
        if chosen is not None and registry is not None:
            model = registry.get(chosen)
        else:
            model = _model_in(info.annotation) if info else None
    return chosen


def _registry_of(info: FieldInfo) -> Registry[Any] | None:
    inner = [part for one in get_args(info.annotation) for part in getattr(one, "__metadata__", ())]
    registries = (part for part in (*info.metadata, *inner) if isinstance(part, Registry))
    return None if get_origin(info.annotation) is tuple else next(registries, None)


def _default(registry: Registry[Any], info: FieldInfo) -> str | None:
    """Return the name of the component that a field holds where none is given."""
    default = (
        None
        if info.is_required()
        else info.get_default(call_default_factory=True, validated_data={})
    )
    return None if default is None else registry.name_of(default)


def _fields(
    model: type[BaseModel], given: Mapping[str, Any], before: str, above: tuple[type, ...]
) -> Iterator[ConfigField]:
    if model in above:
        return  # a part that holds its like could go on for ever
    above = (*above, model)
    for name, info in model.model_fields.items():
        path, value = before + name, given.get(name)
        # A component may call a field `name`'s neighbours what it likes; only the kind matters.
        meaning = " ".join((info.description or "").split()).partition(". ")[0]
        registry = _registry_of(info)
        nested = _model_in(info.annotation)
        if registry is not None:
            yield ConfigField(path, meaning, registry.names())
            yield ConfigField(f"{path}.name", f"Which {registry.kind}.", registry.names())
            yield from _component(
                registry, _chosen(registry, info, value), value, f"{path}.", above
            )
        elif nested is not None:
            yield ConfigField(path, meaning, whole=True)
            inner = value if isinstance(value, Mapping) else {}
            yield from _fields(nested, inner, f"{path}.", above)
        else:
            values = tuple(_values(info.annotation))
            yield ConfigField(path, meaning, values, text=_takes_text(info.annotation))


def _component(
    registry: Registry[Any], name: object, value: object, before: str, above: tuple[type, ...]
) -> Iterator[ConfigField]:
    try:
        cls = registry.get(name) if isinstance(name, str) else None
    except (RegistryError, PluginError):
        return  # an unknown name is another mistake than an unknown field
    if cls is not None:
        yield from _fields(cls, value if isinstance(value, Mapping) else {}, before, above)


def _chosen(registry: Registry[Any], info: FieldInfo, value: object) -> object:
    if isinstance(value, Mapping):
        value = value.get("name")
    return _default(registry, info) if value is None else value


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for part in _alternatives(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _values(annotation: Any) -> Iterator[str]:
    for part in _alternatives(annotation):
        if get_origin(part) is Literal:
            yield from (str(value) for value in get_args(part))
        elif part is bool:
            yield from ("true", "false")
        elif part is types.NoneType:
            yield "null"


def _takes_text(annotation: Any) -> bool:
    parts = [part for part in _alternatives(annotation) if isinstance(part, type)]
    # `false` typed for a path or a switch is the switch.
    return bool not in parts and any(issubclass(part, str | PurePath) for part in parts)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    together = get_origin(annotation) in (Union, types.UnionType)
    parts = get_args(annotation) if together else ()
    return tuple(one for part in parts for one in _alternatives(part)) or (annotation,)
