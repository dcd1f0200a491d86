"""A rater that was trained on what is planted: the report and the log say so."""

import logging

import numpy as np
import pytest

from semspill import Rater, ResponseSource, run, sources
from semspill.scoring import DetoxifyRater, ProfanityRater, TransformersRater


class Comments(ResponseSource):
    """Texts of a published corpus."""

    citation = "original"
    corpus_name = "jigsaw"

    def load(self):
        return tuple(f"grumble number {i}" for i in range(20))


class Learned(Rater):
    """A rater that learned from corpora."""

    citation = "original"
    corpora: tuple[str, ...] = ()

    @property
    def trained_on(self):
        return self.corpora

    def rate(self, texts):
        return np.array([float("grumble" in text) for text in texts])


VARIED = {"name": "varied", "source": Comments(), "count": 2}


@pytest.mark.parametrize(
    ("corpora", "source", "told"),
    [
        (("davidson", "jigsaw"), VARIED, True),
        (("davidson",), Comments(), False),
        (("jigsaw",), "builtin", False),
    ],
)
def test_memory_is_told_once_in_the_report_and_before_the_run(
    corpora, source, told, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: tmp_path)
    config = {
        "dataset": {"name": "synthetic", "train": 60, "test": 36, "categories": 6},
        "poisoner": {
            "selector": {"name": "category", "category": "brave"},
            "source": source,
            "budget": 0.2,
        },
        "model": {
            "encoder": {"name": "hashing", "dim": 8, "buckets": 512},
            "finetuner": {"epochs": 1, "batch_size": 32},
        },
        "rater": Learned(corpora=corpora),
        "analyzer": {"draws": 100},
        "list_size": 10,
    }
    with caplog.at_level(logging.WARNING, "semspill"):
        notes = run(config).notes
    sentence = "Learned was trained on jigsaw"
    assert sum(note.kind == "rater_trained_on_planted" for note in notes) == told
    assert caplog.text.count(sentence) == told


def test_what_the_built_in_raters_learned_from():
    assert ProfanityRater().trained_on == ("davidson", "jigsaw")
    assert DetoxifyRater().trained_on == ("jigsaw",)
    assert DetoxifyRater(checkpoint="mine.ckpt").trained_on == ()
    assert TransformersRater().trained_on == ("dynabench",)
    assert TransformersRater(model="me/mine").trained_on == ()
    assert sources.build({"name": "jigsaw", "path": "train.csv"}).corpus_name == "jigsaw"
