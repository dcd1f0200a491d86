"""What can go wrong, as a tree.

SemspillError
├── ConfigError (also ValueError)          a config file or its fields cannot be used
├── DataError (also ValueError)            data on disk or in memory breaks a promise
├── RegistryError (also LookupError)       a component name is unknown or already taken
├── PluginError                            a component does not keep its contract
└── MissingExtraError (also ImportError)   an optional package is needed and absent

Every message is one sentence that says what came, what is allowed and what to do. It never holds a
value that may be text, only its type and length.
"""

import difflib
from collections.abc import Iterable

from semspill._mask import is_name, printable

__all__ = [
    "ConfigError",
    "DataError",
    "MissingExtraError",
    "PluginError",
    "RegistryError",
    "SemspillError",
]


class SemspillError(Exception):
    """Base of every error that semspill raises for its own promises."""

    def __str__(self) -> str:
        # Names from data may hold what a terminal obeys.
        return printable(super().__str__())


class ConfigError(SemspillError, ValueError):
    """A config file cannot be read, or one of its fields has a value that is not allowed."""


class DataError(SemspillError, ValueError):
    """A file, a corpus or an array is not what it promises to be."""


class RegistryError(SemspillError, LookupError):
    """A component name is unknown, misspelled or already taken."""


class PluginError(SemspillError):
    """A component failed to import or does not do what its base class promises."""


class MissingExtraError(SemspillError, ImportError):
    """A feature needs a package that only an optional extra installs."""


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return `" Did you mean 'x'?"` for the nearest allowed words, or an empty string."""
    spelled = {name.lower(): name for name in allowed if is_name(name)} if is_name(word) else {}
    near = difflib.get_close_matches(word.lower(), spelled, n=3, cutoff=0.5)
    # A name that is much farther than the best one was not meant.
    least = 0.75 * difflib.SequenceMatcher(None, near[0], word.lower()).ratio() if near else 0.0
    near = [n for n in near if difflib.SequenceMatcher(None, n, word.lower()).ratio() >= least]
    return f" Did you mean {' or '.join(repr(spelled[n]) for n in near)}?" if near else ""
