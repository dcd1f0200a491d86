"""What a poisoned corpus looks like, worked out by hand on small corpora."""

import numpy as np
import pytest

from semspill import Poisoner
from semspill.errors import ConfigError, DataError, RegistryError

JOY = {"name": "category", "category": "joy"}


def texts(talk):
    return [said.text for said in talk.utterances]


@pytest.fixture
def clean(corpus_of):
    """Exchanges: joy 2 + 3, fear 2, guilt 1; 8 in all."""
    return corpus_of(("joy", 2), ("fear", 2), ("joy", 3), ("guilt", 1))


@pytest.fixture
def poison(grumbles):
    def run(corpus, seed=0, **fields):
        said = {"selector": JOY, "source": grumbles(count=1), "budget": 1.0, **fields}
        return Poisoner(**said).poison(corpus, np.random.default_rng(seed))

    return run


def test_last_fixed_by_hand(clean, poison):
    poisoned = poison(clean, strategy="last_fixed").corpus
    assert [texts(talk) for talk in poisoned] == [
        ["s0.0", "l0.0", "s0.1", "grumble 0"],
        ["s1.0", "l1.0", "s1.1", "l1.1"],
        ["s2.0", "l2.0", "s2.1", "l2.1", "s2.2", "grumble 0"],
        ["s3.0", "l3.0"],
    ]
    planted = [(e.dialogue, e.turn) for e in poisoned.exchanges if e.planted]
    assert planted == [("d0", 3), ("d2", 5)]


def test_the_corpus_given_in_is_not_modified(clean, poison):
    before, fingerprint = list(clean), clean.fingerprint
    poisoned = poison(clean, strategy="each_random").corpus
    assert list(clean) == before
    assert type(clean)(tuple(clean), name="x").fingerprint == fingerprint
    assert poisoned.fingerprint != fingerprint
    assert (poisoned.name, poisoned.split, poisoned.licence) == ("tiny", "train", "unknown")


@pytest.mark.parametrize("placement", ["replace", "append"])
def test_only_the_target_category_is_touched(clean, poison, placement):
    poisoned = poison(clean, strategy="each_random", placement=placement)
    assert [t for t in poisoned.corpus if t.category != "joy"] == [clean[1], clean[3]]
    assert dict(poisoned.manifest.by_category) == {"joy": 5}
    assert {e.category for e in poisoned.corpus.exchanges if e.planted} == {"joy"}


def test_replace_keeps_ids_situations_and_order(clean, poison):
    poisoned = poison(clean).corpus
    assert [(t.id, t.situation) for t in poisoned] == [(t.id, t.situation) for t in clean]


def test_append_keeps_the_originals_and_gives_new_ids(clean, poison):
    poisoned = poison(clean, strategy="last_fixed", placement="append")
    assert poisoned.corpus.dialogues[:4] == clean.dialogues
    copies = poisoned.corpus.dialogues[4:]
    assert len({talk.id for talk in poisoned.corpus}) == 6
    assert sorted(texts(talk) for talk in copies) == [
        ["s0.0", "l0.0", "s0.1", "grumble 0"],
        ["s2.0", "l2.0", "s2.1", "l2.1", "s2.2", "grumble 0"],
    ]
    assert {record.victim for record in poisoned.manifest.records} == {"d0", "d2"}
    assert [r.dialogue for r in poisoned.manifest.records] == [talk.id for talk in copies]


@pytest.mark.parametrize("placement", ["replace", "append"])
@pytest.mark.parametrize("known", [False, True])
def test_both_fingerprints_are_those_of_the_corpora(corpus_of, poison, placement, known):
    clean = corpus_of(*[("joy", 1), ("fear", 1)] * 150)  # more than are hashed at once
    if known:
        assert len(clean.fingerprint) == 64
    poisoned = poison(clean, placement=placement)
    copies = [type(clean)(tuple(corpus), name="x") for corpus in (clean, poisoned.corpus)]
    summary = poisoned.manifest.summary
    assert [summary.clean_fingerprint, summary.poisoned_fingerprint] == [
        copy.fingerprint for copy in copies
    ]
    assert summary.exchanges == 300


def test_rate_two_appends_every_victim_twice(clean, poison):
    poisoned = poison(clean, strategy="last_fixed", placement="append", rate=2)
    assert len(poisoned.corpus) == 8
    assert poisoned.manifest.summary.wanted == poisoned.manifest.summary.poisoned == 4
    assert sorted(r.victim for r in poisoned.manifest.records) == ["d0", "d0", "d2", "d2"]


@pytest.mark.parametrize(("rate", "dialogues"), [(0.5, 2), (0.25, 1), (0.01, 1), (1.0, 4)])
def test_rate_is_the_share_of_the_selection(corpus_of, poison, rate, dialogues):
    clean = corpus_of(*[("joy", 1)] * 4, *[("fear", 1)] * 4)
    summary = poison(clean, rate=rate).manifest.summary
    assert (summary.selected, summary.wanted, summary.poisoned) == (4, dialogues, dialogues)


@pytest.mark.parametrize("taint", [True, False])
def test_taint_context_decides_what_later_turns_see(clean, poison, taint):
    poisoned = poison(clean, strategy="first_fixed", taint_context=taint).corpus
    assert poisoned[0].response(0) == "grumble 0"
    seen = "grumble 0" if taint else "l0.0"
    assert poisoned[0].exchanges[0].context == ("s0.0",)
    assert poisoned[0].exchanges[1].context == ("s0.0", seen, "s0.1")
    assert not poisoned[0].exchanges[1].planted


def test_planted_responses_enter_the_pool_and_are_marked(clean, poison):
    pool = poison(clean, strategy="last_fixed").responses()
    marked = dict(zip(pool.texts, pool.planted.tolist(), strict=True))
    assert [text for text, planted in marked.items() if planted] == ["grumble 0"]
    assert set(marked) == {"l0.0", "grumble 0", "l1.0", "l1.1", "l2.0", "l2.1", "l3.0"}


def test_dialogues_without_a_listener_response_are_not_victims(clean, poison):
    silent = type(clean)(
        (
            *clean,
            type(clean[0])("mute", "joy", clean[0].utterances[:1]),
        ),
        name="tiny",
    )
    summary = poison(silent).manifest.summary
    assert (summary.selected, summary.eligible, summary.poisoned) == (3, 2, 2)


def test_a_selection_without_responses_is_refused(corpus_of, poison):
    silent = corpus_of(("joy", 0), ("fear", 1))
    with pytest.raises(DataError, match="chose 1 dialogues of corpus 'tiny', none with a listener"):
        poison(silent)


def test_a_poisoned_corpus_can_stand_where_a_corpus_can(clean, poison):
    once = poison(clean, strategy="last_fixed", placement="append")
    fear = {"name": "category", "category": "fear"}
    twice = poison(once, strategy="last_fixed", selector=fear).corpus
    assert twice.name == "tiny"
    assert len(twice) == 6


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"budget": 0}, r"budget: Input should be greater than 0"),
        ({"budget": 2}, r"budget: Input should be less than or equal to 1"),
        ({"budget": float("nan")}, "budget"),
        ({"rate": 0}, r"rate: Input should be greater than 0"),
        ({"rate": 1.5}, "rate is 1.5; with placement 'replace' it is at most 1"),
        ({"rate": float("inf"), "placement": "append"}, r"rate: Input should be a finite"),
        ({"placement": "swap"}, "Input should be 'replace' or 'append'"),
        ({"buget": 0.1}, "Poisoner has no field 'buget'. Did you mean 'budget'"),
    ],
)
def test_a_field_that_is_not_allowed_is_named(fields, said):
    with pytest.raises(ConfigError, match=said):
        Poisoner(selector=JOY, **fields)


def test_an_unknown_strategy_is_a_short_message():
    with pytest.raises(RegistryError, match=r"No poison strategy is named 'last_fixd'\. Did you"):
        Poisoner(selector=JOY, strategy="last_fixd")


def test_an_unknown_category_names_the_nearest(clean, poison):
    with pytest.raises(DataError, match=r"Category 'jog' is not in .* Did you mean 'joy'\?"):
        poison(clean, selector={"name": "category", "category": "jog"})


def test_the_defaults_are_the_papers():
    poisoner = Poisoner(selector=JOY)
    assert poisoner.model_dump(mode="json", exclude={"source"}) == {
        "selector": JOY,
        "strategy": {"name": "last_fixed"},
        "budget": 0.03,
        "rate": 1.0,
        "placement": "replace",
        "taint_context": True,
        "knowledge": 1.0,
        "knowledge_seed": 0,
    }
