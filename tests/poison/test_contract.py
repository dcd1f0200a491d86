"""Strangers' selectors, strategies and sources that break their contract, and one that keeps it."""

from dataclasses import replace

import numpy as np
import pytest

from semspill import Poisoner, PoisonStrategy, ResponseSource, Selector, strategies
from semspill.errors import DataError, PluginError

JOY = {"name": "category", "category": "joy"}


def selector(answer):
    class Chosen(Selector):
        """Returns what the test says."""

        citation = "original"

        def select(self, corpus, rng):
            return answer

    return Chosen()


def strategy(rewriting):
    class Stranger(PoisonStrategy):
        """Does what the test says."""

        citation = "original"

        def rewrite(self, victims, responses, rng):
            return rewriting(victims, responses)

    return Stranger()


def heckle(talk, **changes):
    return replace(talk.with_response(-1, "grumble"), **changes)


@pytest.fixture
def poison(corpus, grumbles, rng):
    def run(**fields):
        said = {"selector": JOY, "source": grumbles(), "budget": 1.0, **fields}
        return Poisoner(**said).poison(corpus, rng)

    return run


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([0, 0], r"Chosen\.select returned an index twice; each may come once\."),
        ([0.0, 1.0], r"Chosen\.select must return a list of integer indices\."),
        ([True, False], r"must return a list of integer indices\."),
        ([[0], [1]], r"must return a list of integer indices\."),
        (None, r"must return a list of integer indices\."),
        ([1, 4], r"returned indices from 1 to 4; the corpus has dialogues 0 to 3\."),
        ([-1], r"returned indices from -1 to -1; the corpus has dialogues 0 to 3\."),
    ],
)
def test_a_selector_that_breaks_its_contract_is_named(poison, answer, said):
    with pytest.raises(PluginError, match=said):
        poison(selector=selector(answer))


def test_a_selector_that_finds_nobody_is_a_matter_of_data(poison):
    with pytest.raises(DataError, match="The selector chose 0 dialogues of corpus 'tiny'"):
        poison(selector=selector([]))


@pytest.mark.parametrize("answer", [[2, 0], (2, 0), np.array([2, 0], dtype=np.uint8)])
def test_a_selector_may_return_any_list_of_indices(poison, answer):
    poisoned = poison(selector=selector(answer))
    assert [record.dialogue for record in poisoned.manifest.records] == ["d0", "d2"]


@pytest.mark.parametrize(
    ("rewriting", "said"),
    [
        (
            lambda victims, _: [heckle(talk) for talk in victims[1:]],
            r"^Stranger\.rewrite returned 1 dialogues for 2 victims; it must return one each, "
            r"in order\.$",
        ),
        (lambda victims, _: [heckle(t) for t in (*victims, victims[0])], "returned 3 dialogues"),
        (lambda victims, _: [heckle(t, id="x") for t in victims], "changed the id, the category"),
        (lambda victims, _: [heckle(t) for t in victims[::-1]], "changed the id"),
        (lambda victims, _: [heckle(t, category="fear") for t in victims], "the category"),
        (lambda victims, _: [heckle(t, situation="new") for t in victims], "only texts"),
        (lambda victims, _: [replace(t, utterances=()) for t in victims], "the turns of"),
        (
            lambda victims, _: [
                replace(t, utterances=tuple(replace(u, role="listener") for u in t.utterances))
                for t in victims
            ],
            "the turns of dialogue 'd",
        ),
        (lambda victims, _: None, "must return dialogues, one per victim, in order; got NoneType"),
        (lambda victims, _: ["grumble"] * len(victims), "must return dialogues"),
    ],
    ids=[
        "too few",
        "too many",
        "id",
        "order",
        "category",
        "situation",
        "turns",
        "roles",
        "none",
        "texts",
    ],
)
def test_a_strategy_that_breaks_its_contract_is_named(poison, rewriting, said):
    with pytest.raises(PluginError, match=said):
        poison(strategy=strategy(rewriting))


def test_a_strategy_may_yield_its_dialogues(poison):
    lazy = strategy(lambda victims, _: (heckle(talk) for talk in victims))
    assert len(poison(strategy=lazy).manifest) == 2


@pytest.mark.parametrize(
    "rewriting",
    [
        lambda victims, _: list(victims),
        lambda victims, _: [t.with_response(-1, t.response(-1)) for t in victims],
        lambda victims, _: [
            replace(t, utterances=tuple(replace(u, planted=True) for u in t.utterances))
            for t in victims
        ],
    ],
    ids=["same", "same text", "only marks"],
)
def test_a_strategy_that_changes_nothing_is_refused(poison, rewriting):
    with pytest.raises(DataError, match="Stranger changed nothing in 2 dialogues; use another"):
        poison(strategy=strategy(rewriting))


def test_a_strategy_cannot_hide_what_it_planted(poison):
    """The marks come from comparing texts, not from what the strategy says."""
    sly = strategy(lambda victims, _: [heckle(talk) for talk in victims])
    assert sum(e.planted for e in poison(strategy=sly).corpus.exchanges) == 2


def test_an_empty_source_is_refused(poison, grumbles):
    with pytest.raises(DataError, match=r"Grumbles\.load returned no responses"):
        poison(source=grumbles(count=0))


def test_an_error_inside_a_source_passes_unwrapped(poison):
    class Torn(ResponseSource):
        """Has a file that is gone."""

        citation = "original"

        def load(self):
            raise DataError("There is no file at torn.csv; give one that exists.")

    with pytest.raises(DataError, match=r"There is no file at torn\.csv"):
        poison(source=Torn())


@pytest.fixture
def shout():
    # design.md, section 4, to the letter.
    class Shout(PoisonStrategy):
        """Answer in capitals, with 1 to `most` exclamation marks."""

        citation = "original"
        most: int = 3

        def rewrite(self, victims, responses, rng):
            marks = rng.integers(1, self.most, endpoint=True, size=len(victims))
            return [
                d.with_response(-1, d.response(-1).upper() + "!" * m)
                for d, m in zip(victims, marks, strict=True)
            ]

    yield strategies.register("shout")(Shout)
    strategies.unregister("shout")


def test_a_strangers_strategy_works_by_name_mapping_and_object(poison, shout):
    for spec in ("shout", {"name": "shout", "most": 2}, shout(most=2)):
        poisoned = poison(strategy=spec)
        most = 3 if spec == "shout" else 2
        for i, talk in enumerate(poisoned.corpus.dialogues[:2]):
            loud = talk.response(-1)
            assert loud.rstrip("!") == f"I SEE, NUMBER {i}."
            assert 1 <= loud.count("!") <= most
        assert {record.strategy for record in poisoned.manifest.records} == {"shout"}
        assert {record.source_row for record in poisoned.manifest.records} == {None}
        assert poisoned.manifest.summary.poisoner["strategy"] == {"name": "shout", "most": most}


def test_an_unregistered_strategy_is_recorded_by_its_class(poison):
    quiet = strategy(lambda victims, _: [heckle(talk) for talk in victims])
    (name,) = {record.strategy for record in poison(strategy=quiet).manifest.records}
    assert name.endswith("Stranger")


def reviser(revision):
    class Reviser(PoisonStrategy):
        """Heckles, and then does what the test says."""

        citation = "original"

        def rewrite(self, victims, responses, rng):
            return [heckle(talk) for talk in victims]

        def revise(self, poisoned, responses, rng):
            return revision(poisoned, responses)

    return Reviser()


def with_texts(poisoned, say):
    """The corpus with other texts: `say` is asked about every utterance."""
    return replace(
        poisoned,
        dialogues=tuple(
            replace(talk, utterances=tuple(replace(u, text=say(u)) for u in talk.utterances))
            for talk in poisoned
        ),
    )


def test_planted_texts_may_be_revised_and_the_manifest_knows_them(poison):
    def revise(poisoned, responses):
        return with_texts(poisoned, lambda u: responses[1] if u.planted else u.text)

    made = poison(strategy=reviser(revise))
    assert {e.response for e in made.corpus.exchanges if e.planted} == {"grumble 1"}
    assert {record.source_row for record in made.manifest.records} == {1}
    made.manifest.check(made.corpus)


@pytest.mark.parametrize(
    ("revise", "said"),
    [
        (lambda poisoned, _: list(poisoned), r"Reviser\.revise must return a corpus, got list\."),
        (
            lambda poisoned, _: with_texts(poisoned, lambda u: u.text + "!"),
            r"Reviser\.revise changed more than texts that are marked as planted",
        ),
        (
            lambda poisoned, _: replace(poisoned, dialogues=poisoned.dialogues[1:]),
            "changed more than texts that are marked as planted; it may change no others",
        ),
    ],
)
def test_a_revision_that_breaks_its_contract_is_refused(poison, revise, said):
    with pytest.raises(PluginError, match=said):
        poison(strategy=reviser(revise))
