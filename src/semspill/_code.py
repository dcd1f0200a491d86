"""The fingerprint of a class: its code and that of its bases, whole modules of it."""

import hashlib
import inspect
import json
import sys
import uuid
from functools import lru_cache
from importlib.metadata import version
from types import FunctionType

# Their code decides no rating, or is covered by a version.
_OUTSIDE = {"pydantic", *sys.stdlib_module_names}
_BASES = {"semspill._model", "semspill.scoring._base"}

_SESSION = uuid.uuid4().hex


@lru_cache(maxsize=1024)
def code_of(cls: type) -> str:
    """Return a SHA-256 over semspill's version and the modules that a class and its bases are in.

    Whole modules, because a method calls functions and reads constants beside its class. What
    cannot be seen, as in a notebook, may be other code in the next process and has another
    fingerprint there. Modules that those modules import are not looked at.
    """
    parts = [version("semspill")]
    for base in cls.__mro__:
        module = base.__module__
        if module not in _BASES and not _outside(module):
            parts += [module, base.__qualname__, _source(base), _enclosed(base)]
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _outside(module: str) -> bool:
    return module.partition(".")[0] in _OUTSIDE


def _source(cls: type) -> str:
    try:
        inspect.getsource(cls)  # a class made by exec is in no file, though its module may be
        return inspect.getsource(sys.modules[cls.__module__])
    except (OSError, TypeError, KeyError):
        return _SESSION


def _enclosed(cls: type) -> str:
    """Return what the methods of a class take from the function that the class was made in."""
    if cls.__module__.partition(".")[0] == "semspill":
        return ""
    cells = [
        cell.cell_contents
        for method in vars(cls).values()
        if isinstance(method, FunctionType) and not _outside(method.__module__)
        for name, cell in zip(method.__code__.co_freevars, method.__closure__ or (), strict=True)
        if name != "__class__"
    ]
    try:
        return json.dumps(cells, sort_keys=True, default=_described)
    except (TypeError, ValueError):
        return uuid.uuid4().hex


def _described(value: object) -> str:
    """Return the code of a function that was decorated; of anything else, what nothing equals."""
    try:
        return inspect.getsource(value) if isinstance(value, FunctionType) else uuid.uuid4().hex
    except (OSError, TypeError):
        return uuid.uuid4().hex
