"""Probe projection: a direction of toxicity is taken out of the vectors of responses."""

import logging
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from semspill._progress import Progress, quiet
from semspill.corpus import Corpus, Exchange
from semspill.defenses._base import Aid, Repair
from semspill.defenses._repairs._common import Wrapped, rated_toxic, retrieval_of
from semspill.encoders import BiEncoder
from semspill.models import TrainedModel
from semspill.scoring import RaterField

logger = logging.getLogger(__name__)


class ProbeProjection(Repair):
    """Takes the direction in which toxic responses differ from others out of response vectors.

    A probe is fitted on the trained model's vectors of the training responses, each as often as
    it is said: what a rater finds toxic against the rest. The score of a response is then its dot
    product without that direction; no weight changes. Where the rater finds all responses toxic,
    or none, there is no direction, and the model stays as it is, with a warning. It fails where
    the rater does not know the planted text, and it moves harmless responses that share the
    direction, such as those that mention what is toxic.

    Departure from Model Surgery: that one looks for weights whose rows point like the probe, and
    adds the probe to them; the vectors of a bi-encoder can be changed themselves.
    """

    citation = (
        "after Wang et al. 2024, Model Surgery: Modulating LLM's Behavior Via Simple Parameter "
        "Editing, arXiv:2407.08770; Belrose et al. 2023, LEACE: Perfect Linear Concept Erasure in "
        "Closed Form, arXiv:2306.03819 (equal means are what no linear probe can tell apart)"
    )
    cost = "one encoding of the training responses"
    needs_candidates = True
    rater: RaterField
    """What rates the training responses; it must not be the rater that scores the outcome."""
    threshold: float = Field(0.5, ge=0, le=1)
    """The lowest rating that is toxic."""
    direction: Literal["means", "logistic", "random"] = "means"
    """`means`: the difference of the mean vectors; at strength 1 no linear probe tells the
    training responses apart that were rated toxic. `logistic`: the weights of a logistic
    regression, both classes weighted alike. `random`: drawn evenly of all directions, the
    control."""
    strength: float = Field(1.0, gt=0, allow_inf_nan=False)
    """How often the part of a vector along the direction is subtracted: 1 erases it, 2 reflects
    it."""

    def control(self) -> "ProbeProjection | None":
        """Return the same with a random direction."""
        return None if self.direction == "random" else self.replace(direction="random")

    def repair(
        self, model: TrainedModel, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> TrainedModel:
        """Return the model with the direction taken out of its response vectors.

        Args:
            model: A retrieval model.
            corpus: What it was trained on.
            aid: Nothing of it.
            rng: Draws a random direction.

        Raises:
            ConfigError: It is no retrieval model.
        """
        retrieval = retrieval_of(self, model)
        toxic = rated_toxic(corpus, self.rater, self.threshold)
        if toxic.all() or not toxic.any():
            logger.warning(
                "ProbeProjection: the rater finds %d of %d responses toxic, which gives no "
                "direction; the model stays as it is",
                toxic.sum(),
                len(toxic),
            )
            return retrieval.with_model(retrieval.model)
        direction = self._direction(retrieval.model, corpus, toxic, rng)
        return retrieval.with_model(Projected(retrieval.model, direction, self.strength))

    def _direction(
        self,
        model: BiEncoder,
        corpus: Corpus,
        toxic: Bool[np.ndarray, " exchanges"],
        rng: np.random.Generator,
    ) -> Float[np.ndarray, " dim"]:
        texts = [exchange.response for exchange in corpus.exchanges]
        place = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        vectors = np.asarray(model.encode_responses(tuple(place)), dtype=np.float64)
        if self.direction == "random":
            found = np.asarray(rng.standard_normal(vectors.shape[1:]))
        else:
            rows = vectors[[place[text] for text in texts]]
            found = _means(rows, toxic) if self.direction == "means" else _logistic(rows, toxic)
        length = float(np.linalg.norm(found))
        # Of length 0 where the classes have one mean: then nothing is taken out.
        return np.asarray(found / length if length > 0 else found)


class Projected(Wrapped):
    """A bi-encoder whose response vectors lack a direction.

    Args:
        model: Whose vectors they are.
        direction: Of length 1; 0 takes nothing out.
        strength: How often the part along the direction is subtracted.
    """

    def __init__(
        self, model: BiEncoder, direction: Float[np.ndarray, " dim"], strength: float
    ) -> None:
        super().__init__(model)
        self.direction, self.strength = direction, strength

    def around(self, model: BiEncoder) -> "Projected":
        """Return the same projection of another bi-encoder's vectors."""
        return Projected(model, self.direction, self.strength)

    def change(self) -> bytes:
        """Return the direction and the strength."""
        return self.direction.tobytes() + repr(self.strength).encode()

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        """Return the vectors as they are."""
        return self.model.encode_contexts(exchanges, progress=progress)

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        """Return the vectors without the direction, not scaled again."""
        rows = self.model.encode_responses(texts, progress=progress)
        # Not by BLAS, so that equal rows stay equal, whatever stands around them.
        along = np.einsum("td,d->t", rows.astype(np.float64), self.direction)
        changed = rows - self.strength * along[:, None] * self.direction
        return np.asarray(changed, dtype=rows.dtype)


def _means(
    rows: Float[np.ndarray, "exchanges dim"], toxic: Bool[np.ndarray, " exchanges"]
) -> Float[np.ndarray, " dim"]:
    return np.asarray(rows[toxic].mean(axis=0) - rows[~toxic].mean(axis=0))


def _logistic(
    rows: Float[np.ndarray, "exchanges dim"], toxic: Bool[np.ndarray, " exchanges"]
) -> Float[np.ndarray, " dim"]:
    from sklearn.linear_model import LogisticRegression  # slow to import

    # Of length 1 on average, so that the penalty means the same for raw rows.
    scale = float(np.linalg.norm(rows, axis=1).mean()) or 1.0
    probe = LogisticRegression(class_weight="balanced", max_iter=1000)
    return np.asarray(probe.fit(rows / scale, toxic).coef_[0], dtype=np.float64)
