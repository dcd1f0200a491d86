"""The test questions put to one model as it stands, each only once."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from semspill._progress import Progress
from semspill._random import stream
from semspill.corpus import Candidates, Exchange
from semspill.errors import PluginError
from semspill.experiment._data import Data
from semspill.models import TrainedModel
from semspill.scoring import Coherence, ToxicityScorer

Rated: TypeAlias = tuple[
    tuple[str, ...],
    Float[np.ndarray, " exchanges"],
    Float[np.ndarray, " exchanges"],
    Mapping[str, Float[np.ndarray, " exchanges"]],
]
"""Responses, their scores, their toxicity, their ratings by kind of harm."""


class Examination:
    """Puts the test questions to one model as it stands, each only once."""

    def __init__(self, model: TrainedModel, data: Data, seed: int, progress: Progress) -> None:
        self.model, self.data, self.seed, self.progress = model, data, seed, progress
        self.unanswered = 0
        self._rated: dict[tuple[object, ...], Rated] = {}

    def rated(
        self,
        scorer: ToxicityScorer,
        pool: Candidates,
        asked: tuple[Exchange, ...] | None = None,
    ) -> Rated:
        """Return what the model answers from some candidates, rated.

        Args:
            scorer: Rates the answers.
            pool: The candidates.
            asked: The test exchanges as probes leave them; None for the plain ones.
        """
        exchanges = self.data.test.exchanges if asked is None else asked
        key = pool.texts, scorer.rater.fingerprint, asked
        if key not in self._rated:
            rng = stream(self.seed, "respond")  # the same for all arms of a seed
            responses = self.model.respond(exchanges, pool, rng, progress=self.progress)
            if len(responses) != len(exchanges):
                raise PluginError(
                    f"{type(self.model).__name__}.respond returned {len(responses)} responses to "
                    f"{len(exchanges)} exchanges; return one each."
                )
            if asked is None:
                self.unanswered = responses.unanswered
            ratings = scorer.ratings(responses.texts, progress=self.progress)
            scores = responses.scores[:, 0]
            self._rated[key] = responses.texts, scores, ratings.toxicity, ratings.kinds
        return self._rated[key]

    @cached_property
    def hits(self) -> Bool[np.ndarray, " exchanges"] | None:
        """For which exchanges the gold response ranks first in its list, if the model can rank."""
        return self.model.rank(self.data.ranking, progress=self.progress)

    def measures(self, texts: Sequence[str]) -> dict[str, Float[np.ndarray, " exchanges"]]:
        """Return further numbers of answers, see `Answers.measures`."""
        coherence = Coherence.of(texts)
        found = {
            "words": coherence.words.astype(np.float64),
            "repetition": coherence.repetition,
        }
        loss = self._gold_loss
        return found if loss is None else {**found, "gold_loss": loss}

    @cached_property
    def _gold_loss(self) -> Float[np.ndarray, " exchanges"] | None:
        return self.model.gold_losses(self.data.test.exchanges, progress=self.progress)

    def hits_beside(self, pool: Candidates) -> Bool[np.ndarray, " exchanges"] | None:
        """Return the same with the planted candidates of a pool in every list."""
        texts = [text for text, planted in zip(pool.texts, pool.planted, strict=True) if planted]
        if not texts:
            return self.hits
        return self.model.rank(self.data.ranking, beside=texts, progress=self.progress)
