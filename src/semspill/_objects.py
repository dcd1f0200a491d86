"""Components that are made of an object of Python, which no config file can hold."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import model_serializer
from pydantic_core import PydanticCustomError

from semspill._model import Component, FrozenModel


class ObjectComponent(Component):
    """A component that an object of Python was made into, such as a function or a corpus.

    A config file that a run writes says what the object was, so that another run can be compared
    with it; who runs it again gives the object once more.
    """

    lost: ClassVar[str]
    """What is said where a config file has only the description: what it was, what to write."""

    @property
    @abstractmethod
    def called(self) -> str:
        """What reports call it."""

    @abstractmethod
    def facts(self) -> Mapping[str, Any]:
        """Return what a config file says of the object, by names that are no fields: no text."""

    @model_serializer(mode="plain")
    def _told(self) -> dict[str, Any]:
        return dict(self.facts())

    @classmethod
    def _unknown(cls, name: object) -> PydanticCustomError:
        # Facts are no fields, so that a file which holds only those comes here.
        return PydanticCustomError("value_error", cls.lost)


def called(component: Component) -> str:
    """Return what messages call a component: its class, or the name that an object was given."""
    return component.called if isinstance(component, ObjectComponent) else type(component).__name__


def fields_of(model: FrozenModel) -> dict[str, Any]:
    """Return the fields as JSON has them, with the components that are objects as they are."""
    fields: dict[str, Any] = _with_objects(model, model.model_dump(mode="json"))
    return fields


def _with_objects(value: Any, dumped: Any) -> Any:
    if isinstance(value, ObjectComponent):
        return value
    if isinstance(value, FrozenModel) and isinstance(dumped, dict):
        return {name: _with_objects(getattr(value, name, None), d) for name, d in dumped.items()}
    if isinstance(value, list | tuple) and isinstance(dumped, list):
        return [_with_objects(part, held) for part, held in zip(value, dumped, strict=True)]
    return dumped
