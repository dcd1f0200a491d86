"""Detectors that read responses alone: drawn at random, by frequency, by perplexity."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill.corpus import Corpus
from semspill.defenses._base import Aid, Detector
from semspill.defenses._detectors._copies import near_copies
from semspill.labellers import fold_of

_WORD = re.compile(r"\w+")


class RandomDetector(Detector):
    """Exchanges drawn at random: what every detector has to beat."""

    citation = "original"

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return a number from 0 to 1, drawn."""
        return rng.random(corpus.exchange_count)


class FrequencyDetector(Detector):
    """Long responses that are said again and again, letter case and punctuation aside.

    Suspicion is the number of words that are repeated: those of the response, times its further
    copies. Short replies repeat in every corpus, so below `least_words` it is 0. It fails where
    each response is planted once, or paraphrased.
    """

    citation = (
        "original; cf. Lee et al. 2022, Deduplicating Training Data Makes Language Models Better, "
        "arXiv:2107.06499"
    )
    least_words: int = Field(5, ge=1)
    """Shortest response that can be suspicious, in words."""
    alike: float = Field(1.0, ge=0.5, le=1)
    """Share of their distinct words that two responses must have in common to be copies, of all
    that either has (Jaccard): below 1 near copies count too, 0.7 is one word in six changed. At 1
    the order of the words counts as well."""

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return the number of repeated words."""
        words = [tuple(words_of(exchange.response)) for exchange in corpus.exchanges]
        counts = Counter(own for own in words if len(own) >= self.least_words)
        copies = dict(counts) if self.alike == 1 else near_copies(counts, self.alike)
        return np.array([(copies.get(own, 1) - 1.0) * len(own) for own in words])


class PerplexityDetector(Detector):
    """Responses whose words rarely follow one another in the rest of the corpus.

    Perplexity under a bigram model of the dialogues in the other folds, as the rank among
    responses of like length: short ones have extreme perplexities either way. It fails on fluent
    text, and on one that stands in every fold.
    """

    citation = (
        "Qi et al. 2021, ONION: A Simple and Effective Defense Against Textual Backdoor Attacks, "
        "arXiv:2011.10369 (here by response and with n-grams)"
    )
    folds: int = Field(5, ge=2)
    """Parts of the dialogues; each is scored by a model of the others."""
    weight: float = Field(0.7, gt=0, lt=1)
    """Weight of the bigram against the unigram model."""
    bin_size: int = Field(500, ge=2)
    """Responses of like length that are ranked together."""

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return the rank of the perplexity among responses of like length, 0 to 1."""
        words = [tuple(words_of(exchange.response)) for exchange in corpus.exchanges]
        fold = np.array([fold_of(e.dialogue, self.folds) for e in corpus.exchanges])
        nats = np.zeros(len(words))
        for part in range(self.folds):
            others = [own for own, one in zip(words, fold.tolist(), strict=True) if one != part]
            model = _Bigrams(others, self.weight)
            for place in np.flatnonzero(fold == part).tolist():
                nats[place] = model.nats(words[place])
        return ranks_by_length(nats, np.array([len(own) for own in words]), self.bin_size)


class _Bigrams:
    """An interpolated bigram model, with one count for every unknown word."""

    def __init__(self, texts: Sequence[tuple[str, ...]], weight: float) -> None:
        self.weight = weight
        self.unigrams = Counter(word for text in texts for word in (*text, ""))
        self.bigrams = Counter(pair for text in texts for pair in pairwise(("", *text, "")))
        self.total = sum(self.unigrams.values()) + len(self.unigrams) + 1
        self.begun = Counter(before for before, _ in self.bigrams.elements())

    def nats(self, text: tuple[str, ...]) -> float:
        """Return the mean negative log probability of a text's words and its end."""
        chances = [
            (1 - self.weight) * (self.unigrams[after] + 1) / self.total
            + self.weight * self.bigrams[before, after] / max(self.begun[before], 1)
            for before, after in pairwise(("", *text, ""))
        ]
        return float(-np.log(chances).mean())


def ranks_by_length(
    scores: Float[np.ndarray, " exchanges"], lengths: np.ndarray, size: int
) -> Float[np.ndarray, " exchanges"]:
    """Return the rank of each score among those of like length, over 0 to 1.

    Args:
        scores: What is ranked.
        lengths: The length of each text.
        size: How many neighbours in length are ranked together; the last group may be larger.
    """
    order = np.argsort(lengths, kind="stable")
    groups = np.array_split(order, max(len(order) // size, 1))
    ranks = np.zeros(len(scores))
    for group in groups:
        if len(group):
            ranks[group[np.argsort(scores[group], kind="stable")]] = (
                np.arange(len(group)) + 0.5
            ) / len(group)
    return ranks


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text, in small letters."""
    return (match.group().casefold() for match in _WORD.finditer(text))
