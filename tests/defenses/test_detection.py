"""What a cleaner found, against what was planted: counted by hand."""

import math

import numpy as np
import pytest

from semspill import Corpus, DataError, Dialogue, Utterance
from semspill.defenses import Cleaner, Detector, detection


class Given(Detector):
    """Says of a response what it ends on; nothing of `?`."""

    citation = "original"

    def suspicion(self, corpus, aid, rng):
        said = [exchange.response[-1] for exchange in corpus.exchanges]
        return np.array([np.nan if one == "?" else float(one) for one in said])


CORPUS = Corpus(
    tuple(
        Dialogue(f"d{n}", kind, (Utterance("hi", "speaker"), Utterance(f"r {end}", "listener")))
        for n, (kind, end) in enumerate(zip("aabba", "4321?", strict=True))
    ),
    name="five",
)
TRUTH = np.array([True, False, True, False, False])


def test_a_cleaner_is_held_against_what_was_planted():
    cleaned = Cleaner(detector=Given(), share=0.6).clean(CORPUS, rng=np.random.default_rng(0))
    found = detection(cleaned, TRUTH, seed=3)
    assert (found.seed, found.exchanges, found.planted) == (3, 5, 2)
    assert (found.removed, found.caught) == (3, 2)
    assert found.by_category == {"a": 2, "b": 1}
    # 4 beats 3, 1 and no opinion; 2 beats 1 and no opinion: 5 pairs of 6.
    assert found.auc == pytest.approx(5 / 6)
    thirds = [(0, 0), (0, 0.5), (1 / 3, 0.5), (1 / 3, 1), (2 / 3, 1), (1, 1)]
    assert found.roc == pytest.approx(np.array(thirds))


def test_a_control_is_counted_and_not_scored():
    cleaner = Cleaner(detector=Given(), share=0.6)
    cleaned = cleaner.clean(CORPUS, rng=np.random.default_rng(0))
    control = cleaner.control_of(CORPUS, cleaned, rng=np.random.default_rng(1))
    found = detection(control, TRUTH)
    assert found.removed == 3
    assert found.caught == int((control.removed & TRUTH).sum())
    assert math.isnan(found.auc)
    assert found.roc == ()


def test_a_truth_of_another_size_is_refused():
    cleaned = Cleaner(detector="random", share=0.2).clean(CORPUS, rng=np.random.default_rng(0))
    with pytest.raises(DataError, match="one bool for each"):
        detection(cleaned, TRUTH[:4])
    with pytest.raises(DataError, match="one bool for each"):
        detection(cleaned, TRUTH.astype(int))
