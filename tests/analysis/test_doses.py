"""How planted answers depend on single exchanges, against hand calculations and other software."""

import math

import numpy as np
import pytest

from semspill import SpilloverAnalyzer
from semspill.analysis import ExchangeSimilarity
from semspill.statistics._auc import weighted_auc
from semspill.statistics._logistic import fit_logistic


def test_the_area_counts_pairs_and_equal_scores_half():
    scores, hits = np.array([1.0, 2.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0, 1.0])
    # Pairs of a hit and none: (2,1) won, (2,2) half, (3,1) and (3,2) won.
    assert weighted_auc(scores, hits, np.ones((1, 4))) == pytest.approx([3.5 / 4])
    # Without the last exchange, and with the first one twice: (2,1) twice, (2,2) half.
    assert weighted_auc(scores, hits, np.array([[2.0, 1, 1, 0]])) == pytest.approx([2.5 / 3])
    assert np.isnan(weighted_auc(scores, np.zeros(4), np.ones((1, 4)))).all()


def test_the_area_is_that_of_scikit_learn():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(1)
    scores, hits = rng.integers(0, 20, 200).astype(float), rng.random(200) < 0.3
    weights = rng.integers(0, 4, (3, 200)).astype(float)
    expected = [roc_auc_score(hits, scores, sample_weight=row) for row in weights]
    assert weighted_auc(scores, hits.astype(float), weights) == pytest.approx(expected)


def test_the_ratio_of_odds_of_two_groups():
    # 6 of 20 against 5 of 25: 6/14 over 5/20.
    term = np.repeat([1.0, 0.0], [20, 25])
    hits = np.array([[True] * 6 + [False] * 14 + [True] * 5 + [False] * 20])
    fitted = fit_logistic(hits, {"first": term}, np.arange(45), 0.95)
    assert fitted.odds["first"].value == pytest.approx((6 / 14) / (5 / 20), rel=1e-6)
    # With each exchange a dialogue the error is White's, here 1/6 + 1/14 + 1/5 + 1/20 by hand.
    error = math.sqrt((1 / 6 + 1 / 14 + 1 / 5 + 1 / 20) * 45 / 44)
    reach = 2.015368 * error  # Student's t with 44 degrees of freedom
    assert math.log(fitted.odds["first"].high) == pytest.approx(
        math.log(fitted.odds["first"].value) + reach, rel=1e-5
    )
    assert fitted.coefficients[""] == pytest.approx(math.log(5 / 20), rel=1e-6)


def clustered(seeds):
    rng = np.random.default_rng(4)
    clusters = np.repeat(np.arange(60), 3)
    x = rng.normal(size=180)
    shared = rng.normal(size=60)[clusters] + 0.8 * rng.normal(size=(seeds, 1))
    hits = rng.random((seeds, 180)) < 1 / (1 + np.exp(1 - x - shared))
    return hits, x, clusters


def test_errors_are_clustered_by_dialogue_and_seed_as_statsmodels_does():
    import statsmodels.api as sm

    hits, x, clusters = clustered(4)
    fitted = fit_logistic(hits, {"x": x}, clusters, 0.95).odds["x"]
    rows = sm.GLM(
        hits.ravel().astype(float), sm.add_constant(np.tile(x, 4)), family=sm.families.Binomial()
    )
    by_dialogue, by_seed = np.tile(clusters, 4), np.repeat(np.arange(4), 180)

    def variance(groups):
        options = {"groups": groups, "use_correction": False}
        count = len(np.unique(groups))
        return rows.fit(cov_type="cluster", cov_kwds=options).bse[1] ** 2 * count / (count - 1)

    dialogue, seed = variance(by_dialogue), variance(by_seed)
    extra = max(seed - variance(by_seed * 60 + by_dialogue), 0)
    free = (dialogue + extra) ** 2 / (dialogue**2 / 59 + extra**2 / 3)
    from scipy import stats

    reach = stats.t.ppf(0.975, free) * math.sqrt(dialogue + extra)
    value = rows.fit().params[1]
    ends = [math.exp(end) for end in (value, value - reach, value + reach)]
    assert [fitted.value, fitted.low, fitted.high] == pytest.approx(ends, rel=1e-4)
    assert fitted.n == 60


def test_a_group_without_a_hit_has_no_ratio():
    term, x = np.repeat([1.0, 0.0], 40), np.tile(np.arange(40.0), 2)
    hits = np.array([[False] * 40 + [place % 3 == 0 for place in range(40)]])
    fitted = fit_logistic(hits, {"first": term, "x": x}, np.arange(80), 0.95)
    assert math.isnan(fitted.odds["first"].value)
    assert "tell all hits apart" in fitted.odds["first"].note


@pytest.mark.parametrize("kind", ["none hit", "all hit", "flat", "separated"])
def test_what_cannot_be_fitted_says_why(kind):
    x = np.arange(40.0)
    hits = {
        "none hit": np.zeros((1, 40), bool), "all hit": np.ones((1, 40), bool),
        "flat": (np.arange(40) % 2 == 0)[None], "separated": (x >= 20)[None],
    }[kind]  # fmt: skip
    fitted = fit_logistic(hits, {"x": 0 * x if kind == "flat" else x}, np.arange(40), 0.95)
    assert math.isnan(fitted.odds["x"].value)
    assert fitted.odds["x"].note.startswith("not defined")
    assert not fitted.coefficients


@pytest.fixture
def pair(outcome):
    """Ten contexts of each of three categories: 8, 4 and 1 of them answered with a planted one."""
    names = ["fear"] * 10 + ["dread"] * 10 + ["joy"] * 10
    hit = [1.0] * 8 + [0.0] * 2 + [1.0] * 4 + [0.0] * 6 + [1.0] + [0.0] * 9
    near = {"fear": 1.0, "dread": 0.8, "joy": 0.1}
    shared = {"categories": names, "similarity": near}
    return [
        outcome("clean", [[0.0] * 30] * 2, **shared),
        outcome("poison", [hit] * 2, **shared),
    ]


def report_of(pair, values, taken):
    near = ExchangeSimilarity("mine", np.array(values, float), np.array(taken, bool))
    [dose] = SpilloverAnalyzer(draws=100).analyze(pair, exchanges=[near]).doses
    return dose


def test_a_neighbour_that_is_mistaken_half_as_often_is_hit_half_as_often(pair):
    taken = [False] * 2 + [True] * 8 + [False] * 6 + [True] * 4 + [False] * 10
    dose = report_of(pair, [3.0] * 10 + [2.0] * 10 + [1.0] * 10, taken)
    assert (dose.similarity, dose.nearest) == ("mine", "dread")
    assert dose.confusion_ratio.value == pytest.approx(0.5)
    assert dose.beyond.value == pytest.approx(0)
    assert dose.beyond.low < 0 < dose.beyond.high
    assert dose.told_apart.value == 1
    # Outside the target 5 are hit, 4 of them at 2.0; of pairs, 4 x 9 are won and 4 x 6 + 1 x 9 tie.
    assert dose.predicts.value == pytest.approx((36 + 0.5 * 33) / 75)
    assert {(b.group, b.exchanges, b.asr.value) for b in dose.bins} == {
        ("fear", 10, 0.8), ("dread", 10, 0.4), ("others", 10, 0.1),
    }  # fmt: skip


def test_a_neighbour_that_is_never_mistaken_is_hit_beyond_that(pair):
    taken = [True] * 10 + [False] * 20
    dose = report_of(pair, [3.0] * 10 + [2.0] * 10 + [1.0] * 10, taken)
    assert dose.confusion_ratio.value == 0
    assert dose.beyond.value == pytest.approx(0.5)
    assert dose.beyond.low > 0


@pytest.mark.filterwarnings("error")
def test_a_draw_without_a_category_has_no_ratio_and_no_warning(outcome):
    shared = {"categories": ["fear", "dread", "joy"], "similarity": {"dread": 0.8, "joy": 0.1}}
    tiny = [outcome("clean", [[0.0] * 3] * 2, **shared), outcome("poison", [[1.0, 1.0, 0.0]] * 2,
                                                                 **shared)]  # fmt: skip
    dose = report_of(tiny, [3.0, 2.0, 1.0], [True, True, False])
    assert dose.confusion_ratio.value == 1


def test_without_a_rise_in_the_target_nothing_goes_beyond(pair):
    clean, _ = pair
    still = clean.__class__(**{**vars(clean), "arm": "poison"})
    dose = report_of([clean, still], [1.0] * 30, [True] * 30)
    assert math.isnan(dose.beyond.value)
    assert "rise" in dose.beyond.note


def test_the_ratio_given_similarity_is_that_of_exchanges_alike(outcome):
    """Each category has as many near as far exchanges; at the same similarity dread is hit more."""
    names = ["fear"] * 2 + ["dread"] * 80 + ["joy"] * 80
    values = [1.0] * 2 + ([1.0] * 40 + [0.0] * 40) * 2
    hits = [1.0] * 2 + [1.0] * 20 + [0.0] * 20 + [1.0] * 8 + [0.0] * 32
    hits += [1.0] * 8 + [0.0] * 32 + [1.0] * 2 + [0.0] * 38
    shared = {"categories": names, "similarity": {"fear": 1.0, "dread": 0.8, "joy": 0.1}}
    pair = [outcome("clean", [0.0] * 162, **shared), outcome("poison", hits, **shared)]
    dose = report_of(pair, values, [value > 0.5 for value in values])
    # Mantel and Haenszel 1959, by hand: (20*32/80 + 8*38/80) / (20*8/80 + 32*2/80) = 4.214.
    assert dose.odds["nearest"].value == pytest.approx(4.214, rel=0.01)
    assert dose.odds["nearest"].low > 1
    # All categories have the same mean: nothing lies between them.
    assert math.isnan(dose.odds["between"].value)


def test_reports_show_it(pair, tmp_path):
    near = ExchangeSimilarity("mine", np.linspace(3, 1, 30), np.arange(30) < 12)
    report = SpilloverAnalyzer(draws=100).analyze(pair, exchanges=[near])
    assert "What the text of a context explains" in report.to_markdown()
    assert "What the text of a context explains" in report.to_html()
    assert "dose" in report.figures
    report.figure("dose").savefig(tmp_path / "dose.png")
    frame = report.to_frame("doses")
    assert set(frame["part"]) >= {"told_apart", "confusion_ratio", "beyond", "odds_nearest"}
    assert list(report.to_frame("dose_bins")["group"])
    assert type(report).from_json(report.to_json()).doses == report.doses
