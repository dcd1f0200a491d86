"""The fingerprint of a function: its code, and that of what it names."""

import hashlib
import inspect
import json
import re
import sys
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import version
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from semspill._code import code_of


def code_of_function(function: Callable[..., Any]) -> str:
    """Return a SHA-256 over semspill's version, the code of a function and what it uses.

    That is its source (the bytecode of a lambda), its defaults, what it takes from the function
    that it was made in, and the functions, classes and plain values of its module that it names;
    of a callable object the code of its class and its attributes. Other packages are not looked
    into. For a value of the module that cannot be compared stands the whole module; where there is
    none to read, as in a notebook, and in closures, such a value makes every fingerprint another.
    """
    parts = [version("semspill"), _Reader(function).facts(function)]
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


class _Reader:
    """Reads what a function does, as JSON values that are equal where two do the same."""

    def __init__(self, function: Callable[..., Any]) -> None:
        inner = function.func if isinstance(function, partial) else function
        self.package = _package(inner)
        self.seen: dict[int, object] = {}  # holds the values, so that no other gets their id

    def facts(self, value: Any, unknown: str | None = None) -> Any:
        """Return what a value does.

        Args:
            value: A function, or what it uses.
            unknown: What stands for a value that cannot be compared; None for what nothing equals.
        """
        if value is None or isinstance(value, str | int | float | bytes | complex | re.Pattern):
            return repr(value)
        if id(value) in self.seen:
            return "seen before"
        self.seen[id(value)] = value
        if isinstance(value, ModuleType):
            return value.__name__
        return self._named(value) or self._made_of(value, unknown)

    def _named(self, value: Any) -> Any:
        """Return the name of what is of another package; None for anything else."""
        named = isinstance(getattr(value, "__name__", None), str)
        other = named and _package(value) != self.package
        if isinstance(value, BuiltinFunctionType) or (other and _package(value)):
            return [value.__module__, value.__name__]
        return None

    def _made_of(self, value: Any, unknown: str | None) -> Any:
        kind = type(value).__qualname__
        if isinstance(value, FunctionType):
            return [kind, *self._function(value)]
        parts = _parts(value)
        if parts is not None:
            return [kind, *(self.facts(part, unknown) for part in parts)]
        if isinstance(value, set | frozenset):
            return [kind, *sorted(json.dumps(self.facts(item, unknown)) for item in value)]
        if callable(value) and hasattr(value, "__dict__"):
            held = {} if isinstance(value, type) else vars(value)
            cls = value if isinstance(value, type) else type(value)
            return [kind, code_of(cls), self.facts(held, unknown)]
        return unknown or uuid.uuid4().hex

    def _function(self, function: FunctionType) -> list[Any]:
        code, known = function.__code__, function.__globals__
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        used = {name: known[name] for name in sorted(_names_in(code)) if name in known}
        return [
            function.__qualname__,
            _source(function) or _bytecode(code),
            self.facts([function.__defaults__, function.__kwdefaults__, cells]),
            self.facts(used, _module_source(function)),
        ]


def _parts(value: Any) -> Iterable[Any] | None:
    if isinstance(value, partial):
        return value.func, value.args, value.keywords
    if isinstance(value, MethodType):
        return value.__func__, value.__self__
    if isinstance(value, dict):
        return value.items()
    return value if isinstance(value, list | tuple) else None


def _package(value: Any) -> str:
    module = getattr(value, "__module__", None)
    return module.partition(".")[0] if isinstance(module, str) else ""


def _source(function: FunctionType) -> str | None:
    if function.__name__ == "<lambda>":
        return None  # its line may hold another one
    try:
        # Of the code, because getsource() looks behind a decorator.
        return inspect.getsource(function.__code__)
    except (OSError, TypeError):
        return None


def _module_source(function: FunctionType) -> str | None:
    try:
        return inspect.getsource(sys.modules[function.__module__])
    except (OSError, TypeError, KeyError):
        return None


def _bytecode(code: CodeType) -> list[Any]:
    consts = [_bytecode(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), consts, code.co_names, code.co_varnames]


def _names_in(code: CodeType) -> set[str]:
    inner = (_names_in(c) for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*inner)
