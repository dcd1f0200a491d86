"""The nearest contexts of other dialogues, and the vectors they are measured by."""

import numpy as np
from jaxtyping import Float, Int

from semspill.corpus import Corpus
from semspill.defenses._base import Aid

_ROWS = 1024


def nearest(corpus: Corpus, aid: Aid, count: int) -> Int[np.ndarray, "exchanges neighbours"]:
    """Return the exchanges of other dialogues whose contexts are most similar, nearest first.

    Where there are fewer of them the last ones repeat.

    Args:
        corpus: The training corpus.
        aid: Holds the encoder.
        count: How many neighbours.
    """
    vectors = context_vectors(corpus, aid)
    names = {name: place for place, name in enumerate(dict.fromkeys(_dialogues(corpus)))}
    dialogue = np.array([names[name] for name in _dialogues(corpus)])
    rows = [np.zeros((0, min(count, max(len(vectors) - 1, 0))), dtype=np.int64)]
    for start in range(0, len(vectors), _ROWS):
        scores = vectors[start : start + _ROWS] @ vectors.T
        scores[dialogue[start : start + _ROWS, None] == dialogue] = -np.inf
        keep = min(count, scores.shape[1] - 1)
        best = np.argpartition(-scores, keep, axis=1)[:, :keep]
        held = np.take_along_axis(scores, best, axis=1)
        order = np.argsort(-held, axis=1, kind="stable")
        rows.append(np.take_along_axis(best, order, axis=1))
    return np.concatenate(rows)


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


def _dialogues(corpus: Corpus) -> list[str]:
    return [exchange.dialogue for exchange in corpus.exchanges]


def _unit(vectors: Float[np.ndarray, "rows dim"]) -> Float[np.ndarray, "rows dim"]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)
