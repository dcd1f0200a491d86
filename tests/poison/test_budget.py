"""The budget is a promise: never more planted exchanges than its share of the clean corpus."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import Poisoner, strategies
from semspill.errors import DataError

JOY = {"name": "category", "category": "joy"}
NAMES = [name for name in strategies.names() if name.endswith(("fixed", "random"))]
SIZES = st.lists(st.tuples(st.sampled_from(["joy", "fear"]), st.integers(1, 4)), max_size=12)


@st.composite
def plans(draw):
    placement = draw(st.sampled_from(["replace", "append"]))
    return {
        "placement": placement,
        "thousandths": draw(st.integers(1, 1000)),
        "rate": draw(st.integers(1, 10 if placement == "replace" else 40)) / 10,
        "strategy": draw(st.sampled_from(NAMES)),
        "taint_context": draw(st.booleans()),
    }


@settings(max_examples=150, deadline=None)
@given(sizes=SIZES, plan=plans(), seed=st.integers(0, 999))
def test_the_budget_is_never_exceeded(corpus_of, grumbles, sizes, plan, seed):
    clean = corpus_of(("joy", 1), *sizes)
    limit = plan["thousandths"] * len(clean.exchanges) // 1000  # exact, in integers
    fields = {key: value for key, value in plan.items() if key != "thousandths"}
    poisoner = Poisoner(
        selector=JOY, source=grumbles(), budget=plan["thousandths"] / 1000, **fields
    )
    try:
        poisoned = poisoner.poison(clean, np.random.default_rng(seed))
    except DataError as error:
        assert "too few for one dialogue" in str(error)  # noqa: PT017
        return
    planted = [e for e in poisoned.corpus.exchanges if e.planted]
    summary = poisoned.manifest.summary
    assert 1 <= len(planted) <= limit == summary.limit
    assert summary.planted == len(poisoned.manifest) == len(planted)
    assert {e.category for e in planted} == {"joy"}
    assert summary.poisoned <= summary.wanted
    grown = summary.poisoned if plan["placement"] == "append" else 0
    assert len(poisoned.corpus) == len(clean) + grown
    poisoned.manifest.check(poisoned.corpus)


@settings(deadline=None)
@given(talks=st.integers(2, 30), hundredths=st.integers(1, 100))
def test_one_planted_turn_per_dialogue_uses_the_budget_up(corpus_of, grumbles, talks, hundredths):
    clean = corpus_of(*[("joy", 1)] * talks)
    limit = hundredths * talks // 100
    poisoner = Poisoner(selector=JOY, source=grumbles(), budget=hundredths / 100)
    if limit:
        summary = poisoner.poison(clean, np.random.default_rng(0)).manifest.summary
        assert summary.planted == summary.poisoned == limit
        assert summary.subset is (limit < talks)
    else:
        with pytest.raises(DataError, match="allows 0 planted exchanges"):
            poisoner.poison(clean, np.random.default_rng(0))


def subset(clean, grumbles, seed):
    poisoner = Poisoner(selector=JOY, source=grumbles(), budget=0.1)
    manifest = poisoner.poison(clean, np.random.default_rng(seed)).manifest
    return manifest.summary, {record.victim for record in manifest.records}


def test_a_selection_over_budget_is_cut_to_a_seeded_subset_and_the_summary_says_so(
    corpus_of, grumbles
):
    clean = corpus_of(*[("joy", 2)] * 12, *[("fear", 1)] * 16)  # 40 exchanges, 4 may be planted
    summary, victims = subset(clean, grumbles, 0)
    assert summary.subset
    assert str(summary) == (
        "4 of 40 exchanges planted (10.00%), in 4 of 12 selected dialogues; "
        "the budget of 4 exchanges left 4 of 12 dialogues"
    )
    assert subset(clean, grumbles, 0)[1] == victims
    assert any(subset(clean, grumbles, seed)[1] != victims for seed in range(1, 5))


def test_every_selected_dialogue_is_as_likely_to_be_in_the_subset(corpus_of, grumbles):
    clean = corpus_of(*[("joy", 1)] * 5, *[("fear", 1)] * 5)
    hits = Counter(v for seed in range(200) for v in subset(clean, grumbles, seed)[1])
    assert set(hits) == {"d0", "d1", "d2", "d3", "d4"}
    assert min(hits.values()) > 20  # 40 expected; below 20 has a chance of one in ten thousand


def test_a_selection_within_budget_is_not_called_a_subset(corpus_of, grumbles):
    clean = corpus_of(("joy", 1), *[("fear", 1)] * 9)
    summary, _ = subset(clean, grumbles, 0)
    assert not summary.subset
    assert str(summary) == "1 of 10 exchanges planted (10.00%), in 1 of 1 selected dialogues"


def test_a_budget_too_small_for_one_dialogue_says_so(corpus_of, grumbles, rng):
    clean = corpus_of(("joy", 3), *[("fear", 1)] * 17)  # 20 exchanges, 2 may be planted
    poisoner = Poisoner(selector=JOY, source=grumbles(), strategy="each_fixed", budget=0.1)
    with pytest.raises(DataError) as caught:
        poisoner.poison(clean, rng)
    assert str(caught.value) == (
        "A budget of 0.1 allows 2 planted exchanges out of 20, too few for one dialogue; "
        "raise the budget."
    )


@pytest.mark.parametrize(("budget", "planted"), [(0.29, 29), (0.57, 57), (0.07, 7), (1.0, 100)])
def test_a_budget_counts_as_the_decimal_it_is_written_as(corpus_of, grumbles, rng, budget, planted):
    # In binary 0.29 * 100 is 28.999999999999996; the adversary still has 29.
    clean = corpus_of(*[("joy", 1)] * 100)
    poisoned = Poisoner(selector=JOY, source=grumbles(), budget=budget).poison(clean, rng)
    assert len(poisoned.manifest) == planted
