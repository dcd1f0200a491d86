"""The loss of a trained model as suspicion, in sample or cross-fitted, at either tail."""

from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from semspill.corpus import Corpus
from semspill.defenses._base import Aid, Detector
from semspill.labellers import fold_of
from semspill.models import TrainedModel


class LossDetector(Detector):
    """Responses that a model trained on the other dialogues finds unlikely in their contexts.

    The negative log likelihood of the response against others drawn once for all exchanges. In
    sample (`folds = 1`) the high tail is inverted: a planted text is an outlier that is learned
    first; then `tail = "low"` finds what is fitted too well.
    """

    citation = (
        "Wan et al. 2023, Poisoning Language Models During Instruction Tuning, arXiv:2305.00944 "
        "(high loss); Li et al. 2021, Anti-Backdoor Learning: Training Clean Models on Poisoned "
        "Data, arXiv:2110.11571 (low loss)"
    )
    needs = frozenset({"trainer"})
    cost = "one training, or one per fold"
    tail: Literal["high", "low"] = "high"
    """Whether a high loss is suspicious, or a low one."""
    folds: int = Field(2, ge=1)
    """Parts of the dialogues, each scored by a model trained on the others; 1 scores all by one
    model that was trained on them."""
    negatives: int = Field(99, ge=1)
    """Responses that each one is compared with."""

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return the loss in nats; minus it for the low tail."""
        assert aid.trainer is not None, "needs declares it"
        drawing, *training = rng.spawn(self.folds + 1)
        texts = [exchange.response for exchange in corpus.exchanges]
        others = drawing.integers(len(texts), size=(len(texts), self.negatives))
        fold = np.array([fold_of(e.dialogue, self.folds) for e in corpus.exchanges])
        losses = np.full(len(texts), np.nan)
        for part, stream in enumerate(training):
            places = np.flatnonzero(fold == part)
            model = aid.trainer(self._rest(corpus, part), stream)
            losses[places] = _losses(model, corpus, places, others[places])
        return losses if self.tail == "high" else -losses

    def _rest(self, corpus: Corpus, part: int) -> Corpus:
        if self.folds == 1:
            return corpus
        rest = tuple(d for d in corpus if fold_of(d.id, self.folds) != part)
        return replace(corpus, dialogues=rest, labels=())


def _losses(
    model: TrainedModel,
    corpus: Corpus,
    places: Int[np.ndarray, " some"],
    others: Int[np.ndarray, "some negatives"],
) -> Float[np.ndarray, " some"]:
    """Return the loss of each response; one that is drawn as its own negative is left out."""
    from scipy.special import logsumexp  # semspill is imported without it

    if not len(places):
        return np.zeros(0)
    exchanges = [corpus.exchanges[place] for place in places.tolist()]
    lists = [
        [own.response, *(corpus.exchanges[place].response for place in row)]
        for own, row in zip(exchanges, others.tolist(), strict=True)
    ]
    scores = model.scale * np.asarray(model.score(exchanges, lists), dtype=np.float64)
    same = np.array([[text == row[0] for text in row[1:]] for row in lists])
    scores[:, 1:][same] = -np.inf
    return np.asarray(logsumexp(scores, axis=1) - scores[:, 0])
