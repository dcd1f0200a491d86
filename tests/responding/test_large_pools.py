import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from semspill import BiEncoder, ContextFormat, Exchange
from semspill.responding import RetrievalResponder


class Table(BiEncoder):
    """Looks vectors up by number."""

    context = ContextFormat()

    def __init__(self, contexts, responses):
        self.contexts, self.responses = contexts, responses

    def encode_contexts(self, exchanges, *, progress=iter):
        return self.contexts[[int(exchange.context[-1]) for exchange in exchanges]]

    def encode_responses(self, texts, *, progress=iter):
        return self.responses[[int(text) for text in texts]]


def answer(contexts, responses, k=1, **options):
    asked = [Exchange(f"d{i}", 1, "joy", (str(i),), "Well done.") for i in range(len(contexts))]
    pool = [str(i) for i in range(len(responses))]
    return RetrievalResponder(Table(contexts, responses), pool, **options).respond(asked, k)


@pytest.fixture(params=[True, False], ids=["onednn", "no-onednn"])
def onednn(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    elif not torch.backends.mkldnn.is_available():
        pytest.skip("this torch has no oneDNN")


# Enough work (900 x 50,000 x 400 products) for the fast kernel; small whole numbers multiply
# without rounding, so numpy's product decides every tie the same way.
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_much_work_equals_brute_force(onednn, dtype):
    rng = np.random.default_rng(0)
    contexts = rng.integers(-2, 3, (900, 400)).astype(np.float32)
    responses = rng.integers(-2, 3, (50_000, 400)).astype(dtype)
    responses[rng.integers(50_000, size=3000)] = responses[:3000]
    found = answer(contexts, responses)
    wide = responses.astype(np.float32)
    for at in range(0, 900, 300):
        scores = contexts[at : at + 300] @ wide.T
        assert found.indices[at : at + 300, 0].tolist() == scores.argmax(axis=1).tolist()
        np.testing.assert_array_equal(found.scores[at : at + 300, 0], scores.max(axis=1))
    assert found.scores.dtype == np.float32


# Little work, then enough for the fast kernel.
@pytest.mark.parametrize("size", [3000, 50_000])
def test_one_thread_and_two_give_the_same_bits(size):
    rng = np.random.default_rng(0)
    contexts = rng.standard_normal((900, 384), dtype=np.float32)
    responses = rng.standard_normal((size, 384), dtype=np.float32)
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            with threadpool_limits(count):
                found.append(answer(contexts, responses))
    finally:
        torch.set_num_threads(threads)
    assert found[0].indices.tolist() == found[1].indices.tolist()
    assert found[0].scores.tolist() == found[1].scores.tolist()
    exact = contexts[:20].astype(float) @ responses.T.astype(float)
    assert found[0].indices[:20, 0].tolist() == exact.argmax(axis=1).tolist()
    np.testing.assert_allclose(found[0].scores[:20, 0], exact.max(axis=1), rtol=1e-5)


@given(st.integers(1, 9), st.integers(0, 2**32 - 1), st.sampled_from(["f2", "f4", "f8"]), st.data())
def test_copies_rank_by_index_whatever_the_type_and_the_bound(size, seed, kind, data):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-2, 3, (size, 3)).astype(kind)
    responses = rows[rng.integers(size, size=data.draw(st.integers(1, 60)))]
    responses[rng.random(responses.shape) < 0.2] *= -1  # makes -0 of some 0
    contexts = rng.integers(-2, 3, (7, 3)).astype("f4")
    k = data.draw(st.integers(1, len(responses)))
    found = answer(contexts, responses, k, max_bytes=data.draw(st.integers(1, 4000)))
    scores = contexts.astype(float) @ responses.T.astype(float)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    assert found.indices.tolist() == expected.tolist()
    assert found.scores.tolist() == np.take_along_axis(scores, expected, axis=1).tolist()


# Found by trying many: these pairs of different vectors of 1 and -1 have the same hash.
@pytest.mark.parametrize("pair", [(604920513279, 626115108915), (433124077464, 910775769373)])
def test_different_vectors_of_one_hash_stay_apart(pair):
    rows = 1 - 2 * ((np.array(pair)[:, None] >> np.arange(40)) & 1).astype(np.float32)
    responses = rows[[0, 1, 1, 0, 1]]
    found = answer(rows, responses, k=3)
    assert found.indices.tolist() == [[0, 3, 1], [1, 2, 4]]
    assert found.scores[:, 0].tolist() == [40.0, 40.0]


def test_a_pool_of_one_vector_is_ranked_by_index():
    responses = np.ones((5000, 2), dtype=np.float32)
    assert answer(responses[:3], responses, k=4).indices.tolist() == [[0, 1, 2, 3]] * 3


@pytest.mark.parametrize("k", [2, 7])
def test_candidates_that_get_better_and_better_are_kept_in_order(k):
    responses = np.arange(9000, dtype=np.float32)[:, None]
    rising = answer(np.array([[1.0], [-1.0]], dtype=np.float32), responses, k)
    assert rising.indices.tolist() == [list(range(8999, 8999 - k, -1)), list(range(k))]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_bad_row_of_many_is_refused(bad):
    responses = np.ones((5000, 2), dtype=np.float32)
    responses[4321, 1] = bad
    with pytest.raises(ValueError, match=r"The vectors hold NaN, infinity or values too large"):
        answer(np.ones((3, 2), dtype=np.float32), responses)


def test_a_dot_product_below_what_a_float_holds_is_refused():
    low = np.array([[1.0], [-3e38]], dtype=np.float32)
    with pytest.raises(ValueError, match=r"The vectors hold NaN, infinity or values too large"):
        answer(np.array([[10.0]], dtype=np.float32), low)
