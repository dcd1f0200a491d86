import sys

import numpy as np
import pytest

from semspill import BiEncoder, ContextFormat, Exchange
from semspill.errors import ConfigError, DataError, MissingExtraError
from semspill.responding import ApproximateSearch, RetrievalResponder


class Table(BiEncoder):
    """Looks vectors up by number."""

    context = ContextFormat()
    fingerprint = "a"

    def __init__(self, contexts, responses):
        self.contexts = np.asarray(contexts, dtype=np.float32)
        self.responses = np.asarray(responses, dtype=np.float32)

    def encode_contexts(self, exchanges, *, progress=iter):
        return self.contexts[[int(exchange.context[-1]) for exchange in exchanges]]

    def encode_responses(self, texts, *, progress=iter):
        return self.responses[[int(text) for text in texts]]


def responder(contexts, responses, **options):
    pool = [str(i) for i in range(len(responses))]
    return RetrievalResponder(Table(contexts, responses), pool, **options)


def exchanges(count):
    return [Exchange(f"d{i}", 1, "joy", (str(i),), "Well done.") for i in range(count)]


def clusters(rng, count, dim=16):
    """Unit vectors around 40 centres, as those of real texts lie."""
    rows = rng.standard_normal((40, dim))[rng.integers(40, size=count)]
    rows = rows + 0.3 * rng.standard_normal((count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_without_faiss_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    asked = responder([[1.0]], [[1.0]], search=ApproximateSearch())
    with pytest.raises(MissingExtraError, match=r'faiss-cpu: pip install "semspill\[faiss\]"'):
        asked.respond(exchanges(1))


@pytest.mark.parametrize("field", [{"lists": 0}, {"probes": 0}, {"check": -1}])
def test_fields_have_bounds(field):
    with pytest.raises(ConfigError, match="greater than or equal to"):
        ApproximateSearch(**field)


@pytest.fixture
def faiss():
    return pytest.importorskip("faiss")


@pytest.mark.usefixtures("faiss")
@pytest.mark.parametrize("k", [1, 5])
def test_what_is_found_is_scored_exactly_and_recall_is_what_a_count_says(k):
    rng = np.random.default_rng(0)
    rows = clusters(rng, 5000)
    rows[4000:] = rows[:1000]
    contexts = clusters(rng, 60)
    search = ApproximateSearch(lists=40, probes=2, check=60)
    found = responder(contexts, rows, search=search).respond(exchanges(60), k)
    scores = contexts.astype(float) @ rows.T.astype(float)
    exact = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    shares = [len({*best} & {*got}) / k for best, got in zip(exact, found.indices, strict=True)]
    assert found.recall == pytest.approx(np.mean(shares))
    assert 0.5 < found.recall < 1
    expected = np.take_along_axis(scores, found.indices, axis=1)
    np.testing.assert_allclose(found.scores, expected, rtol=1e-5)


@pytest.mark.usefixtures("faiss")
@pytest.mark.parametrize("k", [1, 4, 300])
@pytest.mark.parametrize("store", [True, False])
def test_looking_through_all_lists_is_exact(tmp_path, k, store):
    rng = np.random.default_rng(1)
    rows = np.repeat(clusters(rng, 200), 2, axis=0).astype(np.float16)  # each vector twice
    contexts = clusters(rng, 30)
    path = tmp_path / "vectors.npy" if store else None
    search = ApproximateSearch(probes=99)
    asked = responder(contexts, rows, search=search, store=path, max_bytes=2**17)
    found = asked.respond(exchanges(30), k)
    assert found.recall == 1.0
    plain = responder(contexts, rows).respond(exchanges(30), k)
    assert plain.recall is None
    # Rounding to 8 bits may lose the last of many, but copies still come in order.
    assert found.indices[:, 0].tolist() == plain.indices[:, 0].tolist()
    assert not (found.indices[:, 0] % 2).any()
    np.testing.assert_allclose(found.scores, plain.scores, atol=1e-3)


@pytest.mark.usefixtures("faiss")
def test_the_lists_are_made_once_and_give_the_same_again():
    rng = np.random.default_rng(2)
    rows, contexts = clusters(rng, 3000), clusters(rng, 20)
    seen = []

    def watch(items):
        seen.append(len(items))
        return iter(items)

    asked = responder(contexts, rows, search=ApproximateSearch(check=0))
    first = asked.respond(exchanges(20), progress=watch)
    second = asked.respond(exchanges(20), progress=watch)
    other = responder(contexts, rows, search=ApproximateSearch(check=0)).respond(exchanges(20))
    assert first.recall is None
    assert seen == [1, 1, 1]  # tiles of the pool, then blocks of queries twice
    assert first.indices.tolist() == second.indices.tolist() == other.indices.tolist()


@pytest.mark.usefixtures("faiss")
def test_few_candidates_and_no_exchange_work():
    asked = responder([[1.0, 0.0]], [[1.0, 1.0], [2.0, 0.0]], search=ApproximateSearch())
    assert asked.respond(exchanges(1)).indices.tolist() == [[1]]
    none = asked.respond([])
    assert (none.indices.shape, none.recall) == ((0, 1), None)


@pytest.mark.usefixtures("faiss")
def test_more_than_the_lists_hold_is_refused():
    rng = np.random.default_rng(3)
    asked = responder(
        clusters(rng, 4), clusters(rng, 2000), search=ApproximateSearch(lists=40, probes=1)
    )
    with pytest.raises(DataError, match=r"The 1 lists nearest to a query hold fewer than 1500 dis"):
        asked.respond(exchanges(4), k=1500)


@pytest.mark.usefixtures("faiss")
@pytest.mark.parametrize("bad", [np.nan, np.inf, 3e38])
def test_vectors_that_cannot_be_ranked_are_refused(bad):
    good, wrong = [[1.0, 1.0]], [[1.0, bad]]
    for contexts, responses in [(wrong, wrong), (good, wrong), (wrong, good)]:
        if bad == 3e38 and contexts is not responses:
            continue
        with pytest.raises(DataError, match=r"The vectors hold NaN, infinity or values too large"):
            responder(contexts, responses, search=ApproximateSearch()).respond(exchanges(1))
