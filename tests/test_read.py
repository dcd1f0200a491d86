"""What comes from outside is read within bounds, and refused without a word of what it holds."""

import gzip
import os

import pytest

from semspill._read import RepeatedKeyError, UnreadableError, decoded, parse_json, read_text


def refused(read, *given, **named) -> str:
    with pytest.raises(UnreadableError) as caught:
        read(*given, **named)
    assert "grumble" not in str(caught.value)
    return str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a = 1", encoding="utf-8-sig")
    assert read_text(path) == decoded(path.read_bytes()) == "a = 1"
    assert parse_json(b"\xef\xbb\xbf[1]") == parse_json("\ufeff[1]") == [1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("grumble".encode("utf-16"), "UTF-16"),
        ("grumble".encode("utf-32"), "UTF-32"),
        (gzip.compress(b"grumble", mtime=0), "gzip"),
        ("grumble, caf\u00e9".encode("latin-1"), "not UTF-8, as byte 13 shows"),
    ],
)
def test_another_encoding_is_named(content, said):
    assert said in refused(decoded, content)


def test_files_that_never_end_or_never_begin_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe" in refused(read_text, tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"a" * 11)
    assert "larger than 10 bytes" in refused(read_text, tmp_path / "large", most=10)
    for name in ("a\0b", "a\ud83db"):
        assert "no path can have" in refused(read_text, tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_text(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        read_text(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested too deep"),
        ('{"grumble": ' * 100_000, "nested too deep"),
        ("1" * 5000, "too many digits"),
        ('["grumble" 1]', "line 1 column 12"),
        (b"\xff\xfe", "UTF-16"),
    ],
    ids=["lists", "objects", "digits", "comma", "encoding"],
)
def test_json_that_cannot_be_used_is_one_kind_of_error(text, said):
    assert said in refused(parse_json, text)
    assert said in refused(parse_json, text, strict=True)


def test_a_key_that_comes_twice_is_refused_where_that_matters():
    text = '{"a": {"grumble": 1, "grumble": 2}}'
    assert parse_json(text) == {"a": {"grumble": 2}}
    with pytest.raises(RepeatedKeyError) as caught:
        parse_json(text, strict=True)
    assert caught.value.key == "grumble"
    assert "grumble" not in str(caught.value)
    assert parse_json('[{"a": 1}, {"a": 2}]', strict=True) == [{"a": 1}, {"a": 2}]
