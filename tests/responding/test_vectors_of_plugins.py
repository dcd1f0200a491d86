"""A model of anybody's: tensors and lists are vectors, anything else is one sentence."""

import numpy as np
import pytest
import torch

from semspill import Exchange, RankingTask, RetrievalResponder
from semspill.corpus import ContextFormat
from semspill.encoders import BiEncoder
from semspill.errors import PluginError

ASKED = [Exchange(f"d{i}", 1, "joy", ("hi",), text) for i, text in enumerate("ab")]
ROWS = [[1.0, 0.0], [0.0, 1.0]]


class Model(BiEncoder):
    """Gives what it is made of, whatever is asked."""

    context = ContextFormat()

    def __init__(self, contexts, responses=None):
        self.contexts = contexts
        self.responses = contexts if responses is None else responses

    def encode_contexts(self, exchanges, *, progress=None):
        return self.contexts

    def encode_responses(self, texts, *, progress=None):
        return self.responses


@pytest.mark.parametrize(
    "given",
    [
        torch.tensor(ROWS, requires_grad=True),
        torch.tensor(ROWS, dtype=torch.bfloat16),
        torch.tensor(ROWS, dtype=torch.int64),
        ROWS,
        tuple(map(tuple, ROWS)),
        [[1, 0], [0, 1]],
        [[True, False], [False, True]],
        [np.array([1.0, 0.0]), np.array([0.0, 1.0])],
        list(torch.tensor(ROWS)),
    ],
    ids=["grad", "bfloat16", "int64", "lists", "tuples", "ints", "bools", "arrays", "tensors"],
)
def test_what_can_be_an_array_is_one(given):
    found = RetrievalResponder(Model(given), ["a", "b"]).respond(ASKED)
    assert found.indices.tolist() == [[0], [1]]
    assert found.scores.tolist() == [[1.0], [1.0]]
    task = RankingTask(tuple(ASKED), np.array([[0, 1], [1, 0]]))
    assert task.hits(Model(given)).tolist() == [True, True]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "a value of type NoneType that is no array of numbers"),
        (7, "an array of 0 dimensions"),
        ([0.1, 0.2], "an array of 1 dimensions"),
        ([[0.1], [0.2, 0.3]], "a value of type list that is no array of numbers"),
        ([["a"], ["b"]], "a value of type list that is no array of numbers"),
        ({"a": ROWS}, "a value of type dict that is no array of numbers"),
        (np.zeros((2, 2, 2)), "an array of 3 dimensions"),
        (np.zeros((3, 2)), "3 rows"),
    ],
    ids=["None", "int", "flat", "ragged", "text", "dict", "deep", "many"],
)
@pytest.mark.parametrize("side", ["contexts", "responses"])
def test_anything_else_is_one_sentence(given, said, side):
    model = Model(given, ROWS) if side == "contexts" else Model(ROWS, given)
    if given is None:  # which stands for the default above
        model = Model(None, ROWS) if side == "contexts" else Model(ROWS)
        model.responses = ROWS if side == "contexts" else None
    with pytest.raises(PluginError, match=rf"Model gave {said} for 2 {side}; it must give one vec"):
        RetrievalResponder(model, ["a", "b"]).respond(ASKED)
