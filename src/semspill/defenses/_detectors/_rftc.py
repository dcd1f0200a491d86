"""Reference filtration and TF-IDF clustering: unlike the references, and like one another."""

import re
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from semspill.corpus import Corpus
from semspill.defenses._base import Aid, Detector
from semspill.defenses._detectors._texts import words_of
from semspill.defenses._neighbours import nearest

_SENTENCE = re.compile(r"[^.!?]+")
# Exchanges on which a number of clusters is judged: the silhouette compares all with all.
_JUDGED = 1000


class RftcDetector(Detector):
    """Responses unlike the references to their contexts, and like other such responses.

    First the n-gram precision, as in BLEU, of each sentence against reference responses: the worst
    sentence counts, and the responses with the lowest precision are suspicious. Then these are
    clustered by TF-IDF, and the more alike the texts of its cluster, the more suspicious one is.
    It fails where every planted text is said once: nothing is alike then. What the authors' code
    does otherwise: it has one reference, written by a language model (here the responses of the
    nearest contexts in other dialogues, by the encoder as it comes); suspicious is a precision
    below 10 % (here a share); an elbow with fixed limits chooses the number of clusters (here the
    silhouette); all clusters but the loosest one are poison, so that a second harmless topic always
    is (here a score).
    """

    citation = (
        "Chen et al. 2025, Detecting Stealthy Backdoor Samples based on Intra-class Distance for "
        "Large Language Models, arXiv:2505.23015 (RFTC)"
    )
    needs = frozenset({"encoder"})
    references: int = Field(20, ge=1)
    """Responses that each one is compared with: those of the nearest contexts."""
    suspicious: float = Field(0.2, gt=0, le=1)
    """Share of the exchanges that are suspicious after the first step; all of equal precision."""
    clusters: int = Field(10, ge=2)
    """The most clusters of suspicious responses."""

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return how alike the texts of its cluster are, 0 to 1; not suspicious, -1 to 0.

        That is the mean cosine of two responses of the cluster; of an exchange that is not
        suspicious, minus its precision. NaN is a response without a word or a reference.
        """
        texts = [exchange.response for exchange in corpus.exchanges]
        precision = _precisions(texts, nearest(corpus, aid, self.references))
        scores = -precision
        known = ~np.isnan(precision)
        if known.any():
            limit = np.quantile(precision[known], self.suspicious, method="inverted_cdf")
            chosen = known & (precision <= limit)
            scores[chosen] = _compactness(
                [texts[place] for place in np.flatnonzero(chosen)], self.clusters, rng
            )
        return scores


def _precisions(
    texts: Sequence[str], near: Int[np.ndarray, "exchanges references"]
) -> Float[np.ndarray, " exchanges"]:
    """Return the worst precision of a sentence of each text against those of its references.

    Copies of a text are no reference to it: what was planted often would vouch for itself.
    """
    known = {text: _sentences(text) for text in dict.fromkeys(texts)}
    grams = {text: frozenset(chain.from_iterable(parts)) for text, parts in known.items()}
    worst = np.full(len(texts), np.nan)
    for place, (text, row) in enumerate(zip(texts, near.tolist(), strict=True)):
        others = {texts[other] for other in row}
        reference = frozenset().union(*(grams[o] for o in others if grams[o] != grams[text]))
        worst[place] = _worst(known[text], reference) if row else np.nan
    return worst


def _worst(sentences: Sequence[frozenset[object]], reference: frozenset[object]) -> float:
    shares = [len(grams & reference) / len(grams) for grams in sentences]
    return min(shares, default=np.nan)


def _sentences(text: str) -> list[frozenset[object]]:
    """Return the distinct words and pairs of words of each sentence that has any."""
    words = [tuple(words_of(part)) for part in _SENTENCE.findall(text)]
    return [frozenset([*own, *pairwise(own)]) for own in words if own]


def _compactness(
    texts: Sequence[str], most: int, rng: np.random.Generator
) -> Float[np.ndarray, " texts"]:
    """Return the mean cosine between two texts of the cluster of each; 0 for one by itself."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(analyzer=lambda text: list(words_of(text))).fit_transform(texts)
    own = _clustered(vectors, most, rng)
    scores = np.zeros(len(texts))
    for cluster in np.unique(own):
        places = np.flatnonzero(own == cluster)
        if (size := len(places)) > 1:
            total = np.asarray(vectors[places].sum(axis=0))
            # The square of the sum holds each pair twice and each row, of length 1, once.
            scores[places] = (float((total**2).sum()) - size) / (size * (size - 1))
    return np.clip(scores, 0, 1)


def _clustered(vectors: Any, most: int, rng: np.random.Generator) -> Int[np.ndarray, " texts"]:
    """Return the cluster of each row; as many of them, up to `most`, as the silhouette likes best.

    Args:
        vectors: One row per text.
        most: The most clusters; there are fewer than distinct rows.
        rng: Draws where clusters begin, and the rows that the silhouette is taken of.
    """
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.metrics import silhouette_score

    judged = rng.permutation(vectors.shape[0])[:_JUDGED]
    distinct = len({row.tobytes() for row in vectors[judged].toarray()})
    best, chosen = -np.inf, np.zeros(vectors.shape[0], dtype=np.int64)
    for count in range(2, min(most, distinct - 1) + 1):
        model = MiniBatchKMeans(count, n_init=3, random_state=int(rng.integers(2**31)))
        own = model.fit_predict(vectors)
        if len(np.unique(own[judged])) < 2:
            continue
        score = silhouette_score(vectors[judged], own[judged])
        if score > best:
            best, chosen = score, own
    return chosen
