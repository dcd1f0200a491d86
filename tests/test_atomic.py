"""Files appear whole or not at all."""

import os
import stat

import pytest

from semspill._atomic import atomic_path, write_text


def test_the_text_arrives_as_utf8_in_a_folder_that_was_missing(tmp_path):
    target = tmp_path / "a" / "b" / "said.txt"
    write_text(target, "naïve\nwords\n")
    assert target.read_bytes() == "naïve\nwords\n".encode()
    assert list(target.parent.iterdir()) == [target]


def test_an_old_file_is_replaced_whole(tmp_path):
    target = tmp_path / "said.txt"
    target.write_text("a long old text")
    write_text(target, "new")
    assert target.read_text() == "new"


def test_a_failing_write_leaves_the_old_file_and_no_temporary(tmp_path):
    target = tmp_path / "said.txt"
    target.write_text("old")

    def torn():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        torn()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_text_that_cannot_be_encoded_leaves_nothing(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "said.txt", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_not_there_before_it_is_whole(tmp_path):
    target = tmp_path / "said.txt"
    with atomic_path(target) as temporary:
        assert not target.exists()
        assert temporary.parent == tmp_path  # the same disk, so the rename is atomic
        temporary.write_bytes(b"\x00whole")
    assert target.read_bytes() == b"\x00whole"
    assert not temporary.exists()


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_permissions_are_those_of_an_ordinary_new_file(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_text(tmp_path / "said.txt", "hello")
        assert os.umask(umask) == umask  # left as it was found
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "said.txt").stat().st_mode) == mode


def test_two_writers_do_not_share_a_temporary(tmp_path):
    target = tmp_path / "said.txt"
    with atomic_path(target) as first, atomic_path(target) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert target.read_text() == "first"  # the outer one renames last
    assert list(tmp_path.iterdir()) == [target]
