"""Checks of selectors: the built-in ones pass, and each check trips on a broken one."""

from dataclasses import replace

import numpy as np
import pytest

from semspill import Corpus, Selector, selectors
from semspill.errors import DataError
from semspill.testing import ConformanceError
from semspill.testing._conformance._selector import CHECKS, check_selector

COMMON = {
    "has_a_citation",
    "can_be_named",
    "comes_back_from_its_config",
    "refuses_unknown_fields",
    "never_changes",
    "pickles",
}
BUILT_IN = {"category": {"category": "brave"}, "random": {"dialogues": 7}}


def brave(corpus):
    return [i for i, talk in enumerate(corpus) if talk.category == "brave"]


def turn_around(corpus, rng):
    object.__setattr__(corpus, "dialogues", corpus.dialogues[::-1])
    return [0] if len(corpus) else []


def by_first_word(corpus, rng):
    return [i for i, t in enumerate(corpus) if t.utterances[0].text.split()[0] and not i % 3]


def by_longest(corpus, rng):
    lengths = [len(talk.utterances[0].text) for talk in corpus]
    return [10 * max(lengths)] if max(lengths, default=0) > 9000 else brave(corpus)


def insist(corpus, rng):
    return [brave(corpus)[0]]


class TornError(DataError):
    """Has two arguments and tells its base class of one, so a copy cannot be made."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


def tear(corpus, rng):
    if not len(corpus):
        raise TornError("corpus", "empty")
    return brave(corpus)


def draw_and_forget(corpus, rng):
    np.random.random()  # noqa: NPY002  # what must not be done
    return brave(corpus)


def draw_globally(corpus, rng):
    return np.random.permutation(len(corpus))  # noqa: NPY002  # what must not be done


FAULTS = {
    "floats": (
        lambda corpus, rng: np.array(brave(corpus), dtype=float),
        {"whole_numbers": "they are of type float64. Return an array of dtype int."},
    ),
    "mask": (
        lambda corpus, rng: [talk.category == "brave" for talk in corpus],
        {
            "whole_numbers": "they are of type bool. Return np.flatnonzero(mask).",
            "each_at_most_once": "",
        },
    ),
    "columns": (
        lambda corpus, rng: [[i] for i in brave(corpus)],
        {"whole_numbers": "their shape is 15 x 1. Return one row of indices."},
    ),
    "single": (
        lambda corpus, rng: 0,
        {"whole_numbers": "their shape is a single value. Return", "nothing_to_select": ""},
    ),
    "from one": (
        lambda corpus, rng: [i + 1 for i in range(len(corpus))],
        {"inside_the_corpus": "it gave 60, and the dialogues are 0 to 59", "takes_odd_texts": ""},
    ),
    "from behind": (
        lambda corpus, rng: [-1] if len(corpus) else [],
        {"inside_the_corpus": "it gave -1, and", "takes_odd_texts": ""},
    ),
    "with replacement": (
        lambda corpus, rng: brave(corpus) + brave(corpus)[:2],
        {"each_at_most_once": "2 of 17 came before. Draw without replacement."},
    ),
    "none": (
        lambda corpus, rng: [],
        {"at_least_one": "it found none in corpus 'synthetic'. Give `corpus=` one in which"},
    ),
    "turned around": (
        turn_around,
        {"leaves_the_corpus": "its dialogues or their order changed. Work on a copy"},
    ),
    "first word": (
        by_first_word,
        {"takes_odd_texts": "among odd texts it raised IndexError: list index out of range. Let"},
    ),
    "longest": (
        by_longest,
        {"takes_odd_texts": "among odd texts it gave 100000, and the dialogues are 0 to 67"},
    ),
    "insists": (
        insist,
        {"nothing_to_select": "for an empty corpus it raised IndexError: list index out of range"},
    ),
    "makes up": (
        lambda corpus, rng: brave(corpus) or [0],
        {"nothing_to_select": "for an empty corpus it gave [0]. Return no index."},
    ),
    "torn error": (
        tear,
        {"errors_get_out": "its TornError is lost (TypeError: TornError.__init__() missing 1"},
    ),
    "unseeded": (
        lambda corpus, rng: np.random.default_rng().permutation(len(corpus)),
        {
            "same_rng_same_result": "gives the same dialogues with an equal rng; but the second",
            "blind_to_global_seeds": "",
        },
    ),
    "global": (
        draw_globally,
        {
            "blind_to_global_seeds": "leave random.* and np.random.* alone.",
            "same_rng_same_result": "",
            "leaves_global_generators_alone": "",
        },
    ),
    "global for nothing": (
        draw_and_forget,
        {"leaves_global_generators_alone": "it drew from that of numpy, or seeded it. Draw from"},
    ),
}


class Faulty(Selector):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def select(self, corpus, rng):
        return FAULTS[self.fault][0](corpus, rng)


class Mentions(Selector):
    """Dialogues in which a word occurs, as docs/extend.md has it."""

    citation = "original"
    word: str

    def select(self, corpus, rng):
        said = [" ".join(u.text for u in talk.utterances).casefold() for talk in corpus]
        return np.array([i for i, text in enumerate(said) if self.word in text], dtype=int)


# Whether another process can import this module hangs on how pytest was started.
HERE = [check for check in CHECKS if check.name != "same_in_another_process"]


def tripped(selector, checks=HERE, **given):
    said = {}
    for check in checks:
        try:
            check(selector, **given)
        except ConformanceError as error:
            [said[check.name]] = error.sentences
    return said


def test_all_built_in_selectors_are_tried():
    assert BUILT_IN.keys() <= set(selectors.names())


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_selectors_pass(name):
    check_selector({"name": name, **BUILT_IN[name]})


def test_a_name_and_a_strangers_selector_pass(corpus):
    check_selector("random")
    check_selector(Mentions(word="cat"), corpus=corpus)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_selector_trips_its_check_and_no_other(fault):
    said = tripped(Faulty(fault=fault))
    expected = FAULTS[fault][1]
    (name, piece), *_ = expected.items()
    assert piece in said[name]
    assert said[name].startswith("Faulty promises: ")
    assert said.keys() == expected.keys()


def test_every_check_is_tripped_by_one():
    firsts = {next(iter(expected)) for _, expected in FAULTS.values()}
    elsewhere = {"same_in_another_process"}  # below
    assert firsts | elsewhere | COMMON == {check.name for check in CHECKS}
    assert len({check.name for check in CHECKS}) == len(list(CHECKS))


BY_HASH = """
from semspill import Selector

class Hashed(Selector):
    citation = "original"

    def select(self, corpus, rng):
        places = {talk.id: i for i, talk in enumerate(corpus)}
        return [places[name] for name in set(places)]
"""


def test_a_selector_that_hangs_on_the_hash_of_a_text_trips_the_other_process(tmp_path, monkeypatch):
    (tmp_path / "a_selector_by_hash.py").write_text(BY_HASH)
    monkeypatch.syspath_prepend(tmp_path)
    from a_selector_by_hash import Hashed

    said = tripped(Hashed(), CHECKS)
    assert said.keys() == {"same_in_another_process"}
    assert "sort what was a set, and leave hash() out" in said["same_in_another_process"]


def test_a_selector_that_finds_nothing_in_the_made_up_corpus_is_told_to_ask_for_another(corpus):
    with pytest.raises(ConformanceError) as caught:
        check_selector({"name": "category", "category": "joy"})
    first = caught.value.sentences[0]
    assert first.startswith(
        "CategorySelector promises: gives whole numbers, in one row; but it raised DataError: "
        "Category 'joy' is not in corpus 'synthetic'"
    )
    assert first.endswith("Give `corpus=` one in which it finds dialogues.")
    check_selector({"name": "category", "category": "joy"}, corpus=corpus)


def test_the_corpus_given_is_the_one_that_is_tried(corpus):
    seen = []

    class Watcher(Selector):
        """Notes which corpora it saw."""

        citation = "original"

        def select(self, corpus, rng):
            seen.append(corpus.fingerprint)
            return list(range(len(corpus)))

    before = corpus.fingerprint
    tripped(Watcher(), corpus=corpus)
    odd, empty = set(seen) - {before}, replace(corpus, dialogues=()).fingerprint
    assert empty in odd
    assert len(odd) == 2
    assert replace(corpus).fingerprint == before


def test_a_corpus_without_dialogues_is_no_fault_of_the_selector():
    with pytest.raises(DataError, match="Corpus 'void' has no dialogue to select from; give one"):
        check_selector("random", corpus=Corpus((), name="void"))
