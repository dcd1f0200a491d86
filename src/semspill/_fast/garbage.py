"""Freeze the heap, so that the garbage collector skips the corpus."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ours = False
"""Whether the heap is frozen by a block of this module."""


@contextmanager
def settled() -> Iterator[None]:
    """Let the collector pass over what exists already, until the block ends.

    It goes on with what is new. A corpus is a million small objects, which making some ten
    thousand others would have it visit several times, for a tenth of a second each.
    """
    global _ours
    # What others froze they would not want undone. To count it takes as long as a visit.
    if _ours or gc.get_freeze_count():
        yield
        return
    gc.freeze()
    _ours = True
    try:
        yield
    finally:
        _ours = False
        gc.unfreeze()
