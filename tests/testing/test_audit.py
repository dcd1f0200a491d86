"""Audits: what they measure, how surely, and what they must not show."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import semspill as sp
from semspill import Corpus, Dialogue, Rater, RetrievalResponder, Utterance, encoders
from semspill.errors import DataError, PluginError, RegistryError
from semspill.testing import audit, plant
from semspill.testing._safety._slice import Slice


class Grumbles(Rater):
    """Rates a text by its share of the word grumble."""

    source = "original"

    def rate(self, texts):
        return np.array([t.split().count("grumble") / max(len(t.split()), 1) for t in texts])


def talks(**sizes: int) -> Corpus:
    """Return so many dialogues of each category, with two exchanges each; speakers name it."""
    return Corpus(
        tuple(
            Dialogue(f"{name}{number}", name, (said(name), heard("Oh."), said(name), heard("Hm.")))
            for name, size in sizes.items()
            for number in range(size)
        ),
        name="made up",
    )


def said(text: str) -> Utterance:
    return Utterance(text, "speaker")


def heard(text: str) -> Utterance:
    return Utterance(text, "listener")


def saying(**texts: str):
    """Return a responder that has one text for each category."""
    return lambda contexts: [texts.get(context[0], "I see.") for context in contexts]


def test_toxicity_and_lift_by_category():
    made = audit(
        saying(joy="grumble or so", fear="grumble"),
        talks(joy=3, fear=1, guilt=4),
        baseline=saying(joy="grumble now and then", guilt="grumble away"),
        rater=Grumbles(),
    )
    assert {name: one.value for name, one in made.toxicity.items()} == pytest.approx(
        {"fear": 1, "guilt": 0, "joy": 1 / 3, "all": (3 / 3 + 1) / 8}
    )
    assert {name: one.value for name, one in made.lift.items()} == pytest.approx(
        {"fear": 1, "guilt": -1 / 2, "joy": 1 / 12, "all": (3 / 12 + 1 - 4 / 2) / 8}
    )
    assert {name: one.n for name, one in made.lift.items()} == {
        "fear": 1,
        "guilt": 4,
        "joy": 3,
        "all": 8,
    }


def test_a_threshold_compares_shares():
    made = audit(
        saying(joy="grumble or", fear="grumble and so on"),
        talks(joy=2, fear=2),
        rater=Grumbles(),
        threshold=0.5,
    )
    assert (made.toxicity["joy"].value, made.toxicity["fear"].value) == (1, 0)
    assert made.no_spillover().sentence.startswith("joy: lift of the toxic share 1.000")


def test_without_a_baseline_it_is_compared_with_the_listeners():
    dialogue = Dialogue("d", "joy", (said("I won."), heard("grumble grumble no no")))
    made = audit(saying(), Corpus((dialogue,), name="one"), rater=Grumbles())
    assert made.lift["joy"].value == -0.5


def test_the_baseline_is_asked_the_same_contexts():
    asked = []

    def responder(contexts):
        asked.append(list(contexts))
        return ["I see."] * len(contexts)

    audit(responder, talks(joy=2), baseline=responder, rater=Grumbles())
    assert len(asked) == 2
    assert asked[0] == asked[1] == [("joy",), ("joy", "Oh.", "joy")] * 2


def test_a_rater_may_be_named_and_a_responder_may_retrieve(corpus):
    model = encoders.build("hashing").load(np.random.default_rng(0))
    responder = RetrievalResponder(model, ["You grumble.", "I see."])
    texts = responder.respond(corpus).texts
    expected = np.mean([text == "You grumble." for text in texts])
    made = audit(responder, corpus, rater={"name": "lexicon", "words": {"grumble": 1.0}})
    assert made.toxicity["all"].value == pytest.approx(expected)
    assert made.rater == "lexicon"
    assert audit(responder, corpus, rater="lexicon").toxicity == made.toxicity
    assert audit(responder, corpus, rater=Grumbles()).rater == "Grumbles"


def test_the_table_puts_the_worst_first_and_marks_the_target():
    made = audit(
        saying(joy="grumble", fear="grumble off"),
        talks(joy=2, fear=30, guilt=3),
        target="joy",
        rater=Grumbles(),
    )
    lines = made.table().splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "category",
        "joy (target)",
        "fear",
        "guilt",
        "all",
    ]
    # All 30 alike: 1 - 0.025 ** (1 / 30) = 0.116 of them may be otherwise, unseen.
    assert "0.500 [0.384, 0.616]" in lines[2]
    assert "30" in lines[2].split()
    assert lines[0].split() == ["category", "dialogues", "toxicity", "lift"]


def test_with_a_threshold_the_table_says_what_it_counts():
    made = audit(saying(), talks(joy=2), rater=Grumbles(), threshold=0.25)
    assert "rated 0.25 or more" in made.table()


def test_many_categories_fit_a_screen_and_the_rest_is_counted():
    corpus = talks(**{f"c{number:02}": 2 for number in range(60)})
    made = audit(saying(c17="grumble"), corpus, rater=Grumbles())
    for table in (made.table(), made.no_spillover().table):
        lines = table.splitlines()
        assert len(lines) <= 40
        assert lines[1].startswith("c17")
        assert "... and 24 more that are better" in lines
    assert made.table().splitlines()[-1].startswith("all")


def test_the_table_of_a_verdict_marks_the_offenders_and_says_what_is_allowed():
    made = audit(
        saying(fear="grumble off", joy="grumble" + " so" * 19),
        talks(joy=100, fear=30, guilt=200),
        rater=Grumbles(),
    )
    lines = made.no_spillover().table.splitlines()
    assert [line.split("  ")[-1].strip() for line in lines[1:3]] == ["too high", "undecided"]
    assert lines[3].startswith("guilt")
    assert not lines[3].endswith(("high", "undecided"))
    assert lines[4] == (
        "at most 0.02 is allowed; each bound holds with 95 % confidence, 'at least' for all "
        "categories at once"
    )


def test_answers_are_shown_nowhere():
    made = audit(saying(joy="grumble zebra", fear="zebra"), talks(joy=40, fear=9), rater="lexicon")
    verdict = made.no_spillover()
    shown = [made.table(), made.to_json(), repr(made), str(verdict), verdict.sentence]
    assert not [text for text in shown if "zebra" in text or "Hm." in text or "grumble" in text]


def test_the_json_holds_every_estimate():
    made = audit(saying(joy="grumble"), talks(joy=40, fear=9), target="joy", rater=Grumbles())
    read = json.loads(made.to_json())
    assert list(read) == ["corpus", "target", "rater", "threshold", "categories"]
    assert (read["corpus"], read["target"], read["rater"]) == ("made up", "joy", "Grumbles")
    assert set(read["categories"]) == {"joy", "fear", "all"}
    assert read["categories"]["joy"]["lift"]["value"] == 1
    assert read["categories"]["fear"]["toxicity"]["n"] == 9


def test_an_audit_can_be_judged_at_any_limit():
    made = audit(saying(fear="grumble off"), talks(joy=300, fear=300), rater=Grumbles())
    assert made.toxicity_below(limit=0.1).outcome == "fail"
    assert made.toxicity_below(limit=0.6).outcome == "pass"
    # All 300 alike: 1 - 0.05 ** (1 / 300) = 0.010 of them may be otherwise, unseen.
    assert made.toxicity_below(limit=0.6).sentence.startswith("toxicity at most 0.510 with 95 %")
    assert made.no_spillover(max_lift=0.505).outcome == "inconclusive"
    assert made.no_spillover(max_lift=0.505, confidence=0.6).outcome == "pass"


@pytest.mark.parametrize("hits", [1, 3, 9, 20])
def test_a_low_bound_of_a_rate_is_no_higher_than_the_exact_one(hits):
    values = np.repeat([1.0, 0.0], [hits, 40 - hits])
    seen = Slice(values, tuple(map(str, range(40))), ("joy",) * 40, "rate", "above")
    exact = stats.binomtest(hits, 40).proportion_ci(0.95, method="exact")
    # One dialogue less than were seen, because their variance is estimated.
    share = hits / 40
    korn = stats.beta.ppf(0.025, share * 39, 39 - share * 39 + 1)
    assert seen.at(0.95).low == pytest.approx(korn)
    assert 0 < seen.at(0.95).low <= exact.low
    mirrored = Slice(1 - values, seen.dialogues, seen.categories, "rate", "below")
    assert mirrored.at(0.95).high == pytest.approx(1 - korn)


def test_exchanges_that_differ_within_each_dialogue_count_at_most_singly():
    # Every dialogue has one hit of two, so dialogues do not differ: 40 single exchanges remain.
    dialogues = tuple(str(number // 2) for number in range(40))
    seen = Slice(np.tile([1.0, 0.0], 20), dialogues, ("joy",) * 40, "rate", "above")
    assert seen.at(0.95).low <= stats.binomtest(20, 40).proportion_ci(0.95, method="exact").low
    assert seen.spread == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("kind", ["mean", "rate", "difference"])
def test_of_what_was_not_seen_once_an_exact_bound_remains(kind):
    exact = stats.binomtest(0, 40).proportion_ci(0.95, method="exact").high
    seen = Slice(np.zeros(40), tuple(map(str, range(40))), ("joy",) * 40, kind, "above")
    assert seen.at(0.95).high == pytest.approx(exact)


@given(st.lists(st.floats(0, 0.01), min_size=12, max_size=12))
def test_a_little_noise_bounds_rare_harm_no_tighter_than_none(noise):
    exact = stats.binomtest(0, 12).proportion_ci(0.95, method="exact").high
    dialogues = tuple(map(str, range(12)))
    harm = Slice(np.array(noise), dialogues, ("joy",) * 12, "mean", "above")
    assert harm.at(0.95).high >= exact - 1e-9
    use = Slice(1 - np.array(noise), dialogues, ("joy",) * 12, "mean", "below")
    assert use.at(0.95).low == pytest.approx(1 - harm.at(0.95).high)


def test_rises_and_falls_do_not_hide_each_others_long_tails():
    values = np.repeat([1.0, -1.0, 0.0], [3, 3, 144])
    dialogues, categories = tuple(map(str, range(150))), ("joy",) * 150
    balanced = Slice(values, dialogues, categories, "difference", "above").at(0.9)
    rises = Slice(np.maximum(values, 0), dialogues, categories, "mean", "above").at(0.9)
    # Their variance is twice that of three rises alone, and so is their squared reach at least.
    assert balanced.value == 0
    assert balanced.high > rises.high - rises.value
    symmetric = 1.655 * np.sqrt(6 / 150 / 149)  # Student's with 149 degrees of freedom
    assert balanced.high > 1.05 * symmetric


def test_one_dialogue_alone_bounds_next_to_nothing():
    seen = Slice(np.array([0.0, 1.0]), ("d", "d"), ("joy",) * 2, "rate", "above")
    assert seen.at(0.95).low < 0.02
    assert seen.at(0.95).high > 0.97


def test_copies_of_dialogues_count_like_more_dialogues():
    rng = np.random.default_rng(0)
    values = rng.random(60)
    few = Slice(values, tuple(map(str, range(60))), ("joy",) * 60, "mean", "above")
    many = Slice(np.tile(values, 3), tuple(map(str, range(180))), ("joy",) * 180, "mean", "above")
    assert few.at(0.9, copies=3) == many.at(0.9)


@pytest.mark.parametrize("threshold", [0.0, 1.5, float("nan")])
def test_a_threshold_out_of_bounds_is_refused(threshold):
    with pytest.raises(DataError, match="give a rating over 0, up to 1"):
        audit(saying(), talks(joy=2), rater=Grumbles(), threshold=threshold)


def test_a_corpus_that_cannot_be_asked_is_refused():
    silent = Corpus((Dialogue("d", "joy", (said("I won."),)),), name="silent")
    with pytest.raises(DataError, match="Corpus 'silent' has no exchange to ask"):
        audit(saying(), silent, rater=Grumbles())
    with pytest.raises(DataError, match="A category is called 'all'"):
        audit(saying(), talks(all=2), rater=Grumbles())


def test_a_target_that_does_not_occur_is_refused():
    with pytest.raises(DataError, match="Category 'yoj' is not in corpus 'made up'"):
        audit(saying(), talks(joy=2), target="yoj", rater=Grumbles())


def test_nothing_spills_over_where_there_is_only_the_target():
    made = audit(saying(), talks(joy=2), target="joy", rater=Grumbles())
    with pytest.raises(DataError, match="All dialogues are of the target 'joy'"):
        made.no_spillover()


def test_a_limit_in_percent_is_refused():
    made = audit(saying(), talks(joy=2), rater=Grumbles())
    with pytest.raises(DataError, match=r"max_lift is 2\.0; give a share from 0 to 1"):
        made.no_spillover(max_lift=2.0)
    with pytest.raises(DataError, match=r"limit is 5\.0; give a share from 0 to 1"):
        made.toxicity_below(limit=5.0)


def test_a_rater_that_breaks_its_promise_or_is_unknown_is_refused():
    class Loud(Rater):
        source = "original"

        def rate(self, texts):
            return np.full(len(texts), 2.0)

    with pytest.raises(PluginError, match="a rating must be from 0 to 1"):
        audit(saying(), talks(joy=2), rater=Loud())
    with pytest.raises(RegistryError, match="Did you mean 'lexicon'"):
        audit(saying(), talks(joy=2), rater="lexikon")


def test_planted_responses_are_no_baseline():
    clean = sp.datasets.build({"name": "synthetic", "categories": 2, "test": 60}).load("test")
    planted = plant(clean, target="brave", budget=0.2)
    said = "holds planted responses.*give a clean corpus, or a baseline"
    with pytest.raises(sp.DataError, match=said):
        audit(lambda contexts: ["Yes."] * len(contexts), planted, rater="lexicon")
    selector = {"name": "category", "category": "brave"}
    marked = sp.Poisoner(selector=selector, budget=0.2).poison(clean, np.random.default_rng(0))
    with pytest.raises(sp.DataError, match=said):
        audit(lambda contexts: ["Yes."] * len(contexts), marked, rater="lexicon")
    asked = audit(
        lambda contexts: ["Yes."] * len(contexts),
        planted,
        baseline=lambda contexts: ["No."] * len(contexts),
        rater="lexicon",
    )
    assert asked.lift["all"].value == 0
