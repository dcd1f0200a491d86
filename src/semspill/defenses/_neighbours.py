"""The nearest contexts of other dialogues, and the vectors they are measured by."""

import numpy as np
from jaxtyping import Float, Int

from semspill.corpus import Corpus
from semspill.defenses._base import Aid
from semspill.defenses._sharing import SharedEncoder

_ROWS = 1024
# As many are sought at least, so that detectors that ask for fewer share one search.
_LEAST = 50


def nearest(corpus: Corpus, aid: Aid, count: int) -> Int[np.ndarray, "exchanges neighbours"]:
    """Return the exchanges of other dialogues whose contexts are most similar, nearest first.

    There are fewer than `count` where some exchange has fewer of other dialogues.

    Args:
        corpus: The training corpus.
        aid: Holds the encoder.
        count: How many neighbours.
    """
    most = max(count, _LEAST)
    encoder = aid.encoder
    if isinstance(encoder, SharedEncoder):
        key = ("nearest", corpus.exchanges, most)
        return encoder.kept(key, lambda: _searched(corpus, aid, most))[:, :count]
    return _searched(corpus, aid, most)[:, :count]


def _searched(corpus: Corpus, aid: Aid, count: int) -> Int[np.ndarray, "exchanges neighbours"]:
    vectors = context_vectors(corpus, aid)
    names = [exchange.dialogue for exchange in corpus.exchanges]
    dialogue = np.unique(names, return_inverse=True)[1]
    keep = min(count, len(names) - int(np.bincount(dialogue).max(initial=0)))
    rows = np.zeros((len(names), keep), dtype=np.int64)
    for start in range(0, len(vectors) if keep else 0, _ROWS):
        part = slice(start, start + _ROWS)
        away = -(vectors[part] @ vectors.T)
        away[dialogue[part, None] == dialogue] = np.inf
        best = np.argpartition(away, keep - 1, axis=1)[:, :keep]
        order = np.argsort(np.take_along_axis(away, best, axis=1), axis=1, kind="stable")
        rows[part] = np.take_along_axis(best, order, axis=1)
    return rows


def context_vectors(corpus: Corpus, aid: Aid) -> Float[np.ndarray, "exchanges dim"]:
    """Return unit vectors of the contexts, by the encoder as it comes."""
    assert aid.encoder is not None, "needs declares it"
    return _unit(aid.encoder.encode_contexts(corpus.exchanges))


def response_vectors(corpus: Corpus, aid: Aid) -> Float[np.ndarray, "exchanges dim"]:
    """Return unit vectors of the responses, by the encoder as it comes."""
    assert aid.encoder is not None, "needs declares it"
    texts = [exchange.response for exchange in corpus.exchanges]
    place = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    return _unit(aid.encoder.encode_responses(tuple(place)))[[place[text] for text in texts]]


def _unit(vectors: Float[np.ndarray, "rows dim"]) -> Float[np.ndarray, "rows dim"]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)
