"""The Jigsaw source: a made-up file, and the real sample where the machine has it."""

from pathlib import Path

import pytest

from semspill import sources
from semspill.errors import DataError
from semspill.sources import JigsawSource

HEADER = "id,comment_text,toxic,severe_toxic,obscene,threat,insult,identity_hate\n"


@pytest.fixture
def train_csv(tmp_path) -> Path:
    path = tmp_path / "train.csv"
    path.write_text(
        HEADER + 'a,"grumble\n\ngrumble",1,1,0,0,1,0\nb,grumble,1,0,0,0,1,0\nc,hello,0,0,0,0,0,0\n'
    )
    return path


def test_all_labels_must_be_carried(train_csv):
    source = sources.build({"name": "jigsaw", "path": train_csv})
    assert source.load() == ("grumble grumble",)
    assert source.replace(labels=["insult"]).load() == ("grumble grumble", "grumble")
    assert source.replace(labels=["insult"], max_chars=7).load() == ("grumble",)


def test_an_unknown_label_is_refused_with_the_six():
    with pytest.raises(ValueError, match="'toxic', 'severe_toxic', 'obscene', 'threat', 'insult'"):
        JigsawSource(path="train.csv", labels=("rude",))
    with pytest.raises(ValueError, match="at least 1 item"):
        JigsawSource(path="train.csv", labels=())


def test_a_filter_that_leaves_nothing_says_so(train_csv):
    with pytest.raises(DataError, match=r'left of 3 rows.* where=\{"threat": \["1"\]\}'):
        JigsawSource(path=train_csv, labels=("threat",)).load()


def test_another_file_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("text,label\nhello,1\n")
    with pytest.raises(DataError, match="no column 'comment_text'"):
        JigsawSource(path=tmp_path / "x.csv").load()


def test_the_real_sample(toxic_csv):
    """Three of the 282 rows are severe_toxic and insult, of 44, 89 and 52 characters as written."""
    path = toxic_csv.with_name("jigsaw_sample.csv")
    assert [len(text) for text in JigsawSource(path=path).load()] == [44, 89, 51]
    assert len(JigsawSource(path=path, max_chars=60).load()) == 2
    assert len(JigsawSource(path=path, labels=("toxic",)).load()) == 28
