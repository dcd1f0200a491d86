"""Frozen, strict pydantic objects: a component is its own typed config."""

from abc import ABC
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from semspill.errors import did_you_mean

M = TypeVar("M", bound="FrozenModel")


class FrozenModel(BaseModel):
    """A value whose fields are validated once, never change, and refuse unknown names.

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
    )

    @model_validator(mode="before")
    @classmethod
    def _known_names(cls, given: Any) -> Any:
        """Refuse unknown fields with the nearest known ones, before pydantic's bare sentence."""
        if isinstance(given, Mapping):
            known = cls.model_fields
            for name in given:
                if name not in known:
                    near = did_you_mean(str(name), known)
                    raise PydanticCustomError(
                        "unknown_field",
                        "{model} has no field '{name}'.{near} It has: {fields}.",
                        {
                            "model": cls.__name__,
                            "name": str(name),
                            "near": near,
                            "fields": f"{', '.join(known) or 'no fields'}",
                        },
                    )
        return given

    def replace(self: M, **changes: Any) -> M:
        """Return a copy with some fields changed, validated like a new object.

        Args:
            **changes: New values by field name.

        Raises:
            pydantic.ValidationError: A name is unknown or a value is not allowed.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**fields, **changes})


class Component(FrozenModel, ABC):
    """A plug-in part: frozen fields, a `source`, and the one abstract method of its base class."""

    source: ClassVar[str]
    """Where the method comes from: a paper, a page, or "original"."""

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
