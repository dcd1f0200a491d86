"""What a context shows to the encoder, by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import ContextFormat, Exchange
from semspill.corpus import Text
from semspill.errors import ConfigError

FIVE = Exchange("d", 5, "afraid", ("a", "b", "c", "d", "e"), "no")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, Text("", "b c d e")),
        ({"label": "none"}, Text("", "b c d e")),
        ({"label": "gold"}, Text("afraid", "b c d e")),
        ({"label": "gold", "turns": 1}, Text("afraid", "e")),
        ({"turns": 5}, Text("", "a b c d e")),
        ({"turns": 99}, Text("", "a b c d e")),
        ({"turns": 2, "separator": " | "}, Text("", "d | e")),
        ({"turns": 2, "separator": ""}, Text("", "de")),
        ({"turns": 1, "prompt": "Hi."}, Text("Hi.", "e")),
        ({"turns": 1, "prompt": "Hi.", "label": "gold"}, Text("Hi. afraid", "e")),
    ],
    ids=str,
)
def test_the_label_and_the_last_turns_oldest_first(fields, text):
    assert ContextFormat(**fields).apply(FIVE) == text


def test_an_exchange_without_context_has_an_empty_tail():
    opening = Exchange("d", 0, "joy", (), "no")
    assert ContextFormat().apply(opening) == Text("", "")
    assert ContextFormat(label="gold").apply(opening) == Text("joy", "")


@settings(deadline=None)
@given(st.lists(st.text("xyz", max_size=3), max_size=6).map(tuple), st.integers(1, 8))
def test_never_more_than_the_turns_asked_for_and_always_the_newest(context, turns):
    text = ContextFormat(turns=turns, separator="|").apply(Exchange("d", 9, "joy", context, "no"))
    shown = text.tail.split("|") if context else []
    assert shown == list(context[max(len(context) - turns, 0) :])


@pytest.mark.parametrize("fields", [{"turns": 0}, {"max_tokens": 3}, {"label": "perhaps"}])
def test_bounds_are_kept(fields):
    with pytest.raises(ConfigError, match=next(iter(fields))):
        ContextFormat(**fields)


def test_a_format_without_a_prompt_is_written_as_before_there_were_prompts():
    assert set(ContextFormat().model_dump()) == {"label", "turns", "max_tokens", "separator"}
    prompted = ContextFormat(prompt="Be kind.")
    assert ContextFormat(**prompted.model_dump()) == prompted
