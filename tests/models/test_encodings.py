import numpy as np
import pytest

from semspill import BiEncoder, ContextFormat, PluginError
from semspill.models._encodings import CachedEncodings


class Counting(BiEncoder):
    """Gives each text its length, and counts what it is asked."""

    context = ContextFormat()

    def __init__(self, rows=0):
        self.asked = []
        self.rows = rows

    def encode_contexts(self, exchanges, *, progress=iter):
        self.asked.append(len(exchanges))
        return np.ones((len(exchanges), 2), dtype=np.float32)

    def encode_responses(self, texts, *, progress=iter):
        self.asked.append(list(texts))
        rows = [[len(text), 1] for text in texts]
        return np.array(rows + [[0, 0]] * self.rows, dtype=np.float32)


def expecting(model, texts):
    cached = CachedEncodings(model)
    cached.expect(texts)
    return cached


def test_nothing_is_encoded_twice(corpus):
    model = Counting()
    memory = expecting(model, ["a", "bb"])
    assert memory.context is model.context
    for texts in (["bb", "a"], ["a", "ccc", "bb", "ccc"], ["bb"]):
        assert memory.encode_responses(texts)[:, 0].tolist() == [len(text) for text in texts]
    assert model.asked == [["a", "bb"], ["ccc"]]
    model.asked.clear()
    other = corpus.exchanges[:2]
    for exchanges in (corpus.exchanges, other, corpus.exchanges, other):
        assert len(memory.encode_contexts(exchanges)) == len(exchanges)
    assert model.asked == [8, 2]


def test_a_model_that_gives_too_many_rows_is_refused():
    with pytest.raises(PluginError) as caught:
        expecting(Counting(rows=1), ["a"]).encode_responses(["a"])
    assert str(caught.value) == (
        "Counting gave 2 rows for 1 responses; it must give one vector each, all of one length."
    )
