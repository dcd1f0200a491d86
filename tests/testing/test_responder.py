"""What answers: a callable that sees contexts only, or a retrieval responder."""

import numpy as np
import pytest

from semspill import RetrievalResponder, encoders
from semspill.errors import DataError
from semspill.testing import ServiceError
from semspill.testing._safety._responding import answers_of, exchanges_of


def test_a_callable_is_asked_once_and_sees_nothing_but_what_was_said_before(corpus):
    asked = []

    def responder(contexts):
        asked.append(contexts)
        return [f"{len(context)}" for context in contexts]

    assert answers_of(responder, corpus.exchanges[:2]) == ("1", "3")
    assert asked == [
        [("I won a prize.",), ("I won a prize.", "Tell me more 0.", "It was yesterday.")]
    ]


def test_a_retrieval_responder_gets_the_exchanges(corpus):
    model = encoders.build("hashing").load(np.random.default_rng(0))
    responder = RetrievalResponder(model, corpus)
    expected = responder.respond(corpus.exchanges).texts
    assert answers_of(responder, corpus.exchanges) == expected


def test_no_context_needs_no_answer():
    assert answers_of(lambda contexts: [], ()) == ()


@pytest.mark.parametrize(
    ("answers", "came"),
    [
        (["one"], "1 answers"),
        (["a"] * 9, "9 answers"),
        ("12345678", "an object of type str"),
        ({"a": 1}, "an object of type dict"),
        (None, "an object of type NoneType"),
        ((str(i) for i in range(8)), "an object of type generator"),
        (["a"] * 7 + [None], "answers of type NoneType"),
        ([b"grumble"] * 8, "answers of type bytes"),
    ],
)
def test_anything_but_one_text_each_is_refused_without_showing_it(corpus, answers, came):
    with pytest.raises(DataError, match=f"returned {came} for 8 contexts; return a list") as error:
        answers_of(lambda contexts: answers, corpus.exchanges)
    assert "grumble" not in str(error.value)


def test_what_cannot_be_asked_is_named():
    with pytest.raises(
        DataError, match="The baseline is an object of type str; give a ChatService"
    ):
        answers_of("x", (), "baseline")


@pytest.mark.parametrize("wrong", [[], None, "corpus"])
def test_what_is_no_corpus_is_named(wrong):
    said = f"The corpus is an object of type {type(wrong).__name__}; give a Corpus"
    with pytest.raises(DataError, match=said):
        exchanges_of(wrong)


def test_a_slice_of_a_corpus_is_refused_with_the_line_that_makes_it_one(corpus):
    with pytest.raises(DataError, match=r"a tuple of 2 dialogues; give a Corpus .*sp\.Corpus\("):
        exchanges_of(corpus[:2])


def test_a_function_of_messages_that_is_not_wrapped_is_told_how(corpus):
    def chat(messages):
        return messages[-1]["grumble"]

    with pytest.raises(
        ServiceError, match=r"TypeError \(test_responder.py, line.*ChatService\("
    ) as e:
        answers_of(chat, corpus.exchanges)
    assert isinstance(e.value.raised, TypeError)
    assert "grumble" not in str(e.value)
    assert e.value.__cause__ is None
