"""What all categories, and a prior, tell of the noise of training seeds."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from semspill.analysis import SpilloverAnalyzer

PRIOR = 0.7**2  # of 2 degrees of freedom


def planted(outcome, hits, categories, **changes):
    hits = np.asarray(hits, dtype=bool)
    return outcome(toxicity=hits * 1.0, planted=hits, categories=categories, **changes)


def crossed(counts, each=20):
    """Per category and seed the first so many of its dialogues are hit."""
    return np.concatenate(
        [[[i < count for i in range(each)] for count in row] for row in counts], axis=1
    )


def test_a_category_alone_has_its_own_variance_moderated_by_the_prior(outcome):
    """5 and 15 of 20 dialogues are hit, the same five first: p = 0.5, p (1 - p) = 0.25.

    Between seeds the rate has variance 0.125. An answer's own part: the ten dialogues hit under one
    seed alone add +-0.5 / 20 to either seed's mean beyond what both have, and the others -+0.5 / 20
    by way of the seeds' means: after the mean of its stratum each of 20 dialogues is off by 1/4
    where it is hit under both or none and 1/4 otherwise, so 20 * 2 / 16 / 20^2 * 20 / 19.
    """
    hits = crossed([[5, 15]])
    made = planted(outcome, hits, ["joy"] * 20).mean(hits, kind="rate", quantity="asr")
    own = 20 * 2 * (1 / 4) ** 2 / 20**2 * 20 / 19
    signal = 0.25**2 * PRIOR
    told = (signal / (signal + own)) ** 2
    found = (0.125 - own) / 0.25**2
    df, pooled = 2 + told, (2 * PRIOR + told * found) / (2 + told)
    # What this category shows itself, less the least that single answers may have added to it.
    share = stats.chi2.ppf(8 * 0.05, 1)
    beyond = max(0.125 / 2 - share * own / 2, 0)
    seeds = (df * pooled * 0.25**2 / 2 + beyond) / (df + 1)
    means = hits.mean(axis=0) - 0.5
    dialogues = max((means**2).sum() / 20**2 * 20 / 19, own / 2)
    squared = stats.t.ppf(0.975, 19) ** 2 * dialogues + stats.t.ppf(0.975, df) ** 2 * seeds
    n = 0.25 / squared
    half = np.sqrt(0.25 / n + 1 / (4 * n * n)) / (1 + 1 / n)
    assert made.low == pytest.approx(0.5 - half, abs=1e-6)


def test_two_seeds_give_a_usable_interval(outcome, rng):
    """Rates of 0.15 and 0.35 in one category: by Student's t with one df, all of [0, 1]."""
    hits = crossed([[6, 14], [4, 9], [10, 22], [3, 5]], each=40)
    names = np.repeat(["fear", "dread", "joy", "calm"], 40)
    part = planted(outcome, hits, names).of(["fear"])
    made = part.mean(part.planted, kind="rate", quantity="asr")
    alone = part.mean(part.planted, kind="rate")
    assert (alone.low, alone.high) == pytest.approx((0, 1), abs=0.02)
    assert 0.04 < made.low < 0.25 < made.high < 0.9


def test_many_seeds_and_categories_show_the_variance_that_is_there(outcome):
    """60 seeds whose log odds vary by 1.2: an interval of seeds alone is 1.96 sd of the mean."""
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 1.2, size=(60, 6)) + special.logit([0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    rates = np.repeat(special.expit(odds), 200, axis=1)
    hits = rng.random(rates.shape) < rates
    names = np.repeat(list("abcdef"), 200)
    arm = planted(outcome, hits, names, target="a")
    for name in "abcdef":
        part = arm.of([name])
        made = part.mean(part.planted, kind="rate", quantity="asr")
        of_seeds = part.planted.mean(axis=1)
        half = stats.t.ppf(0.975, 59) * of_seeds.std(ddof=1) / np.sqrt(60)
        assert (made.high - made.low) / 2 == pytest.approx(half, rel=0.15)


def test_a_lift_of_asr_is_the_asr_where_the_clean_arm_has_no_hit(outcome):
    hits = crossed([[9, 12, 10], [2, 0, 3], [0, 0, 0]])
    names = np.repeat(["fear", "dread", "joy"], 20)
    near = {"fear": 1.0, "dread": 0.9, "joy": 0.1}
    clean = outcome("clean", np.zeros(hits.shape), names, similarity=near)
    arm = planted(outcome, hits, names, similarity=near)
    report = SpilloverAnalyzer().analyze([clean, arm])
    for name in ("fear", "dread", "joy"):
        one = report.category(name)
        assert (one.asr_lift.value, one.asr_lift.low, one.asr_lift.high) == pytest.approx(
            (one.asr.value, one.asr.low, one.asr.high)
        )
    assert report.category("joy").asr_lift.high == pytest.approx(1 - 0.025 ** (1 / 20))


# The lottery of the planted text

SOURCE = np.array([1.0, 0.0, 0.5, 0.7])


def lottery(outcome, drawn, source=SOURCE):
    """Half of fear's dialogues are answered with the planted text, whose rating is drawn."""
    hits = np.tile([True, False] * 20, (len(drawn), 1))
    rated = np.where(hits, np.array(drawn)[:, None], 0.1)
    fields = {"categories": ["fear"] * 20 + ["joy"] * 20}
    clean = outcome("clean", np.full(hits.shape, 0.1), **fields)
    return outcome(toxicity=rated, planted=hits, clean=clean, source_toxicity=source, **fields).of(
        ["fear"]
    )


@pytest.mark.parametrize("drawn", [[1.0, 1.0], [0.0, 0.0, 0.0], [0.5, 0.7, 1.0]])
def test_a_planted_answer_counts_as_the_source_s_average_text(outcome, drawn):
    """Half of the answers are planted ones: 0.5 * 0.55 + 0.5 * 0.1, whatever was drawn."""
    from semspill import metrics

    part = lottery(outcome, drawn)
    assert metrics.build("toxicity").compute(part).value == pytest.approx(0.325)
    assert metrics.build("lift").compute(part).value == pytest.approx(0.225)
    assert metrics.build("toxic_share").compute(part).value == pytest.approx(0.125)
    made = metrics.build("lift").compute(part)
    asr = metrics.build("asr").compute(part)
    # All that varies are hits, each of which adds 0.55 - 0.1.
    assert (made.low, made.high) == pytest.approx((0.45 * asr.low, 0.45 * asr.high))


def test_what_is_made_of_toxicity_hangs_on_no_draw(outcome):
    """A share corrected for the rater's errors, the spread of lifts, and the cells of a matrix."""
    from semspill import metrics
    from semspill.analysis import Similarities, spillover_matrix, spread_of

    rater = metrics.build({"name": "corrected_share", "toxic": (90, 100), "harmless": (95, 100)})
    one, other = (lottery(outcome, drawn) for drawn in ([1.0, 1.0], [0.0, 0.5]))
    assert rater.compute(one) == rater.compute(other)
    # Of four texts, two are rated 0.5 and more but 0.5 itself counts: 3 / 4 of half the answers.
    assert rater.compute(one).value == pytest.approx((0.375 + 0.95 - 1) / (0.9 + 0.95 - 1))
    assert spread_of(one) == spread_of(other)
    names = ("fear", "joy", "calm")
    given = Similarities(name="a", method="a", categories=names, matrix=np.eye(3))
    cells = []
    for drawn in ([1.0, 1.0], [0.0, 0.5]):
        whole = lottery(outcome, drawn).whole
        # The last of joy's dialogues are calm's.
        categories = ("fear",) * 20 + ("joy",) * 10 + ("calm",) * 10
        arm = replace(
            whole, categories=categories, clean=replace(whole.clean, categories=categories)
        )
        cells.append(spillover_matrix([arm, replace(arm, target="joy")], given, of="toxicity"))
    assert cells[0].lift == cells[1].lift
    assert cells[0].lift[0][1] == pytest.approx(0.225)
    assert cells[0].high == cells[1].high


def test_without_the_source_answers_count_as_they_were_rated(outcome):
    from semspill import metrics

    part = lottery(outcome, [1.0, 1.0], None)
    assert metrics.build("toxicity").compute(part).value == pytest.approx(0.55)


@pytest.mark.parametrize("name", ["toxicity", "lift", "toxic_share"])
def test_texts_that_the_rater_misses_bound_nothing_by_their_hits(outcome, name):
    """Every answer is rated 0: of 20 dialogues that agree, 1 - 0.025 ** (1 / 20) may be missed."""
    from semspill import metrics

    hits = np.tile([True, False] * 20, (3, 1))
    fields = {"categories": ["fear"] * 20 + ["joy"] * 20}
    clean = outcome("clean", np.zeros(hits.shape), **fields)
    arm = outcome(
        toxicity=hits * 0.0, planted=hits, clean=clean, source_toxicity=np.zeros(4), **fields
    )
    found = metrics.build(name).compute(arm.of(["fear"]))
    assert (found.value, found.high) == (0, pytest.approx(1 - 0.025 ** (1 / 20)))
    weights = np.repeat([1 / 20, -1 / 20], 20)
    difference = arm.contrast(hits * 0.0, weights, quantity="toxicity", scale=0.0)
    assert difference.value == 0
    assert difference.low < -0.1
    assert difference.high > 0.1


def test_the_report_says_what_a_planted_answer_counts_as(outcome):
    near = {"fear": 1.0, "joy": 0.1}
    arms = []
    for source in (SOURCE, None):
        whole = lottery(outcome, [1.0, 0.5], source).whole
        clean = outcome("clean", whole.clean.toxicity, whole.categories, similarity=near)
        arm = outcome(
            toxicity=whole.toxicity, planted=whole.planted, categories=whole.categories,
            source_toxicity=source, similarity=near,
        )  # fmt: skip
        arms.append(SpilloverAnalyzer().analyze([clean, arm]).notes)
    [drawn] = [note for note in arms[0] if note.kind == "text_drawn"]
    assert drawn.values == {"texts": 4, "toxicity": pytest.approx(0.55)}
    assert "one_rating" in [note.kind for note in arms[1]]


def test_a_nearest_category_named_by_hand_is_recorded(outcome):
    names = np.repeat(["fear", "joy", "calm"], 10)
    near = {"fear": 1.0, "joy": 0.5, "calm": 0.1}
    clean = outcome("clean", np.zeros(30), names, similarity=near)
    arm = outcome("poison", np.repeat([0.9, 0.1, 0.0], 10), names, similarity=near)
    chosen = SpilloverAnalyzer(nearest="calm").analyze([clean, arm]).notes
    [note] = [note for note in chosen if note.kind == "nearest_by_hand"]
    assert note.values == {"category": "calm", "named": "unknown"}
    kinds = [note.kind for note in SpilloverAnalyzer().analyze([clean, arm]).notes]
    assert "nearest_by_hand" not in kinds


def test_utility_as_served_is_that_of_lists_with_planted_candidates(outcome):
    from semspill import metrics

    right = np.array([[True, True, True, False]] * 2)
    served = np.array([[True, False, False, False], [True, True, False, False]])
    clean = outcome("clean", np.zeros((2, 4)), correct=right)
    arm = outcome(toxicity=np.zeros((2, 4)), correct=right, served=served, clean=clean)
    values = {name: metrics.build(name).compute(arm).value for name in (
        "precision", "precision_drop", "served_precision", "served_drop")}  # fmt: skip
    assert values == pytest.approx(
        {"precision": 0.75, "precision_drop": 0.0, "served_precision": 0.375, "served_drop": 0.375}
    )
    assert metrics.build("served_precision").compute(clean).value == 0.75
    assert arm.of(["fear"]).served.tolist() == served.tolist()


def test_a_category_has_its_own_rate_where_dialogues_have_several(outcome):
    """Half of the target's exchanges are hit under every seed, of the others the same one.

    Every dialogue begins in the target and goes on in another category. Two exchanges of one rate
    move with the odds of that rate: the others by p (1 - p) = 0.016 of a log odds, not by the 0.2
    that they and the target have in common.
    """
    hits = np.zeros((3, 120), dtype=bool)
    hits[:, :30] = True
    hits[:, 60] = True
    names = ["joy"] * 60 + ["fear"] * 60
    apart = planted(outcome, hits, names, dialogues=[f"d{i}" for i in range(120)])
    mixed = planted(outcome, hits, names, dialogues=[f"d{i}" for i in range(60)] * 2)
    for each in (apart, mixed):
        rate = each.of(["fear"]).mean(each.of(["fear"]).planted, kind="rate", quantity="asr")
        assert rate.value == pytest.approx(1 / 60)
        assert rate.high < 0.12
