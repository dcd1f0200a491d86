"""What `semspill cache` shows and deletes, and what it leaves alone."""

import errno
import io
import json
import os
import re
import sqlite3
import sys
from pathlib import Path

import pytest

from semspill import ToxicityScorer, cli
from semspill.cli._sizes import readable, size_of
from semspill.scoring import kept_ratings

TEXTS = ("You grumble.", "Well done.")


@pytest.fixture(autouse=True)
def root(monkeypatch, tmp_path):
    """The cache of a test, and something beside it that is not semspill's."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    monkeypatch.setattr(cli.out_console, "width", 100)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "letter.txt").write_text("mine")
    return tmp_path / "cache" / "semspill"


@pytest.fixture
def filled(root):
    """A cache with two ratings, a corpus and something nobody knows."""
    ToxicityScorer(rater="lexicon", cache=root / "ratings").score(TEXTS)
    (root / "datasets").mkdir()
    (root / "datasets" / "corpus.tar.gz").write_bytes(b"x" * 2048)
    (root / "notes.txt").write_text("note")
    return root


@pytest.fixture
def semspill(monkeypatch, capsys):
    """Return a function that runs a command line: exit code, standard output, standard error."""

    def command(*words, typed=None):
        class Typed(io.StringIO):
            def isatty(self):
                return typed is not None

        monkeypatch.setattr(sys, "stdin", Typed(typed or ""))
        monkeypatch.setattr(sys, "argv", ["semspill", "cache", *words])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code or 0, *capsys.readouterr()

    return command


def entries(semspill) -> dict:
    said = json.loads(semspill("list", "--json")[1])["entries"]
    return {entry["name"]: entry for entry in said}


def test_an_empty_cache_holds_nothing(semspill, root):
    assert semspill("list") == (0, f"{root} holds 0 B.\n", "")
    assert semspill("clear", "--yes") == (0, "There is nothing to clear.\n", "")


def test_the_list_says_what_is_kept(semspill, filled):
    code, out, _ = semspill("list")
    rows = [line.split() for line in out.splitlines()]
    assert (code, rows[0]) == (0, "kept in name what size last used".split())
    assert rows[1][:5] == ["datasets", "corpus.tar.gz", "downloaded", "2.0", "KiB"]
    assert rows[2][:5] == ["other", "notes.txt", "unknown", "4", "B"]
    [file] = (filled / "ratings").iterdir()
    assert rows[3][:6] == ["ratings", file.name[:12], "2", "ratings", "by", "LexiconRater"]
    total = 2048 + 4 + file.stat().st_size
    assert out.splitlines()[-1] == f"{filled} holds {readable(total)}."
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", entries(semspill)["notes.txt"]["used"])


def test_reading_ratings_is_using_them(filled):
    [file] = (filled / "ratings").iterdir()
    os.utime(file, (0, 0))
    ToxicityScorer(rater="lexicon", cache=filled / "ratings").score(TEXTS)
    assert file.stat().st_mtime > 1e9


def test_a_file_that_does_not_say_its_rater_is_counted(semspill, filled):
    [file] = (filled / "ratings").iterdir()
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE about")
        connection.execute("DELETE FROM ratings WHERE text = (SELECT min(text) FROM ratings)")
    connection.close()
    assert entries(semspill)[file.name[:12]]["what"] == "1 rating"
    [found] = kept_ratings(filled / "ratings")
    assert (found.path, found.rater, found.count) == (file, None, 1)


def test_damaged_and_unfinished_files_are_shown_and_cleared(semspill, filled):
    [file] = (filled / "ratings").iterdir()
    file.write_bytes(b"noise" * 100)
    file.with_name(f"{file.name}.damaged").write_bytes(b"noise")
    (filled / "ratings" / "notes.txt").write_text("?")
    (filled / "datasets" / ".corpus.tar.gz.x1.tmp").write_bytes(b"half")
    (filled / "models").mkdir()
    (filled / "models" / "one").mkdir()
    found = entries(semspill)
    short = file.name[:12]
    assert {name: entry["what"] for name, entry in found.items()} == {
        short: "damaged", f"{short}.damaged": "damaged", "notes.txt": "unknown",
        "corpus.tar.gz": "downloaded", ".corpus.tar.gz.x1.tmp": "unfinished", "one": "unknown",
    }  # fmt: skip
    file.with_name(f"{file.name}-journal").write_bytes(b"left")
    assert file.name + "-journal" not in entries(semspill)
    assert semspill("clear", "ratings", "models", "--yes")[0] == 0
    assert not any((filled / "ratings").iterdir())
    assert not any((filled / "models").iterdir())
    assert (filled / "datasets" / "corpus.tar.gz").is_file()


def test_what_a_run_holds_or_has_begun_is_not_damaged(semspill, filled):
    [file] = (filled / "ratings").iterdir()
    (filled / "ratings" / "empty.sqlite3").touch()
    (filled / "ratings" / "folder.sqlite3").mkdir()
    holder = sqlite3.connect(file)
    holder.execute("BEGIN EXCLUSIVE")
    found = {name: entry["what"] for name, entry in entries(semspill).items()}
    holder.close()
    assert found[file.name[:12]] == found["empty.sqlite"] == "in use or unfinished"
    assert found["folder.sqlite3"] == "unknown"
    assert entries(semspill)[file.name[:12]]["what"] == "2 ratings by LexiconRater"


def test_a_batch_that_a_crash_cut_short_is_unfinished(semspill, filled, tmp_path):
    [file] = (filled / "ratings").iterdir()
    writer = sqlite3.connect(file)
    writer.execute("PRAGMA cache_size = 1")  # so that pages are written before the end
    many = [(b"%032d" % number, b"x" * 400) for number in range(200)]
    writer.executemany("INSERT INTO ratings VALUES (?, ?)", many)
    crashed = file.with_name("crashed.sqlite3")
    for end in ("", "-journal"):
        crashed.with_name(crashed.name + end).write_bytes(
            file.with_name(file.name + end).read_bytes()
        )
    writer.close()
    assert entries(semspill)["crashed.sqli"]["what"] == "in use or unfinished"
    assert crashed.with_name("crashed.sqlite3-journal").is_file()


def test_a_journal_without_its_file_is_cleared(semspill, filled):
    (filled / "ratings" / "gone.sqlite3-journal").touch()
    (filled / "notes.txt-journal").mkdir()
    assert entries(semspill)["gone.sqlite3-journal"]["what"] == "unfinished"
    assert semspill("clear", "ratings", "notes.txt", "-y")[0] == 0
    assert not any((filled / "ratings").iterdir())
    assert (filled / "notes.txt-journal").is_dir()


def test_what_vanishes_while_it_is_looked_at_counts_as_nothing(semspill, filled, monkeypatch):
    lstat = Path.lstat

    def gone(path):
        if path.name == "corpus.tar.gz":
            raise FileNotFoundError(errno.ENOENT, "No such file", path)
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", gone)
    assert size_of(filled / "datasets") == 0
    entry = entries(semspill)["corpus.tar.gz"]
    assert (entry["bytes"], entry["used"]) == (0, "gone meanwhile")


def test_clearing_says_how_much_and_leaves_all_else_alone(semspill, filled, tmp_path):
    code, out, _ = semspill("clear", "corpus.tar.gz", "--yes")
    assert (code, out) == (0, "Deleted 1 entry, 2.0 KiB.\n")
    assert semspill("clear", "-y")[1].startswith("Deleted 2 entries, ")
    assert not [path for path in filled.rglob("*") if path.is_file()]
    assert (tmp_path / "precious" / "letter.txt").read_text() == "mine"


def test_links_are_deleted_and_not_followed(semspill, filled, tmp_path):
    (filled / "elsewhere").symlink_to(tmp_path / "precious")
    (filled / "datasets" / "linked").symlink_to(tmp_path / "precious")
    (filled / "ratings" / "linked.sqlite3").symlink_to(tmp_path / "precious" / "letter.txt")
    assert entries(semspill)["linked.sqlite"[:12]]["what"] == "a link"
    assert semspill("clear", "--yes")[0] == 0
    assert not (filled / "elsewhere").is_symlink()
    assert not any((filled / "datasets").iterdir())
    assert (tmp_path / "precious" / "letter.txt").read_text() == "mine"


def test_a_person_is_asked_and_a_script_is_not(semspill, filled):
    code, _, err = semspill("clear", "notes.txt")
    assert code == 2
    assert "This would delete 1 entry, 4 B, and nobody can be asked here; give --yes." in err
    assert semspill("clear", "notes.txt", typed="n\n")[0] == 130
    assert (filled / "notes.txt").is_file()
    code, out, _ = semspill("clear", "notes.txt", typed="y\n")
    assert code == 0
    assert f"Delete 1 entry, 4 B in {filled}? [y/N]: " in out
    assert not (filled / "notes.txt").exists()


def test_a_name_that_is_not_there_is_refused(semspill, filled):
    code, _, err = semspill("clear", "ratngs", "--yes")
    assert code == 2
    assert "The cache holds no 'ratngs'. Did you mean 'ratings'?" in err


def test_names_are_completed(filled):
    from semspill.cli._cache import _complete_what

    assert _complete_what("da") == ["datasets"]
    assert "corpus.tar.gz" in _complete_what("")


def test_sizes_do_not_follow_links(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    assert size_of(tmp_path / "folder") == size_of(tmp_path / "folder" / "file") == 5
    assert size_of(tmp_path / "link") == os.lstat(tmp_path / "link").st_size
    assert size_of(tmp_path / "missing") == 0


@pytest.mark.parametrize(
    ("size", "said"), [(1023, "1023 B"), (1024, "1.0 KiB"), (3 * 2**30, "3.0 GiB"),
                       (2**43, "8192.0 GiB")]
)  # fmt: skip
def test_sizes_are_read_aloud(size, said):
    assert readable(size) == said
