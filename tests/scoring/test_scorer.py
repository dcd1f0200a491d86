import hashlib
import logging
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from semspill import Rater
from semspill.errors import DataError, PluginError
from semspill.scoring import ToxicityScorer


class Length(Rater):
    """Rates by length, and counts what it is asked."""

    citation = "original"
    asked: list = Field(default_factory=list, exclude=True)

    def rate(self, texts):
        self.asked.append(list(texts))
        return np.array([min(len(text), 10) / 10 for text in texts])


class Wrong(Rater):
    """Returns what it is told to."""

    citation = "original"
    answer: object

    def rate(self, texts):
        return self.answer


def test_ratings_come_back_in_order():
    rated = ToxicityScorer(rater=Length(), cache=None).score(["abc", "", "a" * 20])
    assert rated.tolist() == [0.3, 0.0, 1.0]
    assert rated.dtype == np.float64


def test_each_distinct_text_is_rated_once_in_batches():
    rater = Length()
    scorer = ToxicityScorer(rater=rater, batch_size=2, cache=None)
    rated = scorer.score(["b", "aa", "b", "ccc", "aa"])
    assert rated.tolist() == [0.1, 0.2, 0.1, 0.3, 0.2]
    assert rater.asked == [["b", "aa"], ["ccc"]]


def test_texts_of_a_length_are_rated_together_and_come_back_in_order():
    rater = Length()
    scorer = ToxicityScorer(rater=rater, batch_size=2, cache=None)
    rated = scorer.score(["ccc", "a", "dddd", "bb", "b"])
    assert rated.tolist() == [0.3, 0.1, 0.4, 0.2, 0.1]
    assert rater.asked == [["a", "b"], ["bb", "ccc"], ["dddd"]]


def test_no_text_asks_nobody():
    rater = Length()
    assert ToxicityScorer(rater=rater, cache=None).score([]).shape == (0,)
    assert rater.asked == []


def test_a_name_is_enough_and_a_tuple_is_fine(tmp_path):
    scorer = ToxicityScorer(rater="lexicon", cache=tmp_path)
    assert scorer.score(("You grumble.",)).tolist() == [1.0]


def test_by_default_ratings_go_to_the_user_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: tmp_path / name)
    assert ToxicityScorer(rater="lexicon").cache == tmp_path / "semspill" / "ratings"


@given(st.lists(st.text(max_size=4), max_size=30), st.integers(1, 5))
def test_batches_and_repeats_never_change_a_rating(texts, size):
    rated = ToxicityScorer(rater=Length(), batch_size=size, cache=None).score(texts)
    assert rated.tolist() == [len(text) / 10 for text in texts]


def test_progress_wraps_the_batches():
    seen = []

    def watch(items):
        seen.append(len(items))
        return iter(items)

    scorer = ToxicityScorer(rater=Length(), batch_size=2, cache=None)
    scorer.score(["a", "bb", "ccc"], progress=watch)
    assert seen == [2]


# The cache


def database(folder):
    [path] = folder.glob("*.sqlite3")
    return path


def test_a_second_run_asks_nobody(tmp_path):
    first, second = Length(), Length()
    texts = [f"text {i}" for i in range(2000)] + ["lone \ud800 half"]
    rated = ToxicityScorer(rater=first, cache=tmp_path).score(texts)
    again = ToxicityScorer(rater=second, cache=tmp_path).score([*texts, "new"])
    assert second.asked == [["new"]]
    assert again.tolist() == [*rated.tolist(), 0.3]


def test_the_disk_holds_hashes_and_no_text(tmp_path):
    ToxicityScorer(rater=Length(), cache=tmp_path).score(["grumble"])
    content = database(tmp_path).read_bytes()
    assert b"grumble" not in content
    assert hashlib.sha256(b"grumble").digest() in content


def test_raters_do_not_share_ratings(tmp_path):
    for words, expected in [({"dull": 0.5}, 0.5), ({"dull": 0.25}, 0.25)]:
        scorer = ToxicityScorer(rater={"name": "lexicon", "words": words}, cache=tmp_path)
        assert scorer.score(["dull"]).tolist() == [expected]


class Fails(Length):
    """Fails at the text `stop`."""

    def rate(self, texts):
        if "stop" in texts:
            raise KeyboardInterrupt
        return super().rate(texts)

    @property
    def fingerprint(self):
        return Length().fingerprint


def test_an_interrupted_run_keeps_its_finished_batches(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        ToxicityScorer(rater=Fails(), batch_size=1, cache=tmp_path).score(["a", "bb", "stop"])
    rater = Length()
    ToxicityScorer(rater=rater, cache=tmp_path).score(["a", "bb", "stop"])
    assert rater.asked == [["stop"]]


def spoil(path):
    path.write_bytes(b"no database at all" * 100)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def other_table(path):
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE ratings (something TEXT)")
    connection.close()


def change(path, rating):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE ratings SET rating = ?", (rating,))
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        spoil,
        cut,
        other_table,
        lambda path: change(path, b"short"),
        lambda path: change(path, 1.5),
    ],
    ids=["spoilt", "cut", "other table", "no number", "out of bounds"],
)
def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path, caplog, damage):
    texts = [f"{i:05}" for i in range(500)]
    ToxicityScorer(rater=Length(), cache=tmp_path).score(texts)
    path = database(tmp_path)
    damage(path)
    with caplog.at_level(logging.WARNING, "semspill"):
        rated = ToxicityScorer(rater=Length(), cache=tmp_path).score(texts)
    assert rated.tolist() == [0.5] * 500
    assert "were damaged" in caplog.text
    assert path.with_name(f"{path.name}.damaged").exists()
    rater = Length()
    ToxicityScorer(rater=rater, cache=tmp_path).score(texts)
    assert rater.asked == []


def test_a_journal_of_the_damaged_file_goes_with_it(tmp_path, caplog):
    ToxicityScorer(rater=Length(), cache=tmp_path).score(["a"])
    path = database(tmp_path)
    change(path, b"short")
    journal = path.with_name(f"{path.name}-journal")
    journal.write_bytes(b"")
    ToxicityScorer(rater=Length(), cache=tmp_path).score(["a"])
    assert not journal.exists()


@pytest.mark.parametrize("kind", ["file for folder", "folder for file"])
def test_a_cache_that_cannot_be_used_is_done_without(tmp_path, caplog, kind):
    rater = Length()
    cache = tmp_path / "ratings"
    if kind == "file for folder":
        cache.touch()
    else:
        (cache / f"{rater.fingerprint}.sqlite3").mkdir(parents=True)
    with caplog.at_level(logging.WARNING, "semspill"):
        rated = ToxicityScorer(rater=rater, batch_size=1, cache=cache).score(["a", "bb"])
    assert rated.tolist() == [0.1, 0.2]
    assert caplog.text.count("Ratings cannot be cached in") == 1


def test_a_damaged_file_that_cannot_be_moved_is_done_without(tmp_path, caplog):
    ToxicityScorer(rater=Length(), cache=tmp_path).score(["a"])
    path = database(tmp_path)
    change(path, b"short")
    path.with_name(f"{path.name}.damaged").mkdir()
    with caplog.at_level(logging.WARNING, "semspill"):
        assert ToxicityScorer(rater=Length(), cache=tmp_path).score(["a"]).tolist() == [0.1]
    assert "Ratings cannot be cached in" in caplog.text


def test_two_processes_may_write_at_once(tmp_path):
    code = (
        "import sys; from semspill.scoring import ToxicityScorer; start = int(sys.argv[2]);"
        "scorer = ToxicityScorer(rater='lexicon', batch_size=10, cache=sys.argv[1]);"
        "scorer.score([str(i) for i in range(start, start + 400)])"
    )
    # Half of the texts are the same.
    commands = [[sys.executable, "-c", code, str(tmp_path), start] for start in ("0", "200")]
    workers = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands]
    said = [worker.communicate(timeout=3600)[1] for worker in workers]
    assert said == [b"", b""]
    assert [worker.returncode for worker in workers] == [0, 0]
    with sqlite3.connect(database(tmp_path)) as connection:
        [[count]] = connection.execute("SELECT count(*) FROM ratings")
    connection.close()
    assert count == 600
    assert not list(tmp_path.glob("*.damaged"))


# Promises


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.5, np.inf])
def test_a_value_out_of_bounds_names_the_rater_and_masks_the_text(tmp_path, value):
    scorer = ToxicityScorer(rater=Wrong(answer=[0.5, value]), cache=tmp_path)
    with pytest.raises(PluginError, match=r"Wrong\.rate gave .* to a text of 7 characters") as said:
        scorer.score(["fine", "grumble"])
    assert "grumble" not in str(said.value)
    assert hashlib.sha256(b"grumble").hexdigest()[:12] in str(said.value)
    with pytest.raises(PluginError):
        scorer.score(["fine", "grumble"])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([0.5], r"float64 of shape \(1,\) for 2 texts"),
        ([[0.5], [0.5]], r"float64 of shape \(2, 1\)"),
        (["0.5", "0.5"], "list for 2 texts"),
        (None, "NoneType for 2 texts"),
    ],
    ids=["too few", "two axes", "text", "nothing"],
)
def test_another_shape_or_kind_is_refused(answer, said):
    with pytest.raises(PluginError, match=rf"Wrong\.rate returned {said}"):
        ToxicityScorer(rater=Wrong(answer=answer), cache=None).score(["a", "b"])


def test_whole_numbers_and_lists_are_ratings_too():
    assert ToxicityScorer(rater=Wrong(answer=[0, 1]), cache=None).score(["a", "b"]).tolist() == [
        0,
        1,
    ]


def test_one_text_instead_of_several_is_refused():
    with pytest.raises(DataError, match=r"score\(\) got one text; give a list of texts"):
        ToxicityScorer(rater=Length(), cache=None).score("grumble")
