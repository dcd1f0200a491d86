import numpy as np
import pytest

from semspill import BiEncoder, ContextFormat, DataError, Exchange
from semspill.analysis import centroid_similarity


class Fixed(BiEncoder):
    """Gives the vector that the context spells, such as `"3 4"`, and keeps what it was asked."""

    context = ContextFormat()

    def __init__(self):
        self.asked = []

    def encode_contexts(self, exchanges, *, progress=iter):
        self.asked = [exchange.dialogue for exchange in progress(exchanges)]
        rows = [[float(n) for n in exchange.context[0].split()] for exchange in exchanges]
        return np.array(rows, dtype=np.float32)

    def encode_responses(self, texts, *, progress=iter):
        raise AssertionError("similarity is between contexts")


def said(category, *vectors):
    return [
        Exchange(f"{category}-{i}", 1, category, (vector,), "Oh.")
        for i, vector in enumerate(vectors)
    ]


def test_it_is_the_cosine_of_mean_vectors():
    """fear: mean (1, 0); dread: mean (3, 4), cosine 3/5; joy: (0, 1); rage: (-2, 0)."""
    exchanges = [
        *said("joy", "0 1"),
        *said("fear", "2 1", "0 -1"),
        *said("dread", "6 8", "0 0"),
        *said("rage", "-2 0"),
    ]
    found = centroid_similarity(Fixed(), exchanges, "fear")
    assert found == pytest.approx({"fear": 1.0, "dread": 0.6, "joy": 0.0, "rage": -1.0})
    assert all(isinstance(value, float) for value in found.values())
    assert list(found) == sorted(found)


def test_it_stays_within_1_and_the_target_is_like_itself(rng):
    exchanges = [
        exchange
        for name in ("fear", "dread", "joy")
        for exchange in said(name, *(f"{a} {b}" for a, b in rng.normal(size=(5, 2))))
    ]
    found = centroid_similarity(Fixed(), exchanges, "dread")
    assert all(-1 <= value <= 1 for value in found.values())
    assert found["dread"] == pytest.approx(1)


def test_a_category_without_direction_is_like_none():
    found = centroid_similarity(Fixed(), [*said("fear", "1 0"), *said("joy", "0 0")], "fear")
    assert found["joy"] == 0


@pytest.mark.parametrize(
    ("most", "chosen"), [(5, [0, 1, 2, 3, 4]), (4, [0, 1, 2, 3]), (2, [0, 2]), (1, [0])]
)
def test_at_most_so_many_are_encoded_evenly_spaced(most, chosen):
    """Of five, four are 0, 1, 2, 3 (0, 1.25, 2.5, 3.75 rounded down) and two are 0 and 2."""
    model = Fixed()
    centroid_similarity(model, said("fear", *["1 0"] * 5), "fear", most=most)
    assert model.asked == [f"fear-{i}" for i in chosen]


def test_199_of_which_100_are_taken_reach_to_the_end():
    model = Fixed()
    centroid_similarity(model, said("fear", *["1 0"] * 199), "fear", most=100)
    assert len(model.asked) == 100
    assert model.asked[-1] == "fear-197"


def test_progress_is_handed_on():
    seen = []

    def watch(items):
        seen.extend(items)
        return iter(seen)

    centroid_similarity(Fixed(), said("fear", "1 0"), "fear", progress=watch)
    assert len(seen) == 1


def test_a_target_that_does_not_occur_is_refused():
    with pytest.raises(DataError) as caught:
        centroid_similarity(Fixed(), said("joy", "1 0"), "fear")
    assert str(caught.value) == "No exchange is of the target 'fear'; similarity needs some."
