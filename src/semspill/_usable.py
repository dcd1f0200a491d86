"""What a class must have to be a component that can be named, and what is said where it lacks."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, cast

from semspill._mask import described, shown_id
from semspill._model import Component
from semspill.errors import ConfigError, PluginError, RegistryError, did_you_mean


def usable(cls: object, name: str, kind: str, base: type) -> type[Any]:
    """Return a class that can be registered.

    Args:
        cls: The class.
        name: The name that it is to have.
        kind: What components of its kind are called.
        base: What they all extend.

    Raises:
        PluginError: It is no such class, abstract, or lacks a citation.
    """
    title = getattr(cls, "__name__", None) or described(cls)
    component = cast(type[Component], cls)
    if not (isinstance(cls, type) and issubclass(cls, base)):
        problem = (
            f"it must be a class that extends {base.__name__}, or a factory with such a class as "
            "its annotated return type"
        )
    elif inspect.isabstract(cls):
        problem = f"it must implement {', '.join(sorted(component.__abstractmethods__))}"
    elif not isinstance(getattr(cls, "citation", None), str) or not component.citation:
        problem = "it must set citation to a citation or 'original'"
    elif "name" in component.model_fields:
        problem = "its field 'name' must be renamed, because 'name' selects the component"
    else:
        return component
    raise PluginError(f"{title} cannot be the {kind} {name!r}: {problem}.")


def no_such(
    kind: str, name: str, names: Sequence[str], advise: Callable[[str], str] | None
) -> RegistryError:
    """Return the error about a name that is not known.

    Args:
        kind: What components of its kind are called.
        name: The name.
        names: Those that are known.
        advise: Returns what else is said of a name.
    """
    near = did_you_mean(name, names)
    # What is like no name may be a text in the wrong place.
    quoted = repr(name) if near or shown_id(name) == name else f"so ({described(name)})"
    advice = advise(name) if advise else ""
    return RegistryError(
        f"No {kind} is named {quoted}.{near} Registered: {', '.join(names)}.{advice}"
    )


def no_component(kind: str, base: type, given: object) -> ConfigError:
    """Return the error about what is neither an object of a kind nor says how to build one."""
    if isinstance(given, type) and issubclass(given, base) and not inspect.isabstract(given):
        return ConfigError(f"{kind} is a class; give an object of it, such as {given.__name__}().")
    return ConfigError(
        f"{kind} is given as an object of {base.__name__}, a name, or a mapping with 'name' and "
        f"its fields; got {described(given)}."
    )
