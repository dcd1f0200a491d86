"""Where an exception came from, without what its message and its variables hold."""

from pathlib import Path
from traceback import walk_tb

from semspill._mask import printable

_OURS = frozenset({"asyncio", "concurrent", "semspill"})


def line_of(error: BaseException) -> str:
    """Return the first line outside semspill that failed; empty where none is in the traceback.

    Example:
        >>> line_of(KeyError())
        ''
    """
    for frame, line in walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _OURS:
            return printable(f" ({Path(frame.f_code.co_filename).name}, line {line})")
    return ""
