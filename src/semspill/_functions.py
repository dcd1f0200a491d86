"""Functions of Python as components, with a fingerprint of their code."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any

from semspill._function_code import code_of_function
from semspill._mask import is_name
from semspill._objects import ObjectComponent
from semspill.errors import ConfigError


class FunctionComponent(ObjectComponent):
    """A component that does what a function does."""

    function: Callable[..., Any]
    """The function, or another object that can be called."""
    title: str
    """What reports call it."""
    version: str | None = None
    """What stands for all that it does, in place of its code; None for the code."""

    @property
    def called(self) -> str:
        """What reports call it."""
        return self.title

    @cached_property
    def code(self) -> str:
        """What identifies what the function does: its version, or a hash of its code."""
        return self.version or code_of_function(self.function)

    def facts(self) -> Mapping[str, Any]:
        """Return its name, and what identifies what it does."""
        return {"called": self.title, "code": self.code}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Yield what the printed form shows: not the function, which may hold texts."""
        yield "title", self.title


def function_title(function: object, name: str | None) -> str:
    """Return what a function is called in reports.

    Args:
        function: The function, or another object that can be called.
        name: The name it was given; None for its own.

    Raises:
        ConfigError: It cannot be called, or the name is no short name.
    """
    if isinstance(function, type) or not callable(function):
        kind = function.__name__ if isinstance(function, type) else type(function).__name__
        raise ConfigError(f"The function is a {kind}, which is none; give a function.")
    if name is not None and not (isinstance(name, str) and name and is_name(name)):
        raise ConfigError("The name of a function must be a short text, such as 'judge'.")
    inner = function.func if isinstance(function, partial) else function
    own = getattr(inner, "__name__", None) or type(inner).__name__
    return name or str(own).strip("<>")
