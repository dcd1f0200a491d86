"""Matchers of texts: distances by hand, and a threshold that keeps its promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import ConfigError, PluginError
from semspill.matching import (
    ExactMatcher,
    Given,
    Matcher,
    Matches,
    NearMatcher,
    calibrated,
    matches_of,
    plain,
    similarity,
)

RNG = np.random.default_rng(0)


def edits(first, second):
    """The Levenshtein distance by its recursion, row by row."""
    row = list(range(len(second) + 1))
    for place, letter in enumerate(first, 1):
        above, row = row, [place]
        for column, other in enumerate(second, 1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (letter != other)))
    return row[-1]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("You grumble!", "you grumble"),
        ("  YOU\n grumble...", "you grumble"),
        ("“You”, grumble?!", "you grumble"),
        ("Ｙｏｕ ｇｒｕｍｂｌｅ", "you grumble"),  # noqa: RUF001  # full width, that is compatible
        ("Straße", "STRASSE"),
        ("don't", "dont"),
        ("¡¿?!", "¡¿?!"),
    ],
)
def test_equal_but_for_case_spacing_and_punctuation(text, same):
    found = ExactMatcher().match(Given((text, f"{text} now"), (same,)), RNG)
    assert found.planted.tolist() == [True, False]


def test_what_is_only_punctuation_equals_no_other_punctuation():
    found = ExactMatcher().match(Given(("?!", "!!!", ""), ("?!", "Go.")), RNG)
    assert found.planted.tolist() == [True, False, False]


def test_exact_counts_the_clean_responses_that_equal_a_planted_one():
    found = ExactMatcher().match(Given(("a",), ("Go!", "no"), ("go", "Oh.", "go on", "No")), RNG)
    assert found.false_matches == 0.5
    assert ExactMatcher().match(Given(("a",), ("Go!",)), RNG).false_matches is None


def test_nothing_planted_matches_nothing_and_no_text_gives_no_match():
    for matcher in (ExactMatcher(), NearMatcher(threshold=0.5)):
        assert matcher.match(Given(("a", "b"), ()), RNG).planted.tolist() == [False, False]
        assert matcher.match(Given((), ("a",)), RNG).planted.tolist() == []


def test_similarity_is_by_the_edits_that_it_takes_counted_by_hand():
    # kitten, sitting: three edits, seven letters. An empty text shares nothing with others.
    assert similarity(["Kitten!", "sitting", ""], ["sitting"]).tolist() == pytest.approx(
        [4 / 7, 1, 0]
    )
    # The nearest planted text counts.
    assert similarity(["abcd"], ["abxy", "abcx"]).tolist() == [0.75]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text("abc ", max_size=8), max_size=6), st.lists(st.text("abc", min_size=1)))
def test_similarity_is_that_of_the_definition(texts, planted):
    want = [
        max(
            (
                1 - edits(plain(text), plain(one)) / max(len(plain(text)), len(plain(one)), 1)
                for one in planted
            ),
            default=0,
        )
        for text in texts
    ]
    assert similarity(texts, planted).tolist() == pytest.approx(want)
    lowest = [value if value >= 0.5 else 0 for value in want]
    assert similarity(texts, planted, 0.5).tolist() == pytest.approx(lowest)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.75, 0.9, 1.0]), min_size=1),
    st.floats(0, 0.99),
)
def test_a_calibrated_threshold_lets_no_more_match_and_is_no_higher_than_it_must(clean, rate):
    values = np.array(clean)
    threshold = calibrated(values, rate)
    assert 0.5 <= threshold <= 1
    assert (values >= threshold).mean() <= rate + 1e-9 or threshold == 1
    below = values[(values < threshold) & (values >= 0.5)]
    if below.size:  # the next lower one would let too many match
        assert (values >= below.max()).mean() > rate


WORDS = st.lists(st.sampled_from("you go home grumble now bird tree the".split()), min_size=1)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(WORDS.map(" ".join), min_size=1, max_size=30).map(tuple),
    st.lists(WORDS.map(" ".join), min_size=1, max_size=4).map(tuple),
    st.floats(0, 0.5),
)
def test_near_matches_no_more_clean_responses_than_allowed_and_all_that_exact_does(
    clean, planted, rate
):
    clean = tuple(dict.fromkeys(clean))
    texts = (*clean, *(f"{text.upper()}!" for text in planted))
    asked = Given(texts, planted, clean)
    near = NearMatcher(false_match_rate=rate).match(asked, RNG)
    exact = ExactMatcher().match(asked, RNG)
    assert not (exact.planted & ~near.planted).any()
    assert near.planted[len(clean) :].all()
    assert near.false_matches == near.planted[: len(clean)].mean()
    assert near.false_matches <= max(rate + 1e-9, exact.false_matches)


def test_a_given_threshold_is_taken_and_the_share_of_clean_matches_told():
    # "go home" and "go homes": one edit of eight letters.
    asked = Given(("Go homes.", "go hom", "bird"), ("Go home",), ("go homes", "bird", "tree", "no"))
    found = NearMatcher(threshold=0.875).match(asked, RNG)
    assert (found.planted.tolist(), found.threshold) == ([True, False, False], 0.875)
    assert found.false_matches == 0.25
    # Calibrated on those four, one may not match at all: only what is nearer counts.
    found = NearMatcher().match(asked, RNG)
    assert found.planted.tolist() == [False, False, False]
    assert found.threshold == pytest.approx(0.875)
    assert found.threshold > 0.875
    assert found.false_matches == 0


def test_near_needs_something_to_calibrate_on():
    with pytest.raises(ConfigError, match=r"and none are given; give a threshold, such as 0\.8\."):
        NearMatcher().match(Given(("a",), ("a",)), RNG)


class Wrong(Matcher):
    """Returns what it is given."""

    citation = "original"
    what: str

    def match(self, given, rng):
        kinds = {"none": None, "few": Matches(np.ones(1, bool)), "number": Matches(np.ones(2))}
        return kinds[self.what]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("none", "Wrong.match returned NoneType; return Matches(planted), with one truth value"),
        ("few", "an array of bool of shape (1,) for 2 responses; return one truth value for each."),
        ("number", "an array of float64 of shape (2,) for 2 responses"),
    ],
)
def test_what_is_no_truth_value_for_each_response_is_refused(what, said):
    with pytest.raises(PluginError) as caught:
        matches_of(Wrong(what=what), Given(("a", "b"), ("a",)), RNG)
    assert said in str(caught.value)
