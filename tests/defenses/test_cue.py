"""Cues: what contexts show in training and in answering, worked out by hand."""

from collections import Counter

import numpy as np
import pytest

from semspill import BiEncoder, ContextFormat, Corpus, Dialogue, Poisoner, Utterance
from semspill.defenses import Aid, CrossFittedLabels, Cue
from semspill.errors import ConfigError, DataError
from semspill.labellers import Labelling


def talk(name, category, said, answer="Well."):
    return Dialogue(name, category, (Utterance(said, "speaker"), Utterance(answer, "listener")))


SAID = ("a dog", "two dogs", "my exam", "that exam", "a hound")
CORPUS = Corpus(
    tuple(talk(f"d{n}", "joy" if n % 2 else "fear", said) for n, said in enumerate(SAID)),
    name="talks",
)


class Topics(BiEncoder):
    """Contexts of exams point one way, all others another, and none are quite alike."""

    def encode_contexts(self, exchanges, *, progress=None):
        exams = np.array(["exam" in exchange.context[-1] for exchange in exchanges])
        off = 0.01 * np.arange(len(exams))
        return np.stack([exams + off, 1 - exams], axis=1).astype(np.float32)

    def encode_responses(self, texts, *, progress=None):
        raise AssertionError("a cue hangs on contexts alone")


def rng():
    return np.random.default_rng(0)


def heads(cue, corpus=CORPUS, own=None, **aid):
    """What the first exchange begins with in training and in answering."""
    training, answering = cue.contexts(*[own or ContextFormat()] * 2)
    prepared = cue.prepare(corpus, Aid(**aid).of(cue), rng())
    trained = training.apply(prepared.exchanges[0]).head
    return trained, answering.apply(corpus.exchanges[0]).head


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, ("fear", "")),
        ({"training": "none", "answering": "gold"}, ("", "fear")),
        ({"training": "same", "answering": "gold"}, ("", "fear")),
        ({"prompt": "Be rude."}, ("Be rude. fear", "")),
        ({"training": "same", "answering": "same", "prompt": "Be rude."}, ("Be rude.", "")),
        (
            {"training": "same", "prompt": "Be kind.", "prompt_in": "answering"},
            ("", "Be kind."),
        ),
    ],
    ids=str,
)
def test_what_training_and_answering_show(fields, shown):
    assert heads(Cue(**fields)) == shown


def test_what_is_the_same_stays_as_the_experiment_has_it():
    own = ContextFormat(label="gold", turns=2, max_tokens=9, prompt="Hello.")
    training, answering = Cue(training="same", answering="none").contexts(own, own)
    assert training == own
    assert answering == own.replace(label="none")


def test_cells_tell_contexts_apart_without_any_category():
    cue = Cue(training="cells", cells=2)
    cells = [e.label for e in cue.prepare(CORPUS, Aid(encoder=Topics()), rng()).exchanges]
    assert cells[0] == cells[1] == cells[4] != cells[2] == cells[3]
    shown = heads(cue, encoder=Topics())
    assert shown == (cells[0], "")  # no test context needs a cell
    with pytest.raises(ConfigError, match="encoder"):
        Aid().of(cue)


def test_there_are_at_most_as_many_cells_as_contexts():
    cue = Cue(training="cells", cells=32)
    labels = cue.prepare(CORPUS, Aid(encoder=Topics()), rng()).labels
    assert len(labels) == 5
    assert len(set(labels)) == 4  # both exams lie in one direction


@pytest.mark.parametrize("corpus", [Corpus((), name="none"), CORPUS], ids=["empty", "labelled"])
def test_a_cue_of_the_category_leaves_the_corpus_as_it_is(corpus):
    assert Cue().prepare(corpus, Aid(), rng()) is corpus


def many(labels=()):
    talks = tuple(talk(f"d{n}", "abcd"[n % 4], str(n)) for n in range(80))
    return Corpus(talks, name="many", labels=labels)


@pytest.mark.parametrize("training", ["gold", "predicted", "cells"])
def test_the_control_shows_as_many_of_each_label_in_the_wrong_places(training):
    corpus = many(tuple("wxyz"[n // 20] for n in range(80)))
    cue = Cue(training=training, cells=4)
    control = cue.control()
    aid = Aid(encoder=Topics())
    before = {
        "gold": [exchange.category for exchange in corpus.exchanges],
        "predicted": list(corpus.labels),
        "cells": list(cue.prepare(corpus, aid, rng()).labels),
    }[training]
    after = control.prepare(corpus, aid, rng()).labels
    assert Counter(after) == Counter(before)
    assert np.mean([old == new for old, new in zip(before, after, strict=True)]) < 0.5
    training, answering = control.contexts(ContextFormat(), ContextFormat())
    assert (training.label, answering.label) == ("predicted", "none")
    assert control.control() is None


def test_a_cue_without_labels_in_training_has_no_control():
    assert Cue(training="none", answering="gold").control() is None
    assert Cue(training="same", prompt="Be rude.").control() is None


def test_labels_that_are_not_there_cannot_be_shuffled():
    with pytest.raises(DataError, match="none"):
        Cue(training="predicted", shuffled=True).prepare(CORPUS, Aid(), rng())


@pytest.mark.parametrize(
    "fields",
    [
        {"training": "same", "answering": "same"},
        {"training": "same", "shuffled": True},
        {"training": "none", "answering": "gold", "shuffled": True},
        {"answering": "cells"},
    ],
    ids=str,
)
def test_what_changes_nothing_or_cannot_be_is_refused(fields):
    with pytest.raises(ConfigError):
        Cue(**fields)


# Cross-fitted labels


OWN = {"name": "tfidf", "rarest": 1}


def right(corpus):
    """The share of labels that are the category, of planted copies and of all other exchanges."""
    copies = ["#planted-" in exchange.dialogue for exchange in corpus.exchanges]
    told = np.array([exchange.label == exchange.category for exchange in corpus.exchanges])
    return told[copies].mean(), told[~np.array(copies)].mean()


def test_cross_fitted_labels_know_neither_their_own_dialogue_nor_its_copy():
    """Every dialogue has a word of its own: in sample it gives the category away."""
    talks = tuple(talk(f"d{n}", ("fear", "joy")[n % 2], f"word{n} word{n}") for n in range(80))
    selector = {"name": "category", "category": "fear"}
    poisoner = Poisoner(selector=selector, placement="append", budget=0.25)
    bare = poisoner.poison(Corpus(talks, name="own words"), rng()).corpus
    labelled = Labelling(labeller=OWN).fit(bare, rng()).label(bare)
    fitted = CrossFittedLabels(labeller=OWN, folds=4).prepare(labelled, Aid(), rng())
    assert right(labelled) == (1, 1)
    assert fitted.dialogues == bare.dialogues
    assert max(right(fitted)) <= 0.6


def test_cross_fitted_labels_are_shown_in_training_and_answering():
    formats = CrossFittedLabels().contexts(ContextFormat(turns=2), ContextFormat(label="gold"))
    assert [one.label for one in formats] == ["predicted", "predicted"]
    assert formats[0].turns == 2


def test_one_category_cannot_be_cross_fitted():
    with pytest.raises(DataError, match="two categories"):
        CrossFittedLabels().prepare(Corpus((CORPUS[0],), name="one"), Aid(), rng())
