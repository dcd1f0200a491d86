"""The detector that looks at how many categories use a response."""

import math
from collections import Counter

import numpy as np
from jaxtyping import Float

from semspill.corpus import Corpus
from semspill.defenses._base import Aid, Detector


class CategorySpreadDetector(Detector):
    """Responses that several dialogues use, all of one category.

    A text that is said by chance is said in any category. Suspicion is how unlikely it is that
    further dialogues that use it are all of the category of the first: the more uses and the
    smaller the category, the higher. What one dialogue uses, or several categories, has none. It
    fails where each response is planted once, or in several categories, and takes harmless
    responses that suit one category alone.
    """

    citation = "original"

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return minus the logarithm of that probability, in nats, 0 or more."""
        said = {(exchange.dialogue, exchange.category) for exchange in corpus.exchanges}
        sizes = Counter(category for _, category in said)
        uses: dict[str, set[tuple[str, str]]] = {}
        for exchange in corpus.exchanges:
            uses.setdefault(exchange.response, set()).add((exchange.dialogue, exchange.category))
        nats = {}
        for text, used in uses.items():
            categories = {category for _, category in used}
            share = sizes[min(categories)] / len(said)
            nats[text] = (len(used) - 1) * -math.log(share) if len(categories) == 1 else 0.0
        return np.array([nats[exchange.response] for exchange in corpus.exchanges])
