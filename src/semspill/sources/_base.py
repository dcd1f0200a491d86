"""The plug point for planted text: a response source loads the texts an adversary may plant."""

from abc import abstractmethod
from typing import Annotated, ClassVar, TypeAlias

from semspill._model import Component
from semspill._registry import Registry


class ResponseSource(Component):
    """Where planted responses come from.

    Example:
        >>> class Polite(ResponseSource):
        ...     source = "original"
        ...     def load(self):
        ...         return ("Thank you.", "You are welcome.")
        >>> Polite().load()
        ('Thank you.', 'You are welcome.')
    """

    corpus_name: ClassVar[str | None] = None
    """Name of the published corpus that the texts are of, such as `jigsaw`; None for no such."""

    @abstractmethod
    def load(self) -> tuple[str, ...]:
        """Return the distinct responses, always in the same order, at least one.

        Raises:
            DataError: The file is missing or malformed, or a filter leaves nothing.
        """


_base: type = ResponseSource
sources: Registry[ResponseSource] = Registry(
    "response source", group="semspill.sources", base=_base
)
"""All response sources by name."""

SourceField: TypeAlias = Annotated[ResponseSource, sources]
"""A pydantic field that takes a response source, its name, or a mapping."""
