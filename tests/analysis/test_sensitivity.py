import math

import numpy as np
import pytest
from scipy import stats

from semspill import DataError, Metric, SpilloverAnalyzer
from semspill.analysis import Similarities

NAMES = ["fear", "dread", "joy", "calm", "guilt"]
NEAR = {"fear": 1.0, "dread": 0.9, "joy": -0.1, "calm": 0.2, "guilt": 0.7}
RATED = [1.0, 0.5, 0.0, 0.25, 0.5]


class Neighbour(Metric):
    """Toxicity of the neighbour, and nothing else."""

    citation = "original"
    whole = True

    def compute(self, outcome):
        part = outcome.of([outcome.nearest_category])
        return part.mean(part.toxicity)


def similarities(name, near, categories=None):
    """The column of fear; nobody looks at the others."""
    categories = tuple(near) if categories is None else categories
    column = np.array([near[other] for other in categories])
    matrix = np.tile(column[:, None], len(categories))
    return Similarities(name=name, method=f"{name} by hand", categories=categories, matrix=matrix)


@pytest.fixture
def check_of(outcome):
    def analyze(*others, **options):
        clean = outcome("clean", [0.0] * 5, NAMES, similarity=NEAR)
        poison = outcome("poison", RATED, NAMES, similarity=NEAR)
        pool = outcome("pool_only", [0.0] * 5, NAMES, similarity=NEAR)
        analyzer = SpilloverAnalyzer(metrics=["asr", "spearman", Neighbour()], **options)
        return analyzer.analyze([clean, poison, pool], alternatives=others)

    return analyze


def test_another_definition_may_name_another_neighbour(check_of):
    near = {"fear": 1.0, "dread": 0.1, "joy": 0.2, "calm": 0.9, "guilt": 0.3}
    report = check_of(similarities("label", near))
    [check] = report.sensitivity
    assert (check.name, check.method, check.nearest) == ("label", "label by hand", "calm")
    assert set(check.estimates) == {"spearman", "Neighbour"}
    assert check.estimates["Neighbour"].value == 0.25
    assert report.overall["poison"]["Neighbour"].value == 0.5
    # Ranks of dread, joy, calm, guilt: 1 2 4 3 against 4 1 2 3.
    assert check.agreement == pytest.approx(1 - 6 * (9 + 1 + 4 + 0) / (4 * 15))
    rho = stats.spearmanr([0.1, 0.2, 0.9, 0.3], [0.5, 0.0, 0.25, 0.5]).statistic
    assert check.estimates["spearman"].value == pytest.approx(rho)


def test_the_same_similarity_says_the_same(check_of):
    report = check_of(similarities("same", NEAR), similarities("again", NEAR))
    assert [check.name for check in report.sensitivity] == ["same", "again"]
    for check in report.sensitivity:
        assert check.agreement == pytest.approx(1)
        assert check.nearest == report.nearest == "dread"
        assert check.estimates == report.overall["poison"]


def test_a_definition_names_its_own_neighbour_even_where_the_analyzer_does(check_of):
    report = check_of(similarities("same", NEAR), nearest="joy")
    assert report.overall["poison"]["Neighbour"].value == 0.0
    assert report.sensitivity[0].nearest == "dread"
    assert report.sensitivity[0].estimates["Neighbour"].value == 0.5


@pytest.mark.parametrize(
    "near",
    [
        {"fear": 1.0, "dread": 0.1, "joy": 0.2},
        {"fear": 1.0, "dread": 0.5, "joy": 0.5, "calm": 0.5, "guilt": 0.5},
    ],
    ids=["two in common", "all alike"],
)
def test_agreement_is_not_defined_where_there_is_no_order(check_of, near):
    [check] = check_of(similarities("few", near)).sensitivity
    assert math.isnan(check.agreement)


def test_a_definition_that_knows_nobody_is_refused(check_of):
    with pytest.raises(DataError, match="do not hold the category 'fear'"):
        check_of(similarities("elsewhere", {"dread": 1.0, "joy": 0.0}))
    with pytest.raises(DataError, match="knows no neighbour of 'fear'"):
        check_of(similarities("elsewhere", {"fear": 1.0, "awe": 0.0}))


# The band


def band_of(outcome, near, rated, **options):
    names = [f"c{i}" for i in range(len(near))]
    similarity = {"fear": 1.0, **dict(zip(names, near, strict=True))}
    arms = [
        outcome(arm, [0.9, *values], ["fear", *names], similarity=similarity)
        for arm, values in (("clean", [0.0] * len(near)), ("poison", rated))
    ]
    analyzer = SpilloverAnalyzer(metrics=["asr_lift", "lift"], **options)
    return analyzer.analyze(arms).bands


def test_the_line_is_that_of_least_squares(outcome):
    near, rated = [0.1, 0.2, 0.4, 0.7, 0.9], [0.1, 0.0, 0.3, 0.2, 0.6]
    band = band_of(outcome, near, rated)["lift"]
    fit = stats.linregress(near, rated)
    assert band.similarity == pytest.approx((0.1, 0.46, 0.9))
    assert band.line == pytest.approx([fit.intercept + fit.slope * x for x in band.similarity])
    assert band.low[1] == band.high[1] == pytest.approx(np.mean(rated))


def test_the_band_holds_the_lines_of_shuffled_labels(outcome):
    """Against all 720 orders of six lifts, counted out; 2000 shuffles come near them."""
    from itertools import permutations

    near, rated = [0.1, 0.2, 0.4, 0.5, 0.7, 0.9], [0.0, 0.1, 0.2, 0.25, 0.3, 0.45]
    away = np.array(near) - np.mean(near)
    slopes = np.array([away @ np.array(p) for p in permutations(rated)]) / (away @ away)
    ends = np.quantile(slopes, [0.025, 0.975]) * away.max() + np.mean(rated)
    band = band_of(outcome, near, rated)["lift"]
    assert [band.low[-1], band.high[-1]] == pytest.approx(ends, abs=0.02)
    assert band.low[0] == pytest.approx(
        np.mean(rated) + np.quantile(slopes, 0.975) * away.min(), abs=0.02
    )
    assert band.rejects  # lifts in the very order of similarity
    wide = band_of(outcome, near, rated, level=0.5)["lift"]
    assert wide.level == 0.5
    assert band.low[-1] < wide.low[-1] < wide.high[-1] < band.high[-1]


def test_the_same_outcome_gives_the_same_band(outcome):
    given = ([0.1, 0.2, 0.4, 0.7], [0.1, 0.0, 0.3, 0.2])
    assert band_of(outcome, *given) == band_of(outcome, *given)


@pytest.mark.parametrize(
    ("near", "rated"),
    [
        ([0.1, 0.2, 0.4], [0.1, 0.0, 0.3]),
        ([0.1, 0.2, 0.4, 0.6], [0.1] * 4),
        ([0.1] * 4, [0.1, 0.2, 0.4, 0.6]),
    ],
    ids=["three categories", "all rose alike", "all equally near"],
)
def test_where_there_is_no_line_there_is_no_band(outcome, near, rated):
    assert "lift" not in band_of(outcome, near, rated)


def test_a_band_needs_its_metric(outcome):
    near, rated = [0.1, 0.2, 0.4, 0.7], [0.1, 0.0, 0.3, 0.2]
    assert set(band_of(outcome, near, rated)) == {"lift"}  # nothing was planted
    assert set(band_of(outcome, near, [0.1, 0.0, 0.3, 0.6])) == {"lift", "asr_lift"}
