"""The guard that asks a rater of every response before it is given."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool
from pydantic import Field

from semspill.corpus import Exchange
from semspill.defenses._base import OutputGuard
from semspill.responding import Responses
from semspill.scoring import RaterField, ToxicityScorer


class RaterGuard(OutputGuard):
    """Refuses responses that a rater finds toxic; it must not be the rater that scores the outcome.

    It fails on text that the rater does not know to be toxic, and takes harmless responses from
    everyone where the rater finds them toxic.

    Example:
        >>> guard = RaterGuard(rater={"name": "lexicon", "words": {"grumble": 1.0}})
        >>> asked = [Exchange("d", 1, "joy", ("I won!",), "")]
        >>> guard.allow(asked, Responses.of(["Well done, grumble."]))
        array([[False]])
    """

    citation = (
        "Xu et al. 2020, Recipes for Safety in Open-domain Chatbots, arXiv:2010.07079 (a "
        "classifier of responses, here with the next best response in place of a change of topic)"
    )
    cost = "a rating of each distinct response among the best"

    rater: RaterField
    """What rates the responses."""
    threshold: float = Field(0.5, ge=0, le=1)
    """Lowest rating that is refused, 0 to 1."""

    def allow(
        self, exchanges: Sequence[Exchange], responses: Responses
    ) -> Bool[np.ndarray, "exchanges k"]:
        """Return which responses are rated below the threshold."""
        places, rows = np.unique(responses.indices, return_inverse=True)
        texts = [responses.candidates.texts[place] for place in places]
        ratings = ToxicityScorer(rater=self.rater, cache=None).score(texts)
        return (ratings < self.threshold)[rows.reshape(responses.indices.shape)]
