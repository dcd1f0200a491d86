import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill import BiEncoder, Candidates, ContextFormat, Exchange
from semspill.errors import ConfigError, DataError, PluginError
from semspill.responding import Responses, RetrievalResponder


class Table(BiEncoder):
    """Looks vectors up: the context "3" is the row 3 of `contexts`, the response "3" likewise."""

    context = ContextFormat()

    def __init__(self, contexts, responses):
        self.contexts = np.asarray(contexts)
        self.responses = np.asarray(responses)
        self.encoded = 0

    def encode_contexts(self, exchanges, *, progress=iter):
        rows = [int(exchange.context[-1]) for exchange in progress(exchanges)]
        return self.contexts[rows]

    def encode_responses(self, texts, *, progress=iter):
        self.encoded += len(texts)
        return self.responses[[int(text) for text in progress(texts)]]


def exchanges(count):
    return [Exchange(f"d{i}", 1, "joy", (str(i),), "Well done.") for i in range(count)]


def pool(count):
    return [str(i) for i in range(count)]


def answer(contexts, responses, k=1, **options):
    model = Table(contexts, responses)
    return RetrievalResponder(model, pool(len(responses)), **options).respond(
        exchanges(len(contexts)), k
    )


def brute_force(contexts, responses, k):
    scores = np.asarray(contexts) @ np.asarray(responses).T
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def test_the_best_candidate_answers():
    contexts = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    responses = np.array([[0.0, 2.0], [3.0, 1.0], [1.0, 0.5]], dtype=np.float32)
    found = answer(contexts, responses, k=2)
    assert found.texts == ("1", "0")
    assert found.ranked == (("1", "2"), ("0", "1"))
    assert found.indices.tolist() == [[1, 2], [0, 1]]
    assert found.scores.tolist() == [[3.0, 1.0], [2.0, 1.0]]
    assert found.scores.dtype == np.float32
    assert len(found) == 2


def test_equal_scores_are_won_by_the_lowest_index():
    responses = np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])
    assert answer([[1.0]], responses).indices.tolist() == [[1]]
    assert answer([[1.0]], responses, k=4).indices.tolist() == [[1, 2, 4, 0]]
    assert answer([[1.0]], responses, k=5).indices.tolist() == [[1, 2, 4, 0, 3]]


# Small whole numbers multiply without rounding, so the reference decides every tie the same way.
@given(
    st.integers(1, 12), st.integers(1, 20), st.integers(0, 2**32 - 1), st.integers(1, 2), st.data()
)
def test_equals_brute_force_whatever_the_block_size(asked, size, seed, spread, data):
    rng = np.random.default_rng(seed)
    contexts = rng.integers(-spread, spread + 1, (asked, 3)).astype(np.float32)
    responses = rng.integers(-spread, spread + 1, (size, 3)).astype(np.float32)
    k = data.draw(st.integers(1, size))
    max_bytes = data.draw(st.integers(1, 2000))
    found = answer(contexts, responses, k, max_bytes=max_bytes)
    assert found.indices.tolist() == brute_force(contexts, responses, k).tolist()
    expected = np.take_along_axis(contexts @ responses.T, found.indices, axis=1)
    np.testing.assert_array_equal(found.scores, expected)


@given(st.integers(0, 2**32 - 1), st.integers(1, 10**5))
def test_equal_vectors_keep_their_order_and_share_one_score(seed, max_bytes):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((7, 33)).astype(np.float32)
    place = rng.integers(0, 7, 40)
    contexts = rng.standard_normal((9, 33)).astype(np.float32)
    found = answer(contexts, rows[place], k=40, max_bytes=max_bytes)
    # The reference ranks the distinct rows and lists the copies of each by index.
    exact = contexts.astype(np.float64) @ rows.T.astype(np.float64)
    for best, ranked, scores in zip(np.argsort(-exact), found.indices, found.scores, strict=True):
        copies = [np.flatnonzero(place == row).tolist() for row in best]
        assert ranked.tolist() == [i for same in copies for i in same]
        assert len(set(scores.tolist())) == len(set(place.tolist()))


def test_zero_and_minus_zero_are_one_vector():
    responses = np.array([[1.0, -0.0], [1.0, 0.0]], dtype=np.float32)
    assert answer([[1.0, 1.0]], responses, k=2).indices.tolist() == [[0, 1]]


def test_scores_are_held_in_bounded_memory():
    rng = np.random.default_rng(0)
    contexts = rng.standard_normal((2000, 4)).astype(np.float32)
    responses = rng.standard_normal((4000, 4)).astype(np.float32)
    responder = RetrievalResponder(Table(contexts, responses), pool(4000), max_bytes=2**20)
    asked = exchanges(2000)
    for k in (1, 3):
        tracemalloc.start()
        responder.respond(asked, k)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # All scores would take 32 MB; the rest is vectors, indices and the index of rows.
        assert peak < 4 * 2**20


def test_candidates_are_encoded_once():
    model = Table([[1.0], [2.0]], [[1.0], [2.0]])
    responder = RetrievalResponder(model, pool(2))
    responder.respond(exchanges(1))
    responder.respond(exchanges(2))
    assert model.encoded == 2


def test_texts_given_twice_are_one_candidate():
    responder = RetrievalResponder(Table([[1.0]], [[1.0], [2.0]]), ["1", "0", "1"])
    assert responder.candidates.texts == ("1", "0")
    assert responder.respond(exchanges(1)).texts == ("1",)


def test_planted_says_which_answers_are_planted():
    candidates = Candidates(("0", "1"), np.array([False, True]))
    model = Table([[1.0], [-1.0]], [[1.0], [2.0]])
    found = RetrievalResponder(model, candidates).respond(exchanges(2))
    assert found.planted.tolist() == [True, False]
    assert found.texts == ("1", "0")


class Length(BiEncoder):
    """The vector of a text is its length."""

    context = ContextFormat()

    def encode_contexts(self, exchanges, *, progress=iter):
        return np.array([[len(exchange.context)] for exchange in exchanges], dtype=np.float32)

    def encode_responses(self, texts, *, progress=iter):
        return np.array([[len(text)] for text in texts], dtype=np.float32)


def test_answers_all_exchanges_of_a_corpus_or_of_what_carries_one(corpus):
    class Carrier:
        def __init__(self, corpus):
            self.corpus = corpus

    responder = RetrievalResponder(Length(), corpus.responses())
    found = responder.respond(corpus)
    assert found.texts == ("I see, number 0.",) * 8
    assert found.scores[:2].tolist() == [[16.0], [48.0]]
    assert responder.respond(Carrier(corpus)).texts == found.texts
    assert responder.respond(corpus.exchanges[:1]).texts == ("I see, number 0.",)


def test_no_exchange_gets_no_response():
    found = RetrievalResponder(Table([[1.0]], [[1.0]]), pool(1)).respond([])
    assert isinstance(found, Responses)
    assert (found.texts, found.indices.shape, found.planted.shape) == ((), (0, 1), (0,))


def test_progress_wraps_every_pass():
    seen = []

    def watch(items):
        seen.append(len(items))
        return iter(items)

    model = Table([[1.0], [2.0]], [[1.0], [2.0], [3.0]])
    RetrievalResponder(model, pool(3), max_bytes=1).respond(exchanges(2), progress=watch)
    assert seen == [3, 2, 3]  # responses, contexts, tiles of the pool


@pytest.mark.parametrize("k", [0, 4, -1])
def test_k_must_fit_the_pool(k):
    with pytest.raises(DataError, match=rf"k is {k}, but it must be from 1 to 3, the number"):
        answer([[1.0]], [[1.0], [2.0], [3.0]], k)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_vectors_that_cannot_be_ranked_are_refused(bad):
    good = np.array([[1.0, 1.0]], dtype=np.float32)
    wrong = np.array([[1.0, bad]], dtype=np.float32)
    for contexts, responses in [(wrong, wrong), (good, wrong), (wrong, good)]:
        if bad == 3e38 and contexts is not responses:
            continue
        with pytest.raises(DataError, match=r"The vectors hold NaN, infinity or values too large"):
            answer(contexts, responses)


def test_a_pool_of_nothing_and_a_lone_text_are_refused():
    with pytest.raises(DataError, match=r"There is no candidate to respond with"):
        RetrievalResponder(Length(), [])
    with pytest.raises(DataError, match=r"There is no candidate to respond with"):
        RetrievalResponder(Length(), Candidates((), np.zeros(0, dtype=bool)))
    with pytest.raises(DataError, match=r"The candidates are a string of 10 characters; give"):
        RetrievalResponder(Length(), "Well done.")
    with pytest.raises(DataError, match=r"The candidates are a list of 2 items; give"):
        RetrievalResponder(Length(), ["Well done.", 3])


@pytest.mark.parametrize("model", ["static", {"name": "static"}, lambda texts: texts, None])
def test_what_is_no_loaded_encoder_is_refused_at_once(model):
    with pytest.raises(ConfigError, match=r"does not encode contexts and responses; give"):
        RetrievalResponder(model, ["Well done."])


def test_what_are_no_exchanges_is_refused():
    with pytest.raises(DataError, match=r"The exchanges are a list of 1 string; give"):
        RetrievalResponder(Length(), ["Well done."]).respond(["I won!"])


class Short(Length):
    """Loses rows, or changes the length of vectors."""

    def __init__(self, contexts=slice(None), responses=slice(None), width=1):
        self.rows = contexts, responses
        self.width = width

    def encode_contexts(self, exchanges, *, progress=iter):
        return np.repeat(super().encode_contexts(exchanges), self.width, axis=1)[self.rows[0]]

    def encode_responses(self, texts, *, progress=iter):
        return super().encode_responses(texts)[self.rows[1]]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Short(contexts=slice(1)), "Short gave 1 rows for 2 contexts"),
        (Short(responses=slice(1)), "Short gave 1 rows for 2 responses"),
        (Short(width=3), "Short gave contexts of 3 and responses of 1"),
    ],
    ids=["contexts", "responses", "width"],
)
def test_a_model_that_breaks_its_promise_is_named(model, said):
    with pytest.raises(PluginError, match=rf"{said}; it must give one vector each"):
        RetrievalResponder(model, ["a", "bb"]).respond(exchanges(2))


def test_a_corpus_stands_for_its_distinct_responses(corpus):
    responder = RetrievalResponder(Table([[1.0]], [[1.0]]), corpus)
    assert responder.candidates.texts == corpus.responses().texts


def test_printed_responses_show_no_text():
    pool = Candidates(("grumble", "Well done."), np.array([True, False]))
    found = Responses(pool, np.array([[0], [1]]), np.array([[1.0], [2.0]], dtype=np.float32))
    assert repr(found) == "<Responses: 2 of 2 candidates, 1 planted>"
