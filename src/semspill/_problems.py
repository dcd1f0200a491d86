"""Sentences on values that a pydantic model refuses: the place, what is allowed, what to do."""

from collections.abc import Collection, Mapping
from numbers import Real
from typing import Any

from pydantic import ValidationError

from semspill._mask import described


def refusal(title: str, error: ValidationError) -> str:
    """Return what a model refuses, one line for each of its fields.

    Args:
        title: Name of the model.
        error: What pydantic raised.
    """
    lines = []
    for problem in leaves(error):
        place = ".".join(map(str, problem["loc"]))
        # An unknown field is said with the name of the model that lacks it.
        parts = [title if place or problem["type"] != "unknown_field" else "", place]
        lines.append(": ".join([*filter(None, parts), sentence(problem)]))
    return "\n".join(lines)


def leaves(error: ValidationError) -> list[Mapping[str, Any]]:
    """Return pydantic's problems without those that only follow from what is wrong elsewhere."""
    errors = error.errors(include_url=False)
    return [
        problem
        for problem in errors
        if problem["type"] != "default_factory_not_called"
        and not any(
            other["loc"][: len(problem["loc"])] == problem["loc"] != other["loc"]
            for other in errors
        )
    ]


def sentence(problem: Mapping[str, Any], names: Collection[str] = ()) -> str:
    """Return what is wrong with one value, and how to write it, without the value itself.

    Args:
        problem: One of pydantic's.
        names: Texts that are known to be names, and so can be shown.
    """
    kind, value = problem["type"], problem["input"]
    # A config file has lists; that they are kept as tuples is nobody's business there.
    text = problem["msg"].replace("a valid tuple", "a list")
    text = text.removeprefix("Value error, ").rstrip(".")
    if kind in ("missing", "value_error", "unknown_field"):
        return f"{text}."
    return f"{text}, got {described(value)}{_advice(kind, value, names)}."


def _advice(kind: str, value: object, names: Collection[str]) -> str:
    if kind == "tuple_type" and isinstance(value, str):
        return f'; write ["{value}"]' if value in names else '; write a list, such as ["a", "b"]'
    if kind == "tuple_type" and isinstance(value, Real):
        return f"; write [{described(value)}]"
    plain = not isinstance(value, str | list | tuple | dict)
    if kind in ("string_type", "path_type") and value is not None and plain:
        return "; write it in quotes if it is a name"
    return ""
