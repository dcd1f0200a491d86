"""Config file formats, read strictly and within bounds."""

import re
import tomllib
from collections.abc import Callable
from typing import Any

from semspill._read import RepeatedKeyError, UnreadableError, parse_json, reason

DEEPEST = 50
"""How deep a config may be nested."""
_MOST = 1_000_000
_LONGEST = 1024
"""Bits of the longest number."""

# tomllib takes minutes for a key of some thousand parts.
_LONG_KEY = re.compile(r"""(?:(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}""")
_TOO_DEEP = f"it is nested more than {DEEPEST} deep"


def parse_toml(text: str) -> Any:
    """Return what a TOML document holds.

    Raises:
        UnreadableError: It is not TOML, or is not bounded.
    """
    try:
        if _LONG_KEY.search(text):
            raise RecursionError
        return bounded(tomllib.loads(text))
    except RecursionError:
        raise UnreadableError(_TOO_DEEP) from None
    except tomllib.TOMLDecodeError as error:
        problem, _, place = str(error).rpartition(" (at ")
        where = f" (at {place}" if place else ""
        # These two quote a key.
        if problem.startswith(("Cannot declare", "Duplicate inline")):
            raise RepeatedKeyError("", where) from None
        raise UnreadableError(f"{problem}{where}") from None
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(reason(error)) from None


def bounded(value: Any) -> Any:
    """Return a value that was read from outside, or refuse one without end.

    Raises:
        UnreadableError: It is nested too deep, holds too much (an alias counts as what it stands
            for) or a number that is too long.
    """
    todo, seen = [(value, 1)], 0
    while todo:
        part, depth = todo.pop()
        seen += 1 + (len(part) // 100 if isinstance(part, str) else 0)
        if depth > DEEPEST:
            raise UnreadableError(_TOO_DEEP)
        if seen > _MOST:
            raise UnreadableError(f"it holds more than {_MOST:,} values")
        if isinstance(part, int) and part.bit_length() > _LONGEST:
            raise UnreadableError("a number has too many digits")
        if isinstance(part, dict | list):
            inner = part.values() if isinstance(part, dict) else part
            todo += [(each, depth + 1) for each in inner]
    return value


def _json(text: str) -> Any:
    return bounded(parse_json(text, strict=True))


def _yaml(text: str) -> Any:
    from semspill.experiment._yaml import parse_yaml  # few configs are YAML

    return bounded(parse_yaml(text, deepest=DEEPEST))


READERS: dict[str, Callable[[str], Any]] = {
    ".toml": parse_toml,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".json": _json,
}
"""What reads a config file, by the ending of its name."""
