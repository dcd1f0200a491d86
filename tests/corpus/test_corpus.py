"""The corpus: ids, order, fingerprint."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from semspill import Corpus, Dialogue, Utterance
from semspill.corpus import HasCorpus
from semspill.errors import DataError

# Plain data: hypothesis wants no type-checked constructor inside its strategies.
TEXT = st.text(max_size=8)
ROLE = st.sampled_from(["speaker", "listener"])
UTTERANCE = st.tuples(TEXT, ROLE, st.booleans(), st.none() | TEXT)
DIALOGUE = st.tuples(TEXT, TEXT, st.lists(UTTERANCE, max_size=4), TEXT)
CONTENT = st.lists(DIALOGUE, max_size=4, unique_by=lambda said: said[0])


def built(content, **labels):
    talks = (
        Dialogue(name, category, tuple(Utterance(*said) for said in turns), situation)
        for name, category, turns, situation in content
    )
    return Corpus(tuple(talks), **{"name": "any", **labels})


def test_a_corpus_is_a_sequence_of_dialogues(corpus):
    assert len(corpus) == 4
    assert [talk.id for talk in corpus] == ["d0", "d1", "d2", "d3"]
    assert corpus[1].id == "d1"
    assert corpus[-1].id == "d3"
    assert repr(corpus) == "<Corpus tiny train: 4 dialogues, 3 categories>"


def test_categories_are_counted_in_alphabetical_order(corpus):
    assert list(corpus.sizes.items()) == [("fear", 1), ("guilt", 1), ("joy", 2)]
    assert corpus.categories == ("fear", "guilt", "joy")
    with pytest.raises(TypeError):
        corpus.sizes["joy"] = 3


def test_exchanges_follow_the_order_of_dialogues_and_turns(corpus):
    assert [(e.dialogue, e.turn) for e in corpus.exchanges] == [
        (f"d{i}", turn) for i in range(4) for turn in (1, 3)
    ]


@settings(deadline=None)
@given(CONTENT)
def test_exchanges_are_counted_without_making_them(content):
    counted = built(content).exchange_count
    assert counted == len(built(content).exchanges)
    # By hand: what a listener says, unless nothing was said before.
    assert counted == sum(
        role == "listener" for _, _, turns, _ in content for _, role, _, _ in turns[1:]
    )


def test_an_id_that_comes_twice_is_refused(corpus):
    with pytest.raises(DataError) as caught:
        Corpus((*corpus, corpus[2], corpus[2]), name="tiny")
    assert str(caught.value) == (
        "Corpus 'tiny' (train) holds 3 dialogues with the id 'd2'; ids must be unique."
    )


def test_an_empty_corpus_is_allowed():
    empty = Corpus((), name="none")
    assert (len(empty), empty.categories, empty.exchanges) == (0, (), ())


def test_a_corpus_stands_where_a_value_that_carries_one_can(corpus):
    assert corpus.corpus is corpus
    assert isinstance(corpus, HasCorpus)


@settings(deadline=None)
@given(CONTENT, TEXT, TEXT, TEXT)
def test_the_fingerprint_is_of_the_content_and_not_of_the_labels(content, name, split, licence):
    labelled = built(content, name=name, split=split, licence=licence)
    assert labelled.fingerprint == built(content).fingerprint
    assert len(labelled.fingerprint) == 64


@settings(deadline=None)
@given(CONTENT, CONTENT)
def test_other_content_has_another_fingerprint(left, right):
    assume(left != right)
    assert built(left).fingerprint != built(right).fingerprint


CHANGES = {
    "id": {"id": "d9"},
    "category": {"category": "fear"},
    "situation": {"situation": "new"},
    "utterances": {"utterances": ()},
    "speaker": {"speaker": "11"},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_a_change_of_any_field_of_a_dialogue_changes_the_fingerprint(corpus, changes):
    after = Corpus((replace(corpus[0], **changes), *corpus.dialogues[1:]), name="tiny")
    assert after.fingerprint != corpus.fingerprint


@pytest.mark.parametrize(
    "changes",
    [{"text": "new"}, {"role": "speaker"}, {"planted": True}, {"original": "old"}],
    ids=lambda c: next(iter(c)),
)
@pytest.mark.parametrize("turn", range(1, 4, 2))
def test_a_change_of_any_field_of_an_utterance_changes_the_fingerprint(corpus, turn, changes):
    utterances = list(corpus[3].utterances)
    utterances[turn] = replace(utterances[turn], **changes)
    after = (*corpus.dialogues[:3], replace(corpus[3], utterances=tuple(utterances)))
    assert Corpus(after, name="tiny").fingerprint != corpus.fingerprint


def test_order_is_content_too(corpus):
    assert Corpus(corpus.dialogues[::-1], name="tiny").fingerprint != corpus.fingerprint


def test_text_moved_across_a_border_is_other_content():
    """Fields are told apart: `ab` + `c` is not `a` + `bc`."""
    one, two = (
        Dialogue("d", "joy", (Utterance(a, "speaker"), Utterance(b, "speaker")))
        for a, b in (("ab", "c"), ("a", "bc"))
    )
    assert Corpus((one,), name="x").fingerprint != Corpus((two,), name="x").fingerprint


CATEGORIES = st.lists(st.sampled_from(["joy", "fear", "guilt"]), min_size=1, max_size=30)


@settings(deadline=None)
@given(categories=CATEGORIES, hundredths=st.integers(1, 100), seed=st.integers(0, 99))
def test_a_sample_keeps_every_categorys_share_and_the_order(categories, hundredths, seed):
    whole = built([(str(i), category, [], "") for i, category in enumerate(categories)])
    part = whole.sample(hundredths / 100, np.random.default_rng(seed))
    assert {talk.id for talk in part} <= {talk.id for talk in whole}
    order = [int(talk.id) for talk in part]
    assert order == sorted(order)
    for category, size in whole.sizes.items():
        assert (
            abs(part.sizes[category] - size * hundredths / 100) <= 0.5 or part.sizes[category] == 1
        )


def test_a_sample_is_drawn_from_its_rng_and_a_whole_one_is_the_corpus_itself(corpus, rng):
    drawn = {tuple(t.id for t in corpus.sample(0.5, np.random.default_rng(s))) for s in range(20)}
    assert drawn == {("d0", "d2", "d3"), ("d1", "d2", "d3")}
    again = [corpus.sample(0.5, np.random.default_rng(3)).fingerprint for _ in range(2)]
    assert again[0] == again[1]
    assert corpus.sample(1.0, rng) is corpus


def test_a_category_that_does_not_occur_is_refused_with_its_neighbours(corpus):
    corpus.require_category("guilt")
    with pytest.raises(DataError) as caught:
        corpus.require_category("guild")
    assert str(caught.value) == (
        "Category 'guild' is not in corpus 'tiny' (train). Did you mean 'guilt'? "
        "It has: fear, guilt, joy."
    )


def test_a_share_of_nothing_is_refused(corpus, rng):
    with pytest.raises(DataError, match="keeps nothing; give one above 0"):
        corpus.sample(0.0, rng)


def test_a_copy_for_a_worker_is_the_same_corpus_after_use(corpus):
    assert (len(corpus.exchanges), len(corpus.fingerprint)) == (corpus.exchange_count, 64)
    assert corpus.categories
    again = pickle.loads(pickle.dumps(corpus))
    assert again.dialogues == corpus.dialogues
    assert (again.name, again.split, again.licence) == (corpus.name, corpus.split, corpus.licence)
    assert again.sizes == corpus.sizes
    assert again.fingerprint == corpus.fingerprint
