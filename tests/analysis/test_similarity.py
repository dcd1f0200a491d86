import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from semspill import BiEncoder, ContextFormat, DataError, PluginError
from semspill.analysis import Similarities, Similarity, measure_similarity, similarities


class Counting(BiEncoder):
    """Gives every text the vector (1, 0) in batches of one, and says which format it was in."""

    def __init__(self):
        self.context = ContextFormat()
        self.formats = []

    def encode_contexts(self, exchanges, *, progress=iter):
        self.formats.append(self.context.turns)
        return np.array([[1.0, 0.0] for _ in progress(exchanges)], dtype=np.float32)

    def encode_responses(self, texts, *, progress=iter):
        return np.array([[1.0, 0.0] for _ in progress(texts)], dtype=np.float32)


def returning(matrix):
    """Return a similarity of the user's that measures just this."""

    class Mine(Similarity):
        """What I say it is."""

        citation = "original"

        def measure(self, corpus, model, rng):
            return matrix

    return Mine()


def near(matrix, names=("fear", "joy")):
    return Similarities(name="mine", method="by hand", categories=names, matrix=np.array(matrix))


# The matrix


@given(arrays(np.float64, (3, 3), elements=st.floats(-5, 5)), st.integers(0, 2))
def test_similarity_to_a_target_is_its_column(matrix, place):
    names = ("dread", "fear", "joy")
    assert near(matrix, names).to(names[place]) == {
        name: matrix[row, place] for row, name in enumerate(names)
    }


def test_similarity_to_an_unknown_category_is_refused():
    with pytest.raises(DataError) as caught:
        near(np.eye(2)).to("feer")
    assert str(caught.value) == (
        "The similarities 'mine' do not hold the category 'feer'. Did you mean 'fear'? They hold: "
        "fear, joy."
    )


def test_a_matrix_that_does_not_fit_its_categories_is_refused():
    with pytest.raises(DataError) as caught:
        near(np.eye(3))
    assert str(caught.value) == (
        "The similarities 'mine' cannot be used: its matrix is float64 of shape (3, 3) for 2 "
        "categories."
    )


# What measuring promises


def test_what_is_measured_names_its_definition_and_its_categories(corpus, rng):
    matrix = [[1, 0, 2], [0, 1, 0], [3, 0, 1]]
    found = measure_similarity(returning(matrix), corpus, Counting(), rng)
    assert (found.name, found.method) == ("Mine", "What I say it is")
    assert found.categories == ("fear", "guilt", "joy")
    assert found.to("joy") == {"fear": 2.0, "guilt": 0.0, "joy": 1.0}
    assert found.matrix.dtype == np.float64


def test_a_registered_definition_is_called_by_its_name(corpus, rng):
    found = measure_similarity(similarities.build("label"), corpus, Counting(), rng)
    assert found.name == "label"


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        (np.eye(2), "its matrix is float64 of shape (2, 2) for 3 categories"),
        (np.ones(3), "its matrix is float64 of shape (3,) for 3 categories"),
        (None, "its matrix is object of shape () for 3 categories"),
        ([["a"] * 3] * 3, "its matrix is <U1 of shape (3, 3) for 3 categories"),
        ([[1.0], [1.0, 2.0], [1.0]], "the rows of its matrix differ in length"),
        (np.full((3, 3), np.nan), "its matrix holds NaN or infinity"),
        (np.full((3, 3), np.inf), "its matrix holds NaN or infinity"),
    ],
)
def test_a_definition_that_returns_something_else_is_named(corpus, rng, matrix, said):
    with pytest.raises(PluginError) as caught:
        measure_similarity(returning(matrix), corpus, Counting(), rng)
    assert str(caught.value) == (
        f"Mine.measure broke its promise: {said}; it must return one finite number for each pair "
        "of categories."
    )


@pytest.mark.parametrize(("name", "batches"), [("centroid", 8), ("label", 3)])
def test_progress_wraps_the_batches_of_the_model(corpus, rng, name, batches):
    seen = []

    def watch(items):
        seen.extend(items)
        return iter(seen)

    measure_similarity(similarities.build(name), corpus, Counting(), rng, progress=watch)
    assert len(seen) == batches


def test_a_definition_may_set_the_format_and_the_caller_s_model_stays(corpus, rng):
    class Short(Similarity):
        """Look at the last utterance."""

        citation = "original"

        def measure(self, corpus, model, rng):
            model.context = model.context.replace(turns=1)
            model.encode_contexts(corpus.exchanges)
            return np.eye(3)

    model = Counting()
    measure_similarity(Short(), corpus, model, rng)
    assert model.formats == [1]
    assert model.context.turns == ContextFormat().turns
