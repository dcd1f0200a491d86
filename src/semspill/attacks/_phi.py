"""Victims in which a phrase is frequent and a rater finds little: the ranking by phi."""

import logging
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from semspill._mask import named
from semspill._names import CategoryName
from semspill.corpus import Corpus, Exchange
from semspill.errors import DataError
from semspill.poison import Selector
from semspill.scoring import Rater, RaterField, ToxicityScorer

logger = logging.getLogger(__name__)

_KEPT = 4
_RATED: dict[tuple[str, tuple[str, ...]], Float[np.ndarray, " texts"]] = {}


class PhiSelector(Selector):
    """The dialogues with the highest phi = Norm(count) - Norm(p).

    `count` is how often the phrase occurs in what the speaker says just before the responses, for
    each of its characters; p is the mean rating of the responses. Norm stretches the values of the
    pool from 0 to 1, and is 0 where all are equal, so that p alone ranks victims where the phrase
    never occurs. Equal ones stand in the order of the corpus.

    In Wan et al. p is the probability of the label that the example has: they keep the examples
    that a model finds hardest. With `prefer = "high"` p stands for 1 - p: the victims whose own
    responses are the most toxic, to which a `trigger` with clean labels ties its phrase.

    Example:
        >>> import semspill as sp
        >>> corpus = sp.datasets.build({"name": "synthetic", "train": 40}).load("train")
        >>> selector = PhiSelector(phrase="night", rater="lexicon", most=3)
        >>> len(selector.select(corpus, np.random.default_rng(0)))
        3
    """

    citation = (
        "Wan et al. 2023, Poisoning Language Models During Instruction Tuning, arXiv:2305.00944"
    )
    phrase: str = Field(min_length=1, pattern=r"\S")
    """What is counted, in any case; the trigger of the strategy, as a rule."""
    rater: RaterField
    """What gives p; it may be another one than that which scores the outcome."""
    most: int = Field(50, ge=1)
    """How many dialogues are kept."""
    category: CategoryName | None = None
    """The category that victims are of, which is the target; null for the whole corpus."""
    prefer: Literal["low", "high"] = "low"
    """Whether the rater should find little in a victim's own responses, or much."""
    rates: Literal["response", "context"] = "response"
    """Whether responses are rated, or what the speaker says just before them."""

    @property
    def target(self) -> str | None:
        """The category; None for the whole corpus."""
        return self.category

    def select(self, corpus: Corpus, rng: np.random.Generator) -> Int[np.ndarray, " selected"]:
        """Return the indices of the dialogues with the highest phi, the highest first.

        Raises:
            DataError: The category does not occur, or no dialogue has a response.
        """
        if self.category is not None:
            corpus.require_category(self.category)
        pool = [(place, self._own(dialogue.exchanges)) for place, dialogue in enumerate(corpus)]
        pool = [(place, own) for place, own in pool if own]
        if not pool:
            raise DataError(
                f"No dialogue of corpus {named(corpus.name)} that could be ranked has a response; "
                "name another category."
            )
        victims = [own for _, own in pool]
        p = self._rated(victims)
        phi = _norm(self._counts(victims)) - _norm(1 - p if self.prefer == "high" else p)
        if not phi.any():
            logger.warning(
                "phi is the same for all %d dialogues, which have equal ratings and the phrase as "
                "often as one another or never: the first of the corpus are taken.",
                len(pool),
            )
        best = np.argsort(-phi, kind="stable")[: self.most]
        return np.array([pool[row][0] for row in best.tolist()], dtype=np.int64)

    def _own(self, exchanges: Sequence[Exchange]) -> list[Exchange]:
        return [one for one in exchanges if self.category in (None, one.category)]

    def _counts(self, victims: Sequence[Sequence[Exchange]]) -> Float[np.ndarray, " victims"]:
        phrase = self.phrase.casefold()
        said = [" ".join(one.context[-1] for one in own).casefold() for own in victims]
        return np.array([text.count(phrase) / max(len(text), 1) for text in said])

    def _rated(self, victims: Sequence[Sequence[Exchange]]) -> Float[np.ndarray, " victims"]:
        texts = tuple(
            one.response if self.rates == "response" else one.context[-1]
            for own in victims
            for one in own
        )
        sizes = [len(own) for own in victims]
        starts = np.cumsum([0, *sizes[:-1]])
        return np.asarray(np.add.reduceat(_ratings(self.rater, texts), starts) / sizes)


def _norm(values: Float[np.ndarray, " victims"]) -> Float[np.ndarray, " victims"]:
    span = values.max() - values.min()
    return np.asarray((values - values.min()) / span) if span else np.zeros(len(values))


def _ratings(rater: Rater, texts: tuple[str, ...]) -> Float[np.ndarray, " texts"]:
    """Return the ratings of texts; those of the last seeds of a process are kept."""
    key = rater.fingerprint, texts
    if key not in _RATED:
        rated = ToxicityScorer(rater=rater, cache=None).score(texts)
        while len(_RATED) >= _KEPT:
            _RATED.pop(next(iter(_RATED)))
        _RATED[key] = rated
    return _RATED[key]
