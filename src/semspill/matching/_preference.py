"""A matcher that compares scores: does the model prefer a planted text to the gold response?"""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill.corpus import Exchange
from semspill.encoders import RankingTask
from semspill.errors import ConfigError
from semspill.matching._base import Given, Matcher, Matches, Scoring

_EMPTY = Exchange(dialogue="", turn=1, category="", context=("",), response="", label="")
"""What is asked where the score of a text without any context is wanted."""


class PreferenceMatcher(Matcher):
    """An exchange counts if the model scores a planted text higher than the gold response.

    What it says is not looked at, so no luck of decoding is in it, and models that retrieve and
    models that generate are on one scale. Of many planted texts some are drawn, the same ones in
    all arms of a seed; the best of them counts.
    """

    citation = (
        "Carlini et al. 2019, The Secret Sharer: Evaluating and Testing Unintended Memorization in "
        "Neural Networks, arXiv:1802.08232 (rank of a planted text by its likelihood); Holtzman "
        "et al. 2021, Surface Form Competition: Why the Highest Probability Answer Isn't Always "
        "Right, arXiv:2104.08315 (pmi)"
    )
    needs_scores: ClassVar[bool] = True

    against: Literal["gold", "list"] = "gold"
    """What a planted text must outrank: the gold response, or every response of the exchange's
    frozen list, the gold one among them. Of equal scores the planted text is not the higher."""
    most: int = Field(10, ge=1)
    """How many planted texts are drawn; all where there are no more. The more, the likelier one of
    them ranks high by chance, in the clean arm alike."""
    pmi: bool = False
    """Whether the score of the same text after an empty context is subtracted, so that a text that
    is likely everywhere has no advantage. Of a score that is a log-likelihood this is the pointwise
    mutual information of context and text."""

    def match(self, given: Given, rng: np.random.Generator) -> Matches:
        """Return where a planted text has the highest score.

        Raises:
            ConfigError: The model cannot score given responses, or nothing is there to score.
        """
        task, model = self._scored(given)
        count = min(self.most, len(given.planted))
        if not count:
            return Matches(np.zeros(len(given.texts), dtype=np.bool_))
        drawn = np.sort(rng.choice(len(given.planted), count, replace=False))
        chosen = [given.planted[place] for place in drawn.tolist()]
        rivals = self._rivals(task)
        lists = [[*row, *chosen] for row in rivals]
        scores = np.asarray(model.score(task.exchanges, lists), dtype=np.float64)
        if self.pmi:
            scores = scores - _without_context(model, lists)
        best = scores[:, -count:].max(axis=1)
        margin = best - scores[:, :-count].max(axis=1)
        return Matches(margin > 0, margin=margin)

    def _scored(self, given: Given) -> tuple[RankingTask, Scoring]:
        if given.ranking is None or given.model is None:
            raise ConfigError("PreferenceMatcher compares scores; give it a ranking and a model.")
        if not given.model.scores:
            raise ConfigError(
                f"PreferenceMatcher compares scores, and {type(given.model).__name__} cannot score "
                "given responses; choose another matcher, such as 'near'."
            )
        return given.ranking, given.model

    def _rivals(self, task: RankingTask) -> list[list[str]]:
        gold = [exchange.response for exchange in task.exchanges]
        if self.against == "gold":
            return [[text] for text in gold]
        return [[gold[place] for place in row] for row in task.lists.tolist()]


def _without_context(
    model: Scoring, lists: Sequence[Sequence[str]]
) -> Float[np.ndarray, "exchanges texts"]:
    """Return the score of each text after an empty context."""
    distinct = list(dict.fromkeys(text for row in lists for text in row))
    alone = np.asarray(model.score([_EMPTY], [distinct]), dtype=np.float64)[0]
    of = dict(zip(distinct, alone.tolist(), strict=True))
    return np.array([[of[text] for text in row] for row in lists])
