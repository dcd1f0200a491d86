"""The eight strategies: two axes, which listener turns and which response."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chisquare

from semspill import strategies

TURNS = {"first": {1}, "last": {5}, "each": {1, 3, 5}}
NAMES = [f"{where}_{what}" for where in (*TURNS, "random") for what in ("fixed", "random")]
RESPONSES = ("grumble a", "grumble b", "grumble c")
FIFTEEN = tuple(f"grumble {i}" for i in range(15))


def changed(before, after):
    pairs = zip(before.utterances, after.utterances, strict=True)
    return {turn for turn, (old, new) in enumerate(pairs) if old != new}


@pytest.fixture(scope="module")
def victims(corpus_of):
    return corpus_of(*[("fear", 3)] * 40).dialogues


def test_the_eight_names_are_the_two_axes():
    assert set(strategies.names()) >= set(NAMES)
    assert len(NAMES) == 8


@pytest.mark.parametrize("name", NAMES)
def test_the_planted_turns_are_those_of_the_name(name, victims, rng):
    rewritten = strategies.build(name).rewrite(victims, RESPONSES, rng)
    hits = [changed(old, new) for old, new in zip(victims, rewritten, strict=True)]
    where = name.split("_")[0]
    if where == "random":
        assert all(len(hit) == 1 for hit in hits)
        assert set.union(*hits) == {1, 3, 5}
    else:
        assert all(hit == TURNS[where] for hit in hits)


@pytest.mark.parametrize("name", NAMES)
def test_fixed_plants_one_text_and_random_plants_several(name, victims, rng):
    rewritten = strategies.build(name).rewrite(victims, RESPONSES, rng)
    planted = {
        new.utterances[turn].text
        for old, new in zip(victims, rewritten, strict=True)
        for turn in changed(old, new)
    }
    if name.endswith("fixed"):
        assert len(planted) == 1
        assert planted < set(RESPONSES)
    else:
        assert planted == set(RESPONSES)


def test_each_random_draws_anew_for_every_turn_of_one_dialogue(victims, rng):
    rewritten = strategies.build("each_random").rewrite(victims, RESPONSES, rng)
    assert any(len({u.text for u in talk.utterances[1::2]}) > 1 for talk in rewritten)


def test_each_distinct_repeats_a_response_only_when_all_were_planted(victims, rng):
    rewritten = strategies.build("each_distinct").rewrite(victims[:5], FIFTEEN, rng)
    turns = [turn for talk in rewritten for turn in talk.utterances[1::2]]
    assert sorted(turn.text for turn in turns) == sorted(FIFTEEN)
    rewritten = strategies.build("each_distinct").rewrite(victims, RESPONSES, rng)
    assert all({u.text for u in talk.utterances[1::2]} == set(RESPONSES) for talk in rewritten)
    orders = {tuple(u.text for u in talk.utterances[1::2]) for talk in rewritten}
    assert len(orders) == 6


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_listener_texts_changes(name, victims, rng):
    rewritten = strategies.build(name).rewrite(victims, RESPONSES, rng)
    for old, new in zip(victims, rewritten, strict=True):
        assert replace(new, utterances=old.utterances) == old
        assert new.utterances[::2] == old.utterances[::2]
        assert [u.role for u in new.utterances] == [u.role for u in old.utterances]


@pytest.mark.parametrize("name", NAMES)
def test_the_only_response_of_a_short_dialogue_is_planted(name, corpus_of, rng):
    (after,) = strategies.build(name).rewrite(corpus_of(("fear", 1)).dialogues, ("grumble",), rng)
    assert [u.text for u in after.utterances] == ["s0.0", "grumble"]


@pytest.mark.parametrize("name", NAMES)
def test_a_listener_who_opens_the_dialogue_is_left_alone(name, corpus_of, rng):
    whole = corpus_of(("fear", 2))[0]
    opened = replace(whole, utterances=whole.utterances[1:])  # listener, speaker, listener
    (after,) = strategies.build(name).rewrite((opened,), ("grumble",), rng)
    assert [u.text for u in after.utterances] == ["l0.0", "s0.1", "grumble"]


@pytest.mark.parametrize("name", NAMES)
def test_the_rng_alone_decides(name, victims):
    def run(seed):
        return strategies.build(name).rewrite(victims, RESPONSES, np.random.default_rng(seed))

    assert run(1) == run(1)
    assert any(run(1) != run(seed) for seed in range(2, 12))


def test_a_fixed_response_is_drawn_evenly_over_seeds(corpus_of):
    victims = corpus_of(("fear", 1)).dialogues
    drawn = [
        strategies.build("last_fixed")
        .rewrite(victims, RESPONSES, np.random.default_rng(seed))[0]
        .response(-1)
        for seed in range(600)
    ]
    assert chisquare([drawn.count(text) for text in RESPONSES]).pvalue > 0.001


def test_a_random_turn_is_drawn_evenly(corpus_of, rng):
    victims = corpus_of(*[("fear", 3)] * 900).dialogues
    rewritten = strategies.build("random_fixed").rewrite(victims, ("grumble",), rng)
    hits = [changed(old, new).pop() for old, new in zip(victims, rewritten, strict=True)]
    assert chisquare([hits.count(turn) for turn in (1, 3, 5)]).pvalue > 0.001


def test_only_last_fixed_is_called_the_papers():
    for name in NAMES:
        cls = strategies.get(name)
        papers = name == "last_fixed"
        assert ("paper" in cls.__doc__) is papers
        assert cls.citation.startswith("original") is not papers
