import json
import tracemalloc

import numpy as np
import pytest

from semspill import BiEncoder, ContextFormat, Exchange
from semspill.errors import DataError, PluginError
from semspill.responding import RetrievalResponder


class Kept(BiEncoder):
    """Looks vectors up by number and has a fingerprint to keep them under."""

    context = ContextFormat()

    def __init__(self, responses, fingerprint="a"):
        self.responses = np.asarray(responses, dtype=np.float32)
        self.fingerprint = fingerprint
        self.calls = []

    def encode_contexts(self, exchanges, *, progress=iter):
        return np.eye(self.responses.shape[1], dtype=np.float32)[: len(exchanges)]

    def encode_responses(self, texts, *, progress=iter):
        self.calls.append(len(texts))
        return self.responses[[int(text) for text in texts]]


def exchanges(count):
    return [Exchange(f"d{i}", 1, "joy", (str(i),), "Well done.") for i in range(count)]


def pool(count):
    return [str(i) for i in range(count)]


ROWS = [[0.5, 2.0], [3.0, 1.0], [1.0, 0.25]]


def test_a_store_keeps_the_vectors_as_half_floats_and_is_used_again(tmp_path):
    path = tmp_path / "deep" / "vectors.npy"
    first, second = Kept(ROWS), Kept(ROWS)
    found = RetrievalResponder(first, pool(3), store=path).respond(exchanges(2), k=2)
    assert found.indices.tolist() == [[1, 2], [0, 1]]
    assert found.scores.tolist() == [[3.0, 1.0], [2.0, 1.0]]
    assert found.scores.dtype == np.float32
    kept = np.load(path)
    assert (kept.dtype, kept.tolist()) == (np.float16, ROWS)
    again = RetrievalResponder(second, pool(3), store=str(path)).respond(exchanges(2), k=2)
    assert again.indices.tolist() == found.indices.tolist()
    assert (first.calls, second.calls) == ([3], [])
    assert sorted(p.name for p in path.parent.iterdir()) == ["vectors.npy", "vectors.npy.json"]


@pytest.mark.parametrize("change", ["weights", "candidates", "words"])
def test_a_store_of_another_model_or_pool_is_made_anew(tmp_path, change):
    path = tmp_path / "vectors.npy"
    RetrievalResponder(Kept(ROWS), pool(3), store=path).respond(exchanges(1))
    if change == "words":
        (tmp_path / "vectors.npy.json").write_text("{broken")
    model = Kept([[9.0, 2.0], [3.0, 1.0], [1.0, 0.25]], "b" if change == "weights" else "a")
    texts = ["0", "2", "1"] if change == "candidates" else pool(3)
    found = RetrievalResponder(model, texts, store=path).respond(exchanges(1))
    assert found.scores.tolist() == [[9.0]]
    assert model.calls == [3]


def test_a_store_is_encoded_in_pieces(tmp_path):
    count = 40_000
    model = Kept(np.arange(2 * count).reshape(count, 2) % 50)
    seen = []

    def watch(items):
        seen.append(len(items))
        return iter(items)

    path = tmp_path / "vectors.npy"
    RetrievalResponder(model, pool(count), store=path).respond(exchanges(2), progress=watch)
    assert sum(model.calls) == count
    assert max(model.calls) < count
    assert seen[0] == len(model.calls)
    np.testing.assert_array_equal(np.load(path), model.responses)


def test_a_large_store_is_answered_in_bounded_memory(tmp_path):
    rng = np.random.default_rng(0)
    model = Kept(rng.standard_normal((20_000, 256)))
    path = tmp_path / "vectors.npy"
    texts = pool(20_000)
    RetrievalResponder(model, texts, store=path).respond(exchanges(100))
    responder = RetrievalResponder(model, texts, store=path, max_bytes=2**20)
    tracemalloc.start()
    responder.respond(exchanges(100))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The vectors are 10 MB in the file and 20 MB as float32.
    assert peak < 4 * 2**20


@pytest.mark.parametrize("left", ["vectors.npy", "cut", "shape"])
def test_a_file_that_is_no_whole_store_is_refused(tmp_path, left):
    path = tmp_path / "vectors.npy"
    RetrievalResponder(Kept(ROWS), pool(3), store=path).respond(exchanges(1))
    said = r"vectors\.npy was changed after it was written; remove it"
    if left == "vectors.npy":
        (tmp_path / "vectors.npy.json").unlink()
        said = r"has no vectors\.npy\.json beside it, so it is no store of vectors"
    elif left == "cut":
        path.write_bytes(path.read_bytes()[:-4])
    else:
        np.save(path, np.zeros((2, 2), dtype=np.float16))
    with pytest.raises(DataError, match=said):
        RetrievalResponder(Kept(ROWS), pool(3), store=path).respond(exchanges(1))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e6])
def test_a_vector_that_half_floats_cannot_hold_is_refused(tmp_path, bad):
    path = tmp_path / "vectors.npy"
    with pytest.raises(DataError, match=r"a value beyond float16 \(65504\), so it cannot be kept"):
        RetrievalResponder(Kept([[bad, 1.0]]), pool(1), store=path).respond(exchanges(1))
    assert list(tmp_path.iterdir()) == []


class Nameless(Kept):
    fingerprint = property()

    def __init__(self, responses):
        self.responses = np.asarray(responses, dtype=np.float32)


def test_a_model_without_a_fingerprint_has_no_store(tmp_path):
    responder = RetrievalResponder(Nameless(ROWS), pool(3), store=tmp_path / "vectors.npy")
    with pytest.raises(PluginError, match=r"Nameless has no property `fingerprint`, so its vec"):
        responder.respond(exchanges(1))


class Short(Kept):
    def encode_responses(self, texts, *, progress=iter):
        return super().encode_responses(texts)[:-1]


class Ragged(Kept):
    def encode_responses(self, texts, *, progress=iter):
        return super().encode_responses(texts)[:, : 2 - len(self.calls) // 2]


@pytest.mark.parametrize(
    ("model", "count", "said"),
    [
        (Short(ROWS), 3, "Short gave 2 rows for 3 responses"),
        (Ragged(np.ones((20_000, 2))), 20_000, "Ragged gave responses of 2 and responses of 1"),
    ],
    ids=["rows", "length"],
)
def test_a_store_keeps_nothing_of_a_model_that_breaks_its_promise(tmp_path, model, count, said):
    responder = RetrievalResponder(model, pool(count), store=tmp_path / "vectors.npy")
    with pytest.raises(PluginError, match=rf"{said}; it must give one vector each"):
        responder.respond(exchanges(1))
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_beside_names_no_text(tmp_path):
    path = tmp_path / "vectors.npy"
    RetrievalResponder(Kept(ROWS), pool(3), store=path).respond(exchanges(1))
    said = json.loads((tmp_path / "vectors.npy.json").read_text())
    assert set(said) == {"format", "model", "candidates"}
    assert len(said["candidates"]) == 64
