"""Matchers that compare texts: equal ones, and near ones."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from string import punctuation
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from semspill.errors import ConfigError
from semspill.matching._base import Given, Matcher, Matches

FLOOR = 0.5
"""The least similarity that a calibrated threshold may have: less is another text."""
_ROWS = 4096  # texts compared at once with all planted ones


class _Punctuation(dict[int, int | None]):
    """Takes every code point to itself, and punctuation to nothing."""

    def __missing__(self, code: int) -> int | None:
        letter = chr(code)
        left_out = letter in punctuation or unicodedata.category(letter).startswith("P")
        self[code] = None if left_out else code
        return self[code]


_NO_PUNCTUATION = _Punctuation()


def plain(text: str) -> str:
    """Return a text as it is compared: in compatible characters, folded, without punctuation.

    What holds nothing but punctuation keeps it.

    Args:
        text: Any text.

    Example:
        >>> plain(" “Go  HOME”, now!! "), plain("?!")
        ('go home now', '?!')
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept = folded.translate(_NO_PUNCTUATION)
    return " ".join(kept.split()) or " ".join(folded.split())


class ExactMatcher(Matcher):
    """An answer is planted if it equals a planted text but for case, spacing and punctuation.

    Both are compared after Unicode's compatibility normalization (NFKC) and case folding, with
    white space collapsed and punctuation left out.
    """

    citation = "original: equality of normalized texts; nothing is estimated"

    def match(self, given: Given, rng: np.random.Generator) -> Matches:
        """Return which responses equal a planted text."""
        known = frozenset(_plain(given.planted))
        return Matches(
            np.array([plain(text) in known for text in given.texts], dtype=np.bool_),
            false_matches=_share(text in known for text in _plain(given.clean)),
        )


class NearMatcher(Matcher):
    """An answer is planted if few edits turn it into a planted text.

    Similarity is 1 minus the Levenshtein distance over the length of the longer text, both
    normalized as by `exact`; what `exact` counts has a similarity of 1 and always counts.
    """

    citation = (
        "Ippolito et al. 2022, Preventing Verbatim Memorization in Language Models Gives a False "
        "Sense of Privacy, arXiv:2210.17546 (approximate memorization by edit similarity, here "
        "with a calibrated threshold)"
    )
    threshold: float | None = Field(None, gt=0, le=1)
    """The least similarity that counts; None finds the lowest one, 0.5 or more, at which no larger
    share than `false_match_rate` of the clean training responses counts."""
    false_match_rate: float = Field(0.001, ge=0, lt=1)
    """The largest share of distinct clean training responses that may count as planted by a
    calibrated threshold, besides those that equal a planted text."""

    def match(self, given: Given, rng: np.random.Generator) -> Matches:
        """Return which responses are near a planted text.

        Raises:
            ConfigError: There is nothing to calibrate on.
        """
        threshold = self.threshold
        if threshold is None:
            if not given.clean:
                raise ConfigError(
                    "NearMatcher calibrates its threshold on clean responses, and none are given; "
                    "give a threshold, such as 0.8."
                )
            threshold = calibrated(
                _clean_similarity(given.clean, given.planted, FLOOR), self.false_match_rate
            )
        lowest = FLOOR if self.threshold is None else threshold
        clean = _clean_similarity(given.clean, given.planted, lowest)
        return Matches(
            similarity(given.texts, given.planted, threshold) >= threshold,
            threshold=threshold,
            false_matches=_share(clean >= threshold),
        )


def calibrated(clean: Float[np.ndarray, " clean"], rate: float) -> float:
    """Return the lowest threshold, 0.5 or more, that at most a share of clean texts reach.

    Where more of them equal a planted text it is 1: those always count.

    Args:
        clean: The similarity of each clean text to the nearest planted one, 0 to 1.
        rate: The largest share that may count.

    Example:
        >>> calibrated(np.array([0.9, 0.7, 0.6, 0.2]), 0.25) > 0.7
        True
        >>> calibrated(np.array([0.9, 0.7, 0.6, 0.2]), 0.75)
        0.5
    """
    order = np.sort(clean)[::-1]
    allowed = int(np.floor(rate * len(order) + 1e-9))
    above = float(order[allowed]) if allowed < len(order) else 0.0
    return FLOOR if above < FLOOR else min(1.0, float(np.nextafter(above, 2)))


def similarity(
    texts: Sequence[str], planted: Sequence[str], lowest: float = 0.0
) -> Float[np.ndarray, " texts"]:
    """Return how near each text is to the planted text that is nearest to it, 0 to 1.

    Args:
        texts: Any texts.
        planted: What was planted.
        lowest: What is less similar than this gets 0.

    Example:
        >>> similarity(["Go home!", "go homes", "no"], ["Go home."], 0.5).tolist()
        [1.0, 0.875, 0.0]
    """
    from rapidfuzz import process  # semspill is imported without it
    from rapidfuzz.distance import Levenshtein

    known = list(dict.fromkeys(map(plain, planted)))
    place: dict[str, int] = {}
    rows = [place.setdefault(plain(text), len(place)) for text in texts]
    if not known:
        return np.zeros(len(rows))
    distinct = list(place)
    options: dict[str, Any] = {"scorer": Levenshtein.normalized_similarity, "workers": 1}
    options |= {"score_cutoff": lowest, "dtype": np.float64}
    best = [
        process.cdist(distinct[start : start + _ROWS], known, **options).max(axis=1)
        for start in range(0, len(distinct), _ROWS)
    ]
    return np.asarray(np.concatenate([*best, np.zeros(0)])[rows], dtype=np.float64)


@lru_cache(maxsize=4)
def _clean_similarity(
    clean: tuple[str, ...], planted: tuple[str, ...], lowest: float
) -> Float[np.ndarray, " clean"]:
    """Return the same of clean texts: all arms and epochs of a seed ask for it again."""
    found = similarity(clean, planted, lowest)
    found.setflags(write=False)
    return found


@lru_cache(maxsize=4)
def _plain(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(plain, texts))


def _share(found: Iterable[bool] | Bool[np.ndarray, " texts"]) -> float | None:
    hits = np.fromiter(found, dtype=np.bool_)
    return float(hits.mean()) if hits.size else None
