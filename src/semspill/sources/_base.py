"""The plug point for planted text: a response source loads the texts an adversary may plant."""

from abc import abstractmethod
from typing import Annotated, ClassVar, TypeAlias

from semspill._model import Component
from semspill._read import half_character
from semspill._registry import Registry
from semspill.errors import DataError, PluginError


class ResponseSource(Component):
    """Where planted responses come from.

    Example:
        >>> class Polite(ResponseSource):
        ...     citation = "original"
        ...     def load(self):
        ...         return ("Thank you.", "You are welcome.")
        >>> Polite().load()
        ('Thank you.', 'You are welcome.')
    """

    handles_harm: ClassVar[bool] = True
    corpus_name: ClassVar[str | None] = None
    """Name of the published corpus that the texts are of, such as `jigsaw`; None for no such."""

    @abstractmethod
    def load(self) -> tuple[str, ...]:
        """Return the distinct responses, always in the same order, at least one.

        Raises:
            DataError: The file is missing or malformed, or a filter leaves nothing.
        """


def load_texts(source: ResponseSource) -> tuple[str, ...]:
    """Return the responses of a source.

    Raises:
        DataError: What `load` raises; or there is no text, or one holds half a surrogate pair.
        PluginError: It returns something else than a tuple of texts.
    """
    texts: object = source.load()
    name = f"{type(source).__name__}.load"
    if not isinstance(texts, (tuple, list)):
        raise PluginError(f"{name} returned {type(texts).__name__}; it must return a tuple.")
    if not texts:
        raise DataError(f"{name} returned no responses; at least one is needed.")
    for place, text in enumerate(texts):
        if type(text) is not str:
            kind = f"{type(text).__module__}.{type(text).__qualname__}".removeprefix("builtins.")
            raise PluginError(f"{name} returned {kind} as response [{place}]; it must be a str.")
        if half_character(text) is not None:
            raise DataError(
                f"{name} returned half a surrogate pair in response [{place}], which is no "
                "character; mend it or leave it out."
            )
    return tuple(texts)


sources: Registry[ResponseSource] = Registry(
    "response source", group="semspill.sources", base=ResponseSource
)
"""All response sources by name."""

SourceField: TypeAlias = Annotated[ResponseSource, sources]
"""A pydantic field that takes a response source, its name, or a mapping."""
