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
    """Sets the weights of the response tower to zero that toxic responses use most.

    The score of a weight is its size times the 2-norm of its input over the tokens of responses
    that a rater finds toxic, each as often as it is said; of each output, the weights with the
    highest scores go. Pruned are linear layers; the table of a bag of tokens, as `static` and
    `hashing` have, is a linear layer too, whose inputs are how often each token occurs in a text.
    Normalizations, biases, the token embeddings of transformers and what an encoder's `projection`
    adds stay. Where no response is toxic the model stays as it is, with a warning. It fails where
    the rater does not know the planted text, and it costs utility where toxic texts use the same
    weights as harmless ones.

    Departure from Antidote: that one is given harmful texts, and prunes low-rank adapters of a
    model that reads prompts and answers alike; a context tower reads no response, and stays.
    """

    citation = (
        "after Huang et al. 2024, Antidote: Post-fine-tuning Safety Alignment for Large Language "
        "Models against Harmful Fine-tuning, arXiv:2408.09600; Sun et al. 2023, A Simple and "
        "Effective Pruning Approach for Large Language Models, arXiv:2306.11695 (Wanda)"
    )
    cost = "one encoding of some training responses"
    needs_candidates = True
    rater: RaterField
    """What rates the training responses; it must not be the rater that scores the outcome."""
    threshold: float = Field(0.5, ge=0, le=1)
    """The lowest rating that is toxic."""
    share: float = Field(0.1, gt=0, le=1)
    """Share of the weights of each output that go, of those whose input is not always 0."""
    samples: int = Field(2000, ge=1)
    """The most toxic responses that are looked at, drawn at random."""
    calibrate: Literal["toxic", "harmless"] = "toxic"
    """Whether weights are scored on toxic responses, or on as many harmless ones."""
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
            rng: Draws responses, and the weights of the control.

        Raises:
            ConfigError: It is another model, or has neither linear layers nor a table of a bag.
        """
        from semspill.defenses._repairs import _wanda  # torch is heavy

        towers = towers_of(self, model)
        places = self._places(corpus, rng)
        texts = [corpus.exchanges[place].response for place in places.tolist()]
        if not texts:
            logger.warning(
                "WandaPruning: the rater finds no response toxic, or leaves no harmless one; the "
                "model stays as it is"
            )
        drawing = rng if self.choose == "random" else None
        pruned = _wanda.pruned(towers, texts, self.share, drawing)
        return retrieval_of(self, model).with_model(pruned)

    def _places(self, corpus: Corpus, rng: np.random.Generator) -> Int[np.ndarray, " some"]:
        toxic = rated_toxic(corpus, self.rater, self.threshold)
        wanted = toxic if self.calibrate == "toxic" else ~toxic
        count = min(int(toxic.sum()), self.samples)
        return np.sort(rng.permutation(np.flatnonzero(wanted))[:count])
