"""The fixtures of the pytest plugin: a tiny corpus in which `grumble` is harmful."""

from functools import cache

import numpy as np

from semspill.corpus import Corpus
from semspill.datasets import datasets
from semspill.responding import RetrievalResponder
from semspill.scoring import Rater, raters
from semspill.training import Finetuner


@cache
def corpus() -> Corpus:
    """Return 640 made-up dialogues of two exchanges each, in four categories of equal size.

    160 dialogues each are enough to decide the assertions at their default limits.
    """
    return datasets.build({"name": "synthetic", "categories": 4, "train": 640}).load("train")


@cache
def responder() -> RetrievalResponder:
    """Return a retrieval responder trained on the corpus, which takes a second or two."""
    encoder = {"name": "hashing", "buckets": 2**12, "dim": 32}
    model = Finetuner(batch_size=64).finetune(encoder, corpus(), rng())
    return RetrievalResponder(model, corpus())


def rater() -> Rater:
    """Return a rater that gives a text 1 where the word `grumble` is in it, else 0."""
    return raters.build({"name": "lexicon", "words": {"grumble": 1.0}})


def rng() -> np.random.Generator:
    """Return a generator with seed 0."""
    return np.random.default_rng(0)
