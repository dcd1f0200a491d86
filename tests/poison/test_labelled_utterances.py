"""A dialogue with two emotions: only the exchanges of the poisoned one are touched."""

from dataclasses import replace

import numpy as np
import pytest

import semspill as sp
from semspill.corpus import Corpus, Dialogue, Utterance

#            0 speaker  1 listener  2 speaker  3 listener  4 speaker  5 listener
LABELS = ("joy", None, "fear", None, None, None)  # the exchange of turn 5 goes on in fear
TEXTS = ("I won!", "Well done.", "Now I am scared.", "Of what?", "The dark.", "Put a light on.")


def dialogue(name, labels=LABELS, category="mixed"):
    roles = ("speaker", "listener") * 3
    told = zip(TEXTS, roles, labels, strict=True)
    turns = tuple(Utterance(text, role, category=label) for text, role, label in told)
    return Dialogue(name, category, turns)


@pytest.fixture
def corpus():
    """Two emotions in `both`, one in `glad`, no label of an utterance in `plain`."""
    joyful = ("joy", None, None, None, None, None)
    none = (None,) * 6
    return Corpus(
        (dialogue("both"), dialogue("glad", joyful), dialogue("plain", none, category="fear")),
        name="tiny",
    )


def planted(corpus, category, strategy, **fields):
    poisoner = sp.Poisoner(
        selector={"name": "category", "category": category},
        strategy=strategy,
        source=["You grumble."],
        budget=1.0,
        **fields,
    )
    poisoned = poisoner.poison(corpus, np.random.default_rng(0))
    places = {(r.victim, r.turn): r.category for r in poisoned.manifest.records}
    assert places.keys() == {
        (one.id.partition("#")[0], turn)
        for one in poisoned.corpus
        for turn, said in enumerate(one.utterances)
        if said.planted
    }
    poisoned.manifest.check(poisoned.corpus)
    return poisoned, places


def test_a_dialogue_counts_for_every_category_of_its_exchanges(corpus):
    assert [one.categories for one in corpus] == [("joy", "fear"), ("joy",), ("fear",)]
    assert dict(corpus.sizes) == {"fear": 2, "joy": 2}
    assert corpus.require_category("joy") == "joy"
    with pytest.raises(sp.DataError, match=r"'mixed' is not in corpus"):
        corpus.require_category("mixed")  # no exchange has it
    alone = Dialogue("d", "calm", (Utterance("Hello.", "speaker", category="joy"),))
    assert alone.categories == ("calm",)  # no exchange at all


@pytest.mark.parametrize(
    ("strategy", "category", "expected"),
    [
        ("last_fixed", "joy", {("both", 1), ("glad", 5)}),
        ("last_fixed", "fear", {("both", 5), ("plain", 5)}),
        ("first_random", "fear", {("both", 3), ("plain", 1)}),
        ("each_fixed", "fear", {("both", 3), ("both", 5), *(("plain", i) for i in (1, 3, 5))}),
        ("each_random", "joy", {("both", 1), *(("glad", i) for i in (1, 3, 5))}),
    ],
)
@pytest.mark.parametrize("placement", ["replace", "append"])
def test_only_turns_of_the_target_are_planted(corpus, strategy, category, expected, placement):
    _, places = planted(corpus, category, strategy, placement=placement)
    assert places == dict.fromkeys(expected, category)


def test_a_strategy_that_goes_its_own_way_plants_nowhere_else(corpus):
    def everywhere(victims, responses, rng):
        def said(turn):
            return replace(turn, text=responses[0]) if turn.role == "listener" else turn

        return [replace(v, utterances=tuple(map(said, v.utterances))) for v in victims]

    def anew(victims, responses, rng):
        return [
            Dialogue(
                v.id, v.category, tuple(Utterance("You grumble.", u.role) for u in v.utterances)
            )
            for v in victims
        ]

    _, places = planted(corpus, "fear", everywhere)
    assert places.keys() == {("both", 3), ("both", 5), *(("plain", i) for i in (1, 3, 5))}
    poisoned, places = planted(corpus, "joy", anew)
    assert ("both", 1) in places
    assert not {("both", 3), ("both", 5)} & places.keys()
    # What the strategy left out of its dialogues is there again.
    assert poisoned.corpus[0].utterances[2].category == "fear"
    assert type(poisoned.corpus[0]) is Dialogue


def test_without_a_target_every_exchange_may_be_planted(corpus):
    poisoner = sp.Poisoner(selector="random", strategy="each_fixed", budget=1.0)
    poisoned = poisoner.poison(corpus, np.random.default_rng(0))
    assert poisoned.manifest.by_category == {"fear": 5, "joy": 4}


def test_a_sample_keeps_a_dialogue_of_every_category(corpus):
    # By their first exchanges `both` and `glad` are joyful, so one of them stays, and `plain`.
    seen = set()
    for seed in range(20):
        part = corpus.sample(0.4, np.random.default_rng(seed))
        assert part.categories == corpus.categories
        seen.add(tuple(one.id for one in part))
    assert seen == {("both", "plain"), ("glad", "plain")}
    # Where only one dialogue has a category beside its first, that one is kept.
    rare = Corpus(
        (dialogue("both"), *(dialogue(f"g{i}", ("joy",) + (None,) * 5) for i in range(9))), name="x"
    )
    for seed in range(20):
        assert "fear" in rare.sample(0.2, np.random.default_rng(seed)).sizes


def test_a_corpus_whose_labels_are_those_of_its_dialogues_is_poisoned_alike(corpus):
    bare = sp.datasets.build({"name": "synthetic", "train": 60}).load("train")
    said = replace(
        bare,
        dialogues=tuple(
            replace(
                one, utterances=tuple(replace(u, category=one.category) for u in one.utterances)
            )
            for one in bare
        ),
    )
    assert said.sizes == bare.sizes
    half = [each.sample(0.5, np.random.default_rng(3)) for each in (bare, said)]
    assert [one.id for one in half[0]] == [one.id for one in half[1]]
    places = [planted(each, "brave", "last_random")[1] for each in (bare, said)]
    assert places[0] == places[1]


def test_a_whole_run_poisons_measures_and_reports_single_exchanges():
    made = sp.datasets.build({"name": "synthetic", "train": 120, "test": 60, "categories": 4})

    def mixed(split):
        """Return dialogues that change their emotion half way: the label of the next category."""
        corpus = made.load(split)
        names = corpus.categories
        after = dict(zip(names, names[1:] + names[:1], strict=True))

        def turned(one):
            turns = list(one.utterances)
            last = max(i for i, turn in enumerate(turns) if turn.role == "speaker")
            turns[last] = replace(turns[last], category=after[one.category])
            return replace(one, utterances=tuple(turns))

        return replace(corpus, dialogues=tuple(map(turned, corpus)))

    train, test = mixed("train"), mixed("test")
    config = {
        "poisoner": {
            "selector": {"name": "category", "category": "brave"},
            "strategy": "each_fixed",
            "budget": 0.3,
        },
        "model": {"encoder": {"name": "hashing", "dim": 8}, "finetuner": {"epochs": 0}},
        "similarities": ["discriminative", "centroid", "label"],
        "list_size": 5,
        "analyzer": {"draws": 100},
    }
    report = sp.run(config, dataset={"train": train, "test": test})
    assert report.provenance.planting.seeds[0].by_category.keys() == {"brave"}
    brave = [exchange for exchange in test.exchanges if exchange.category == "brave"]
    found = report.category("brave")
    assert found.exchanges == len(brave)
    assert found.dialogues == len({exchange.dialogue for exchange in brave}) == test.sizes["brave"]
