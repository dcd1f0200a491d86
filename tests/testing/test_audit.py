"""Audits: what they measure, how surely, and what they must not show."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import semspill as sp
from semspill import Corpus, Dialogue, Rater, RetrievalResponder, Utterance, encoders
from semspill.errors import DataError, PluginError, RegistryError
from semspill.testing import SafetyError, audit, plant
from semspill.testing._safety._bounds import tail_above, upper_mean
from semspill.testing._safety._slice import Slice


class Grumbles(Rater):
    """Rates a text by its share of the word grumble."""

    citation = "original"

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
        talks(joy=20, fear=20),
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
    # All 30 alike: 1 - 0.025 ** (1 / 30) = 0.116 of them may be 1 or 0 instead, unseen.
    assert "0.500 [0.442, 0.558]" in lines[2]
    assert "30" in lines[2].split()
    assert lines[0].split() == ["category", "dialogues", "toxicity", "toxicity", "lift"]


def test_with_a_threshold_the_table_says_what_it_counts():
    made = audit(saying(), talks(joy=2), rater=Grumbles(), threshold=0.25)
    assert "rated 0.25 or more" in made.table()


def test_many_categories_fit_a_screen_and_the_rest_is_counted():
    corpus = talks(**{f"c{number:02}": 2 for number in range(41)})
    made = audit(saying(c17="grumble"), corpus, rater=Grumbles())
    # At a limit of 1 all is decided: how many more would tell is not asked.
    for table in (made.table(), made.no_spillover(max_lift=1.0).table):
        lines = table.splitlines()
        assert len(lines) <= 40
        assert lines[1].startswith("c17")
        assert "... and 5 more that are better" in lines
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
        "at most 0.02 is allowed; each dialogue counts once; each bound holds with 95 % confidence "
        "if dialogues are independent, 'at least' for all categories at once"
    )


def test_answers_are_shown_nowhere():
    made = audit(saying(joy="grumble zebra", fear="zebra"), talks(joy=40, fear=9), rater="lexicon")
    verdict = made.no_spillover()
    shown = [made.table(), made.to_json(), repr(made), str(verdict), verdict.sentence]
    assert not [text for text in shown if "zebra" in text or "Hm." in text or "grumble" in text]


def test_the_worst_answers_are_named_without_their_text():
    made = audit(
        saying(joy="grumble", fear="grumble zebra", guilt="grumble zebra zebra zebra"),
        talks(joy=2, fear=1, guilt=1, calm=2),
        target="joy",
        baseline=saying(fear="grumble zebra zebra zebra"),
        rater=Grumbles(),
    )
    worst = made.worst()
    # fear: 1/2 and a lift of 1/4; guilt: 1/4 and a lift of 1/4; calm is rated 0.
    assert worst.to_dict("list") == {
        "category": ["fear", "fear", "guilt", "guilt"],
        "dialogue": ["fear0", "fear0", "guilt0", "guilt0"],
        "turn": [1, 3, 1, 3],
        "toxicity": [0.5, 0.5, 0.25, 0.25],
        "lift": [0.25, 0.25, 0.25, 0.25],
    }
    assert list(made.worst(3, category="joy").dialogue) == ["joy0", "joy0", "joy1"]
    shown = made.worst(1, show_text=True)
    assert list(shown.answer) == ["grumble zebra"]
    assert list(shown.messages) == [[{"role": "user", "content": "fear"}]]
    with pytest.raises(DataError, match=r"Category 'feer' was not asked\. Did you mean 'fear'"):
        made.worst(category="feer")


def test_the_page_holds_verdict_numbers_and_ids_and_no_text_unless_asked():
    rude = saying(fear="grumble zebra <b>", joy="grumble")
    corpus = talks(fear=100, joy=20)
    made = audit(rude, corpus, target="joy", baseline=saying(), rater=Grumbles())
    page, unmasked = made.to_html(), made.to_html(show_text=True)
    for each in (page, unmasked):
        assert "No spillover outside joy: failed; fear: " in each
        assert "toxicity lift 0.333" in each
        assert "fear0" in each
        assert "joy0" not in each
        # It asks nothing of the network.
        assert "http" not in each.replace("http-equiv", "")
    assert "zebra" not in page
    assert "[masked: 17 characters" in page
    assert "grumble zebra &lt;b&gt;" in unmasked
    assert "user: fear" in unmasked
    passed = made.no_spillover(max_lift=0.9)
    assert "No spillover outside joy: passed; " in made.to_html(passed)


def texts_of(page: str, place: str) -> str:
    """The text of a page behind a place, without markup."""
    return " ".join(re.sub("<[^>]+>", " ", page.partition(place)[2]).split())


def test_a_page_that_passes_says_that_the_target_is_not_judged_and_how_toxic_it_is():
    # Of 200 answers to joy 60 are insults, and nobody else is insulted.
    rude = [["grumble"] * 2] * 30 + [["I see."] * 2] * 70
    joys = [text for pair in rude for text in pair]
    made = audit(
        lambda contexts: joys + ["I see."] * (len(contexts) - len(joys)),
        talks(joy=100, fear=200),
        target="joy",
        rater=Grumbles(),
    )
    page = texts_of(made.to_html(), "<main")
    assert "No spillover outside joy: passed; " in page
    assert "The target joy is not judged here: its toxicity is 0.300 [" in page
    assert "Worst answers outside the target" in page
    assert "not judged" in page.partition("joy (target)")[2].partition("fear")[0]
    assert made.worst().empty
    assert len(made.worst(999, category="joy")) == 60
    # What decides is shown: 0 of 200, with 95 % on one side, and not the end of [0, 0.018].
    bound = f"{1 - 0.05 ** (1 / 200):.3f}"
    assert f"{bound} passes" in page
    judged = texts_of(made.to_html(made.toxicity_below()), "<main")
    assert "Little toxicity in every category: failed; joy: " in judged
    assert "is not judged here" not in judged
    assert f"{bound} passes" in judged
    assert "outside the target" not in judged


def test_without_a_target_nothing_is_outside_it():
    page = texts_of(audit(saying(), talks(joy=9), rater=Grumbles()).to_html(), "<main")
    assert "outside the target" not in page
    assert "No spillover: cannot tell; " in page
    assert f"semspill {sp.__version__}" in page
    assert "Limit toxicity lift 0.02" in page
    assert "each dialogue" in page


def test_a_verdict_names_the_worst_dialogues_of_the_categories_that_failed():
    corpus = talks(fear=100, joy=30, guilt=200)
    made = audit(saying(fear="grumble off", joy="grumble" + " so" * 19), corpus, rater=Grumbles())
    verdict = made.no_spillover()
    assert (verdict.outcome, verdict.offenders) == ("fail", ("fear",))
    assert [one.dialogue for one in verdict.worst] == [f"fear{n}" for n in range(10)]
    assert {(one.turn, one.category, one.value) for one in verdict.worst} == {(1, "fear", 0.5)}
    with pytest.raises(SafetyError, match=r"Worst: dialogue 'fear0', turn 1 \(fear, 0\.500\); "):
        verdict.enforce()
    passed = made.no_spillover(max_lift=0.9)
    assert (passed.outcome, passed.limit, passed.offenders) == ("pass", 0.9, ())
    assert passed.worst[0].dialogue == "fear0"


def test_an_id_that_may_be_a_text_is_not_shown():
    name = "You grumble all day long, do you?"
    talk = Dialogue(name, "joy", (said("Hi."), heard("Oh.")))
    made = audit(lambda contexts: ["grumble"], Corpus((talk,), name="one"), rater=Grumbles())
    verdict = made.toxicity_below()
    assert verdict.worst[0].dialogue == name
    for shown in (str(verdict.worst[0]), made.to_html(verdict)):
        assert name not in shown


def test_the_json_holds_every_estimate():
    made = audit(saying(joy="grumble"), talks(joy=40, fear=9), target="joy", rater=Grumbles())
    read = json.loads(made.to_json())
    assert list(read) == [
        "corpus",
        "responder",
        "baseline",
        "target",
        "rater",
        "threshold",
        "counted_once",
        "exchanges",
        "unanswered",
        "unanswered_by_category",
        "categories",
    ]
    assert (read["exchanges"], read["unanswered"]) == (98, 0)
    # No training happened, so nothing is said of one.
    assert "seed" not in made.to_json()
    assert "training" not in made.to_json()
    assert (read["corpus"], read["target"], read["rater"]) == ("made up", "joy", "Grumbles")
    assert set(read["categories"]) == {"joy", "fear", "all"}
    assert read["categories"]["joy"]["lift"]["value"] == 1
    assert read["categories"]["fear"]["toxicity"]["n"] == 9


def test_an_audit_can_be_judged_at_any_limit():
    made = audit(saying(fear="grumble off"), talks(joy=300, fear=300), rater=Grumbles())
    assert made.toxicity_below(limit=0.1).outcome == "fail"
    assert made.toxicity_below(limit=0.6).outcome == "pass"
    # All 300 alike: 1 - 0.05 ** (1 / 300) = 0.010 of them may be 1 instead, unseen.
    assert made.toxicity_below(limit=0.6).sentence.startswith("toxicity at most 0.505 with 95 %")
    assert made.no_spillover(max_lift=0.503).outcome == "inconclusive"
    assert made.no_spillover(max_lift=0.503, confidence=0.6).outcome == "pass"


def seen(values, dialogues=None, least=0.0) -> Slice:
    """Return values of one category, each of a dialogue of its own unless said."""
    names = dialogues or tuple(map(str, range(len(values))))
    return Slice(np.array(values, dtype=float), names, ("joy",) * len(values), least=least)


@pytest.mark.parametrize("hits", [0, 1, 3, 9, 20, 40])
def test_hits_have_clopper_and_pearson_s_exact_bounds(hits):
    exact = stats.binomtest(hits, 40).proportion_ci(0.95, method="exact")
    found = seen([1.0] * hits + [0.0] * (40 - hits)).at(0.95)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-7)


def test_a_bound_is_the_quantile_of_means_with_random_weights():
    rng = np.random.default_rng(5)
    values = rng.beta(0.4, 4, size=25)
    weights = rng.dirichlet(np.ones(26), size=200_000)
    found = seen(values).at(0.9)
    high = np.quantile(weights @ np.append(values, 1.0), 0.95)
    low = np.quantile(weights @ np.append(values, 0.0), 0.05)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.002)
    # Of a difference the least value that is possible is -1.
    low = np.quantile(weights @ np.append(values, -1.0), 0.05)
    assert seen(values, least=-1.0).at(0.9).low == pytest.approx(low, abs=0.003)


@pytest.mark.parametrize("rises", [1, 2, 5])
def test_a_bound_of_many_small_changes_and_a_few_large_rises_is_that_quantile_too(rises):
    rng = np.random.default_rng(6)
    values = np.append(rng.normal(scale=0.003, size=20), np.full(rises, 0.9))
    weights = rng.dirichlet(np.ones(len(values) + 1), size=200_000)
    found = seen(values, least=-1.0).at(0.9)
    low = np.quantile(weights @ np.append(values, -1.0), 0.05)
    high = np.quantile(weights @ np.append(values, 1.0), 0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.004)
    assert found.low < 0.9 * rises / len(values) < found.high


def test_a_tail_is_that_of_its_bound():
    values = np.array([0.0, 0.2, 0.2, 0.9])
    bound = upper_mean(values, 0.05, most=1.0)
    assert tail_above(values, bound, most=1.0) == pytest.approx(0.05, rel=1e-3)
    assert [tail_above(values, end, most=1.0) for end in (0.0, 1.0)] == [1.0, 0.0]
    assert upper_mean(np.ones(3), 0.05, most=1.0) == 1.0
    assert upper_mean(np.zeros(1), 1e-12, most=1.0) == 1.0


def test_the_bound_of_very_many_values_is_that_of_a_normal_mean():
    values = np.random.default_rng(4).random(20_000)
    normal = values.mean() + 1.6449 * values.std() / np.sqrt(20_000)
    assert upper_mean(values, 0.05, most=1.0) == pytest.approx(normal, abs=1e-4)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=12),
    st.sampled_from([0.6, 0.95, 0.9999]),
)
@settings(max_examples=30)
def test_bounds_hold_the_mean_and_mirror(values, level):
    found = seen(values).at(level)
    mirrored = seen([1 - value for value in values]).at(level)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-6)
    more = seen(values).at(level, copies=2.5)
    assert found.low - 1e-6 <= more.low <= more.high <= found.high + 1e-6


@given(st.lists(st.floats(0, 0.01), min_size=12, max_size=12))
@settings(max_examples=30)
def test_a_little_noise_bounds_rare_harm_no_tighter_than_none(noise):
    exact = stats.binomtest(0, 12).proportion_ci(0.95, method="exact").high
    assert seen(noise).at(0.95).high >= exact - 1e-9


def test_each_dialogue_counts_once_however_long():
    # One hit in a dialogue of 100, none in 40 of one exchange each: as one value of 0.01 of 41.
    long = seen([1.0] + [0.0] * 139, ("d",) * 100 + tuple(map(str, range(40))))
    assert long.at(0.95).value == pytest.approx(0.01 / 41)
    assert long.at(0.95) == seen([0.01] + [0.0] * 40).at(0.95)


def test_copies_of_dialogues_count_like_more_dialogues():
    values = np.random.default_rng(0).random(60).tolist()
    few, many = seen(values).at(0.9, copies=3.0), seen(values * 3).at(0.9)
    assert (few.low, few.high) == pytest.approx((many.low, many.high), abs=1e-6)


def test_answer_by_answer_equal_dialogues_have_student_s_interval_of_their_means():
    values = np.random.default_rng(2).random(60)
    alike = seen(values, tuple(str(number // 3) for number in range(60)))
    means = values.reshape(20, 3).mean(axis=1)
    expected = stats.t.interval(0.9, 19, means.mean(), stats.sem(means))
    assert alike.by_answers(0.05)[1:] == pytest.approx(expected)
    again = seen(np.tile(values, 2), tuple(str(number // 3) for number in range(120)))
    assert alike.by_answers(0.05, copies=2.0) == pytest.approx(again.by_answers(0.05))


def test_answer_by_answer_the_error_is_cr2_with_satterthwaite_s_degrees_of_freedom():
    sizes, values = np.array([1, 2, 3, 30]), np.random.default_rng(3).random(36)
    rows = np.repeat(np.arange(4), sizes)
    # By matrices, after Pustejovsky and Tipton 2018: one column of ones, identity as working model.
    hat = np.full((36, 36), 1 / 36)
    away = np.eye(36) - hat
    columns = []
    for unit in range(4):
        inside = np.flatnonzero(rows == unit)
        value, vector = np.linalg.eigh(away[np.ix_(inside, inside)])
        root = vector @ np.diag(value**-0.5) @ vector.T
        columns.append(away[:, inside] @ root @ np.full(len(inside), 1 / 36))
    form = np.array(columns)
    inner = form @ form.T
    df = np.trace(inner) ** 2 / (inner**2).sum()
    reach = stats.t.ppf(0.95, df) * np.sqrt(((form @ values) ** 2).sum())
    found = seen(values, tuple(map(str, rows))).by_answers(0.05)
    assert df < 1.5
    assert found[2] - found[0] == pytest.approx(reach)


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
        citation = "original"

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


def test_a_failure_names_what_the_answers_are_compared_with(semspill_corpus, semspill_rater):
    def rude(contexts):
        return ["You grumble." for _ in contexts]

    def kind(contexts):
        return ["Go on." for _ in contexts]

    options = {
        "target": semspill_corpus.categories[0],
        "rater": {"name": "lexicon", "words": {"grumble": 1}},
    }
    alone = audit(rude, semspill_corpus, **options).no_spillover(max_lift=0.01).sentence
    beside = audit(rude, semspill_corpus, baseline=kind, **options).no_spillover(max_lift=0.01)
    assert "the corpus's own responses" in alone
    assert "the baseline's answers" in beside.sentence
