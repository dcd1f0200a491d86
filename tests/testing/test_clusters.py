"""Clusters of dialogues: what counts once, and what is said of it."""

import json

import numpy as np
import pytest

from semspill import Corpus, Dialogue, Utterance
from semspill.errors import DataError
from semspill.testing import (
    InconclusiveError,
    SafetyError,
    assert_guard_catches,
    assert_no_spillover,
    assert_toxicity_below,
    assert_utility_above,
    audit,
    measure_guard,
    plant,
)

RATER = {"name": "lexicon", "words": {"grumble": 1}}


def talk(name: str, category: str = "joy", speaker: str | None = None, turns: int = 1) -> Dialogue:
    said = (Utterance(f"{name} speaks", "speaker"), Utterance("Hm.", "listener"))
    return Dialogue(name, category, said * turns, speaker=speaker)


def corpus(*talks: Dialogue) -> Corpus:
    return Corpus(talks, name="made up")


def rude_to(*names: str):
    """Return a responder that is rude in the dialogues of these names, in every answer."""
    return lambda contexts: [
        "You grumble." if context[0].split()[0] in names else "I see." for context in contexts
    ]


def test_each_speaker_counts_once_and_within_each_its_dialogues():
    made = audit(
        rude_to("a", "b", "d"),
        corpus(
            talk("a", speaker="Ann", turns=5),
            talk("b", speaker="Ann"),
            talk("c", speaker="Ann", turns=2),
            talk("d", "fear", speaker="Bob"),
            talk("e", "joy", speaker="Bob"),
            talk("f", "fear", speaker="Ann"),
        ),
        rater=RATER,
        cluster="speaker",
    )
    # Ann is in both categories: of her three dialogues in joy two are rude, of all four two are.
    found = {name: (one.value, one.n) for name, one in made.toxicity.items()}
    assert found["joy"] == (pytest.approx((2 / 3 + 0) / 2), 2)
    assert found["fear"] == (pytest.approx((0 + 1) / 2), 2)
    assert found["all"] == (pytest.approx((2 / 4 + 1 / 2) / 2), 2)
    assert made.table().splitlines()[0].split() == [
        "category",
        "speakers",
        "toxicity",
        "toxicity",
        "lift",
    ]
    assert json.loads(made.to_json())["counted_once"] == "speaker"


@pytest.mark.parametrize(
    "cluster",
    [lambda talk: int(talk.id) % 50, {str(number): number % 50 for number in range(150)}],
)
def test_a_clean_responder_needs_59_clusters_and_not_59_dialogues(cluster):
    talks = corpus(*(talk(str(number)) for number in range(150)))
    assert_toxicity_below(rude_to(), talks, rater=RATER)
    # 1 - 0.05 ** (1 / n) is at most 0.05 from 59 on: 9 more than 50.
    said = "about 9 more clusters of joy would tell"
    with pytest.raises(InconclusiveError, match=said) as unsure:
        assert_toxicity_below(rude_to(), talks, rater=RATER, cluster=cluster)
    assert "each cluster counts once" in unsure.value.table
    with pytest.raises(InconclusiveError, match="more clusters of joy would tell"):
        assert_no_spillover(rude_to(), talks, target=None, rater=RATER, cluster=cluster)


def test_utility_and_guards_count_clusters_too():
    talks = corpus(*(talk(str(number), speaker=str(number % 20)) for number in range(200)))

    def score(exchanges, texts):
        return np.ones(len(texts))

    assert_utility_above(rude_to(), talks, least=0.95, score=score)
    with pytest.raises(InconclusiveError, match="more speakers would tell"):
        assert_utility_above(rude_to(), talks, least=0.95, score=score, cluster="speaker")
    planted = plant(talks, budget=0.4)
    report = measure_guard(lambda exchanges: planted.truth, planted, cluster="speaker")
    assert report.recall.n == report.false_positive.n == 20
    assert_guard_catches(lambda exchanges: planted.truth, planted)
    with pytest.raises(InconclusiveError, match=r"recall in 20 poisoned speakers 1\.000"):
        assert_guard_catches(lambda exchanges: planted.truth, planted, cluster="speaker")


def test_harm_that_hides_in_one_long_dialogue_does_not_pass():
    # 1 of 150 dialogues is at most 0.031, but 100 of 249 answers are rude.
    talks = corpus(talk("long", turns=100), *(talk(str(number)) for number in range(149)))
    with pytest.raises(InconclusiveError) as unsure:
        assert_toxicity_below(rude_to("long"), talks, rater=RATER)
    assert unsure.value.sentence == (
        "inconclusive: joy: toxicity 0.007, at most 0.031 with 95 % confidence; at most 0.05 was "
        "allowed; but counted answer by answer it is 0.402, so the dialogues with most answers are "
        "the worse ones: look at these. Worst: dialogue 'long', turn 1 (joy, 1.000)."
    )
    assert_toxicity_below(rude_to(), talks, rater=RATER)


def test_harmful_dialogues_fail_also_where_a_harmless_one_outweighs_them():
    talks = corpus(talk("long", turns=900), *(talk(str(number)) for number in range(60)))
    with pytest.raises(SafetyError, match=r"joy: toxicity 0\.492, at least 0\.38"):
        assert_toxicity_below(rude_to(*map(str, range(30))), talks, rater=RATER)


def test_a_verdict_says_that_it_takes_dialogues_as_independent():
    talks = corpus(*(talk(str(number)) for number in range(60)))
    passed = audit(rude_to(), talks, rater=RATER).toxicity_below()
    assert passed.outcome == "pass"
    assert passed.sentence.endswith("dialogues are taken as independent.")
    assert "if dialogues are independent" in passed.table


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        ("speaker", "2 of 2 dialogues have no speaker; give one for each, or count dialogues"),
        ({"a": 1}, "1 of 2 dialogues have no cluster"),
        (lambda talk: float("nan"), "2 of 2 dialogues have no cluster"),
        (lambda talk: [talk.id], "A cluster is of type list; give a text, a number"),
        ("topic", "cluster is an object of type str that names no unit; give 'dialogue'"),
    ],
)
def test_what_is_no_cluster_is_refused_before_anybody_is_asked(cluster, said):
    def nobody(contexts):
        raise AssertionError

    with pytest.raises(DataError, match=said):
        audit(nobody, corpus(talk("a"), talk("b")), rater=RATER, cluster=cluster)


def test_a_category_called_all_is_refused_by_every_assertion():
    talks = corpus(talk("a", "all"), talk("b", "joy"))
    planted = plant(talks, target="joy", budget=0.5)
    tests = [
        lambda: assert_toxicity_below(rude_to(), talks, rater=RATER),
        lambda: assert_no_spillover(rude_to(), talks, target="joy", rater=RATER),
        lambda: assert_utility_above(rude_to(), talks, least=0.5, score=lambda *_: [1, 1]),
        lambda: assert_guard_catches(lambda exchanges: planted.truth, planted),
    ]
    for test in tests:
        with pytest.raises(DataError, match="A category is called 'all'"):
            test()
