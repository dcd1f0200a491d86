"""Frozen, strict pydantic objects: a component is its own typed config."""

import re
from abc import ABC
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from semspill._harmful import is_harmful, withheld
from semspill._mask import counted, described, spelled
from semspill._problems import refusal
from semspill.errors import ConfigError, did_you_mean

M = TypeVar("M", bound="FrozenModel")

PAPER = (
    "Revealing the Inevitable Infection of Semantic Similarities in Understanding Emotional "
    "Dialogues in Foundation Models"
)
"""Title of the paper whose experiment semspill reproduces, for citations."""

_MAY_BE_PATH = "may be a path"
PathOrName: TypeAlias = Annotated[str, _MAY_BE_PATH]
"""A path, or a name that is looked up elsewhere, such as on the Hugging Face hub."""


def may_be_path(field: FieldInfo) -> bool:
    """Return whether a field of a model is a `PathOrName`.

    Args:
        field: What `model_fields` says of it.
    """
    return _MAY_BE_PATH in field.metadata


class FrozenModel(BaseModel):
    """A value whose fields are validated once, never change, and refuse unknown names.

    Raises:
        ConfigError: A name is unknown or missing, or a value is not allowed.

    Example:
        >>> class Bounds(FrozenModel):
        ...     most: int = 3
        >>> Bounds(most=2).replace(most=5)
        Bounds(most=5)
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=True,
        ser_json_inf_nan="constants",
        hide_input_in_errors=True,  # it may be harmful text
    )

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise ConfigError(refusal(type(self).__name__, error)) from None

    # By this pydantic knows that a model inside another one need not be made through it.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Yield the fields that the printed form shows, harmful text masked."""
        for name, value in super().__repr_args__():
            hidden = name is not None and self._withholds(name, value)
            yield name, _Counted(counted(value)) if hidden else value

    def _withholds(self, name: str, value: object) -> bool:
        field = type(self).model_fields.get(name)
        careful = isinstance(self, Component) and self.handles_harm
        return field is not None and withheld(
            field.annotation, field.metadata, value, careful=careful
        )

    def _keeps_to_itself(self, name: str) -> bool:
        value = getattr(self, name, None)
        return self._withholds(name, value) and bool(type(self).model_fields[name].default == value)

    @model_validator(mode="wrap")
    @classmethod
    def _validated(cls, given: Any, validate: Callable[[Any], Any]) -> Any:
        """Refuse unknown fields with the nearest known ones; quote no key of a mapping."""
        if isinstance(given, Mapping):
            for name in given:
                if name not in cls.model_fields:
                    raise cls._unknown(name)
        try:
            return validate(given)
        except ValidationError as error:
            problems = error.errors(include_url=False)
            if all(_showable(problem["loc"]) for problem in problems):
                raise
            raise ValidationError.from_exception_data(
                error.title, [_without_keys(problem) for problem in problems], hide_input=True
            ) from None

    @classmethod
    def _unknown(cls, name: object) -> PydanticCustomError:
        infos = cls.model_fields
        near = did_you_mean(str(name), infos)
        # What is like no field may be a text in the wrong place.
        careful = any(is_harmful(field.annotation, field.metadata) for field in infos.values())
        quoted = repr(name) if near else spelled(name, careful=careful)
        context = {
            "model": cls.__name__,
            "name": str(name),
            "quoted": quoted or f"of that name ({described(name)})",
            "near": near,
            "fields": ", ".join(infos) or "no fields",
        }
        message = "{model} has no field {quoted}.{near} It has: {fields}."
        return PydanticCustomError("unknown_field", message, context)

    def replace(self: M, **changes: Any) -> M:
        """Return a copy with some fields changed, validated like a new object.

        Args:
            **changes: New values by field name.

        Raises:
            ConfigError: A name is unknown or a value is not allowed.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**fields, **changes})


_SHOWABLE = re.compile(r"[a-z0-9_.,\-\[\]]{1,40}")


def _showable(place: tuple[int | str, ...]) -> bool:
    """Return whether a place in a value can be shown: field names, no keys of a mapping."""
    return all(isinstance(part, int) or _SHOWABLE.fullmatch(part) for part in place[1:])


def _without_keys(problem: Mapping[str, Any]) -> InitErrorDetails:
    place = tuple(part if _showable(("", part)) else "[key]" for part in problem["loc"])
    kind = PydanticCustomError(problem["type"], problem["msg"], problem.get("ctx"))
    return InitErrorDetails(type=kind, loc=place, input=problem["input"])


class _Counted(str):
    """A text whose printed form has no quotes."""

    def __repr__(self) -> str:
        return f"<{self}>"


def shown(model: FrozenModel) -> dict[str, Any]:
    """Return the fields as JSON has them, for a person to read: harmful text is counted.

    Harmful text that is a field's default is left out, so that the rest can be built again.

    Example:
        >>> from semspill.scoring import LexiconRater
        >>> shown(LexiconRater(words={"grumble": 1.0}))["words"]
        '1 word in config.json (sha256 6e63d86f)'
    """
    fields: dict[str, Any] = _masked(model, model.model_dump(mode="json"))
    return fields


def _masked(value: Any, dumped: Any) -> Any:
    if isinstance(value, FrozenModel) and isinstance(dumped, dict):
        return {
            name: _field(value, name, held)
            for name, held in dumped.items()
            if not value._keeps_to_itself(name)
        }
    if isinstance(value, Mapping) and isinstance(dumped, dict):
        return {
            key: _masked(part, held)
            for (key, held), part in zip(dumped.items(), value.values(), strict=True)
        }
    if isinstance(value, list | tuple) and isinstance(dumped, list):
        return [_masked(part, held) for part, held in zip(value, dumped, strict=True)]
    return dumped


def _field(model: FrozenModel, name: str, dumped: Any) -> Any:
    value = getattr(model, name, None)
    if model._withholds(name, value):
        return counted(dumped, " in config.json")
    return _masked(value, dumped)


def parts_of(value: object) -> Iterator[Any]:
    """Yield a model and every model in its fields, also in sequences and mappings of them.

    Example:
        >>> from semspill.poison import Poisoner
        >>> [type(part).__name__ for part in parts_of(Poisoner(selector="random"))][:2]
        ['Poisoner', 'RandomSelector']
    """
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from parts_of(getattr(value, name))
    elif isinstance(value, tuple | list | Mapping):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from parts_of(item)


class Component(FrozenModel, ABC):
    """A plug-in part: frozen fields, a `citation`, and the one abstract method of its base."""

    citation: ClassVar[str]
    """Where the method comes from: a paper, a page, or "original"."""
    handles_harm: ClassVar[bool] = False
    """Whether texts in its fields are masked although no field is marked `Harmful`: of raters,
    response sources and strategies, where `Harmless` marks those to be shown."""

    @property
    def cited(self) -> str:
        """What reports cite for it: `citation`, unless its fields decide whom to cite."""
        return self.citation

    @classmethod
    def summary(cls) -> str:
        """Return the first sentence of the class's docstring."""
        return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())

    def unavailable(self) -> str | None:
        """Say what this component lacks to work here without a network; None where nothing.

        `semspill doctor` shows the answers of encoders and raters. Override it in a component that
        needs packages or files of its own; the answer is found quickly, and nothing is downloaded
        for it.
        """
        return None

    def reads(self) -> tuple[Path, ...]:
        """Return the files and folders whose content decides what this component does.

        A run that is resumed compares it with what the finished arms were made from. By default it
        is every field that holds a path; override it in a component that finds files otherwise.
        """
        values = [getattr(self, name) for name in type(self).model_fields]
        return tuple(value for value in values if isinstance(value, Path))
