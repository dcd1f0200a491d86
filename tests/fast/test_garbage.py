"""The garbage collector passes over what was there, and over nothing for longer than asked."""

import gc

import pytest

from semspill._fast.garbage import settled


def test_what_exists_is_left_alone_until_the_block_ends():
    assert gc.get_freeze_count() == 0
    with settled():
        assert gc.get_freeze_count() > 1000
        with settled():
            pass
        assert gc.get_freeze_count() > 1000
    assert gc.get_freeze_count() == 0


def test_it_ends_with_an_error_too():
    with pytest.raises(RuntimeError, match="x"), settled():
        raise RuntimeError("x")
    assert gc.get_freeze_count() == 0


def test_what_was_frozen_by_others_stays_so():
    gc.freeze()
    try:
        with settled():
            pass
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
