"""Who is selected: one category, or anyone as a control."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import selectors
from semspill.errors import ConfigError, DataError


def chosen(corpus, seed=0, **fields):
    return selectors.build(fields).select(corpus, np.random.default_rng(seed)).tolist()


def test_a_category_is_selected_whole_and_in_corpus_order(corpus):
    assert chosen(corpus, name="category", category="joy") == [0, 1]
    assert chosen(corpus, name="category", category="guilt") == [3]


def test_an_unknown_category_names_the_nearest_and_all(corpus):
    with pytest.raises(DataError) as caught:
        chosen(corpus, name="category", category="gilt")
    assert str(caught.value) == (
        "Category 'gilt' is not in corpus 'tiny' (train). Did you mean 'guilt'? "
        "It has: fear, guilt, joy."
    )


def test_a_category_selector_needs_its_category():
    with pytest.raises(ConfigError, match=r"category: Field required"):
        selectors.build("category")


@settings(deadline=None)
@given(sizes=st.lists(st.sampled_from(["joy", "fear"]), min_size=1, max_size=20), data=st.data())
def test_random_draws_distinct_dialogues_of_the_corpus(corpus_of, sizes, data):
    corpus = corpus_of(*[(category, 1) for category in sizes])
    count = data.draw(st.integers(1, len(corpus)))
    seed = data.draw(st.integers(0, 99))
    drawn = chosen(corpus, seed, name="random", dialogues=count)
    assert len(drawn) == len(set(drawn)) == count
    assert set(drawn) <= set(range(len(corpus)))


def test_random_takes_all_by_default_and_in_an_order_that_the_seed_decides(corpus_of):
    corpus = corpus_of(*[("joy", 1)] * 20)
    assert sorted(chosen(corpus, name="random")) == list(range(20))
    assert chosen(corpus, 1, name="random") == chosen(corpus, 1, name="random")
    assert chosen(corpus, 1, name="random") != chosen(corpus, 2, name="random")


def test_random_as_a_control_crosses_categories(corpus_of):
    corpus = corpus_of(*[("joy", 1), ("fear", 1)] * 20)
    drawn = chosen(corpus, name="random", dialogues=10)
    assert {corpus[i].category for i in drawn} == {"joy", "fear"}


def test_random_refuses_more_than_there_are(corpus):
    with pytest.raises(DataError, match=r"asked for 5 dialogues; corpus 'tiny' has 4\."):
        chosen(corpus, name="random", dialogues=5)


@pytest.mark.parametrize("count", [0, -1, 1.5])
def test_random_refuses_counts_that_are_none(count):
    with pytest.raises(ConfigError, match="dialogues"):
        selectors.build({"name": "random", "dialogues": count})
