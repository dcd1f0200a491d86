"""Detectors that ask a rater: toxic responses, and toxic ones among harmless neighbours."""

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill.corpus import Corpus
from semspill.defenses._base import Aid, Detector
from semspill.defenses._neighbours import nearest
from semspill.scoring import RaterField, ToxicityScorer


class ToxicityDetector(Detector):
    """Responses that a rater finds toxic; it must not be the rater that scores the outcome.

    It fails on text that the rater does not know to be toxic. `recall` lowers what it finds, to
    see how much a worse rater would have cost.
    """

    citation = (
        "original; cf. Cheruvu et al. 2025, Optimus: A Robust Defense Framework for Mitigating "
        "Toxicity while Fine-Tuning Conversational AI, arXiv:2507.05660"
    )
    rater: RaterField
    """What rates the responses."""
    recall: float = Field(1.0, ge=0, le=1)
    """Share of the distinct texts rated 0.5 or more that it notices; the others count as
    harmless."""

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return the rating of each response, 0 to 1."""
        rated = ratings(self.rater, corpus)
        texts = [exchange.response for exchange in corpus.exchanges]
        distinct = dict.fromkeys(texts)
        noticed = dict(zip(distinct, rng.random(len(distinct)) < self.recall, strict=True))
        seen = np.array([noticed[text] for text in texts], dtype=np.bool_)
        return np.where((rated >= 0.5) & ~seen, 0.0, rated)


class NeighbourRatingDetector(Detector):
    """Toxic responses where the responses of the most similar contexts are harmless.

    The vote of k nearest neighbours, with the rating as the label: what label-noise detection is
    for dialogues. With the category as the label it would protect the poison, which makes up most
    of a small category at a common budget.
    """

    citation = (
        "Zhu et al. 2022, Detecting Corrupted Labels Without Training a Model to Predict, "
        "arXiv:2110.06283 (SimiFeat, with rated responses as labels)"
    )
    needs = frozenset({"encoder"})
    rater: RaterField
    """What rates the responses."""
    neighbours: int = Field(20, ge=1)
    """How many contexts of other dialogues are compared."""

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return the rating minus the mean rating of the neighbours, -1 to 1."""
        rated = ratings(self.rater, corpus)
        near = nearest(corpus, aid, self.neighbours)
        around = rated[near].sum(axis=1) / max(near.shape[1], 1)
        return np.asarray(rated - around)


_RATED: dict[tuple[str, tuple[str, ...]], Float[np.ndarray, " exchanges"]] = {}
_KEPT = 4  # ratings of whole corpora that wait for another detector of the same process


def ratings(rater: RaterField, corpus: Corpus) -> Float[np.ndarray, " exchanges"]:
    """Return the rating of each response, rated once by all detectors of a process."""
    key = rater.fingerprint, tuple(exchange.response for exchange in corpus.exchanges)
    if key not in _RATED:
        rated = ToxicityScorer(rater=rater, cache=None).score(key[1])
        while len(_RATED) >= _KEPT:
            _RATED.pop(next(iter(_RATED)))
        _RATED[key] = rated
    return _RATED[key].copy()
