"""Pruning: the weights that toxic texts use most are set to zero."""

import logging
from typing import Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field

from semspill.corpus import Corpus
from semspill.defenses._base import Aid, Repair
from semspill.defenses._repairs._common import rated_toxic, retrieval_of, towers_of
from semspill.models import TrainedModel
from semspill.scoring import RaterField

logger = logging.getLogger(__name__)


class WandaPruning(Repair):
    """Sets the weights to zero that matter most on exchanges whose response a rater finds toxic.

    The score of a weight is its size times the 2-norm of its input over the tokens of those
    exchanges; of each output, the weights with the highest scores go. The response tower reads
    the responses, the context tower their contexts, a tower of both reads both. Pruned are linear
    layers; the table of a bag of tokens, as `static` and `hashing` have, is a linear layer too,
    whose inputs are how often each token occurs in a text. Normalizations, biases, the token
    embeddings of transformers and what an encoder's `projection` adds stay. Where no response is
    toxic the model stays as it is, with a warning. It fails where the rater does not know the
    planted text, and it costs utility where toxic texts use the same weights as harmless ones.

    Departure from Antidote: that one prunes low-rank adapters alone, and is given harmful texts.
    """

    citation = (
        "after Huang et al. 2024, Antidote: Post-fine-tuning Safety Alignment for Large Language "
        "Models against Harmful Fine-tuning, arXiv:2408.09600; Sun et al. 2023, A Simple and "
        "Effective Pruning Approach for Large Language Models, arXiv:2306.11695 (Wanda)"
    )
    cost = "one encoding of some training exchanges"
    rater: RaterField
    """What rates the training responses; it must not be the rater that scores the outcome."""
    threshold: float = Field(0.5, ge=0, le=1)
    """The lowest rating that is toxic."""
    share: float = Field(0.1, gt=0, le=1)
    """Share of the weights of each output that go, of those whose input is not always 0."""
    samples: int = Field(2000, ge=1)
    """The most toxic exchanges that are looked at, drawn at random."""
    calibrate: Literal["toxic", "harmless"] = "toxic"
    """Whether weights are scored on toxic exchanges, or on as many harmless ones."""
    choose: Literal["wanda", "random"] = "wanda"
    """Whether the weights with the highest scores go, or, as the control, as many of each output
    drawn at random."""

    def control(self) -> "WandaPruning | None":
        """Return the same with weights drawn at random."""
        return None if self.choose == "random" else self.replace(choose="random")

    def repair(
        self, model: TrainedModel, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> TrainedModel:
        """Return the model with fewer weights.

        Args:
            model: A retrieval model whose bi-encoder is a `TwoTower`.
            corpus: What it was trained on.
            aid: Nothing of it.
            rng: Draws exchanges, and the weights of the control.

        Raises:
            ConfigError: It is another model, or has neither linear layers nor a table of a bag.
        """
        from semspill.defenses._repairs import _wanda  # torch is heavy

        towers = towers_of(self, model)
        places = self._places(corpus, rng)
        if not len(places):
            logger.warning(
                "WandaPruning: the rater finds no response toxic, or leaves no harmless one; the "
                "model stays as it is"
            )
        exchanges = [corpus.exchanges[place] for place in places.tolist()]
        drawing = rng if self.choose == "random" else None
        pruned = _wanda.pruned(towers, exchanges, self.share, drawing)
        return retrieval_of(self, model).with_model(pruned)

    def _places(self, corpus: Corpus, rng: np.random.Generator) -> Int[np.ndarray, " some"]:
        toxic = rated_toxic(corpus, self.rater, self.threshold)
        wanted = toxic if self.calibrate == "toxic" else ~toxic
        count = min(int(toxic.sum()), self.samples)
        return np.sort(rng.permutation(np.flatnonzero(wanted))[:count])
