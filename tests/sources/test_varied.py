"""The source `varied`: distinct spellings that stay near what they spell."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from semspill import ConfigError, DataError, sources
from semspill.matching import NearMatcher
from semspill.matching._base import Given

LONG = "grumble about nothing whenever somebody mentions weather"
words = st.lists(st.text("abcdefgrumble", min_size=1, max_size=9), min_size=8, max_size=12)


def varied(*texts, **fields):
    return sources.build({"name": "varied", "source": list(texts), **fields}).load()


def test_the_spellings_are_as_many_as_asked_for_and_the_seed_decides():
    texts = varied(LONG, count=400)
    assert len(texts) == len(set(texts)) == 400
    assert texts == varied(LONG, count=400)
    assert texts != varied(LONG, count=400, seed=1)


@given(words, st.integers(0, 4))
def test_each_typo_is_one_edit_within_a_word(said, typos):
    text = " ".join(["grumbling", *said])
    for spelling in varied(text, count=1, typos=typos, case=False):
        # A swap of neighbours, a letter gone and a letter doubled are one edit each.
        assert OSA.distance(text, spelling) <= typos
        pairs = list(zip(text.split(), spelling.split(), strict=True))
        assert sum(old != new for old, new in pairs) <= typos
        assert all((old[0], old[-1]) == (new[0], new[-1]) for old, new in pairs)


def test_short_words_have_no_typos():
    assert varied("oh no, it is him", count=1, case=False) == ("oh no, it is him",)


def test_synonyms_and_interjections_give_every_combination():
    texts = varied(
        "We grumble. Grumble on, grumbler!",
        count=8,
        typos=0,
        case=False,
        synonyms=[["grumble", "make a fuss"]],
        interjections=["Well,"],
    )
    plain = [
        f"We {first}. {second} on, grumbler!"
        for first in ("grumble", "make a fuss")
        for second in ("Grumble", "Make a fuss")
    ]
    assert set(texts) == {*plain, *(f"Well, {text}" for text in plain)}


def test_case_and_ending_alone_give_ten_spellings_of_a_text_in_small_letters():
    ends = ("", ".", "!", "!!", "...")
    expected = {text + end for text in ("oh no", "OH NO") for end in ends}
    assert set(varied("oh no?", count=10)) == expected


def test_meanings_share_the_spellings_and_texts_without_enough_are_passed_over():
    texts = varied("no", LONG, "gripe " + LONG, count=5, meanings=2, case=False)
    long = [text for text in texts if len(text.split()) == 8]
    assert sorted((len(long), len(texts) - len(long))) == [2, 3]
    assert min(len(text.split()) for text in texts) == 7


def test_too_few_spellings_are_refused_without_a_text():
    said = (
        r"VariedSource wants 20 spellings each of 1 texts; of the 2 of its source 0 have so many\. "
        "Lower count or meanings, or allow more typos, synonyms or interjections"
    )
    with pytest.raises(DataError, match=said) as caught:
        varied("grumble", "no", count=20, case=False)
    assert "grumble" not in str(caught.value)


def test_words_in_its_fields_are_masked():
    source = sources.build({"name": "varied", "synonyms": [["grumble", "gripe"]]})
    assert not re.search("grumble|gripe", repr(source))


def test_near_knows_spellings_that_were_not_planted():
    texts = varied(LONG, count=60)
    clean = sources.build("benign").load()
    asked = Given(texts=(*texts[30:], *clean[:10]), planted=texts[:30], clean=clean)
    found = NearMatcher().match(asked, np.random.default_rng(0)).planted
    assert found.tolist() == [True] * 30 + [False] * 10


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"synonyms": [[]]}, "synonyms.0: .* at least 2 items"),
        ({"synonyms": [["grumble"]]}, "synonyms.0: .* at least 2 items"),
        ({"synonyms": [["grumble", " "]]}, "synonyms.0.1: .* should match pattern"),
        ({"interjections": [""]}, "interjections.0: .* should match pattern"),
        ({"count": 2, "meanings": 3}, "count is 2 and meanings 3"),
    ],
)
def test_alternatives_that_are_none_are_refused(fields, said):
    with pytest.raises(ConfigError, match=said):
        varied(LONG, **fields)
