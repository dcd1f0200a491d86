"""Freeze the heap, so that the garbage collector skips the corpus."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def settled() -> Iterator[None]:
    """Let the collector pass over what exists already, until the block ends.

    It goes on with what is new. A corpus is a million small objects, which making some ten
    thousand others would have it visit several times, for a tenth of a second each.
    """
    if gc.get_freeze_count():  # someone else's, who would not want it undone
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
