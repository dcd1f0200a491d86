import numpy as np
import pytest

from semspill import Corpus, DataError, Dialogue, Utterance
from semspill.analysis import DiscriminativeSimilarity
from semspill.labellers import Labeller, Labels
from semspill.testing import check_similarity

CHANCES = {"fear": (0.6, 0.3, 0.1), "dread": (0.5, 0.4, 0.1), "joy": (0.2, 0.2, 0.6)}


class Fixed(Labels):
    """Gives every context of a category the same chances."""

    categories = ("fear", "dread", "joy")

    def probabilities(self, exchanges):
        return np.array([CHANCES[exchange.category] for exchange in exchanges]).reshape(-1, 3)


class FixedLabeller(Labeller):
    citation = "original"

    def fit(self, corpus, rng):
        return Fixed()


@pytest.fixture
def corpus():
    said = (Utterance("hm", "speaker"), Utterance("oh", "listener"))
    names = ("joy", "fear", "dread", "fear")
    return Corpus(tuple(Dialogue(f"d{i}", name, said) for i, name in enumerate(names)), "tiny")


def test_it_is_the_log_odds_that_a_classifier_gives_the_target(corpus):
    similarity = DiscriminativeSimilarity(labeller=FixedLabeller())
    measured = similarity.measure(corpus, None, np.random.default_rng(0))
    # Rows and columns in alphabetical order: dread, fear, joy; a column for each target.
    odds = np.log([
        [0.4 / 0.6, 0.5 / 0.5, 0.1 / 0.9],
        [0.3 / 0.7, 0.6 / 0.4, 0.1 / 0.9],
        [0.2 / 0.8, 0.2 / 0.8, 0.6 / 0.4],
    ])  # fmt: skip
    assert measured == pytest.approx(odds)
    assert "FixedLabeller" in similarity.method


def test_one_category_cannot_be_told_from_others(corpus):
    alone = Corpus(corpus.dialogues[:1], "alone")
    with pytest.raises(DataError, match="at least two categories"):
        DiscriminativeSimilarity().measure(alone, None, np.random.default_rng(0))


def test_it_keeps_its_promises():
    check_similarity("discriminative")
