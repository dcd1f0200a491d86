import math

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from semspill import Estimate, Metric, Outcome, SpilloverAnalyzer


class Told(Metric):
    """Reads its p-value off the ratings: 0 means that it could not be tested."""

    citation = "original"
    paired = True

    def compute(self, outcome):
        seen = float(outcome.toxicity.mean())
        return Estimate(value=1, low=0, high=2, n=1, method="told", p_value=seen or None)


class Lost(Told):
    """Tells a p-value that is not a number where it could not be tested."""

    def compute(self, outcome):
        told = super().compute(outcome)
        return told.replace(p_value=told.p_value or math.nan)


def report_of(p_values, metric=None):
    """One category per p-value, and the target whose p-value is the smallest of all."""
    names = tuple(["fear", *(f"c{i:02}" for i in range(len(p_values)))])
    rated = np.array([[1e-9, *p_values]])
    nothing = np.zeros(rated.shape, dtype=np.bool_)
    arms = [
        Outcome(
            arm=arm, target="fear", seeds=(0,), categories=names, dialogues=names,
            toxicity=rated, planted=nothing, correct=nothing,
            similarity={name: 0.1 for name in names},
        )
        for arm in ("clean", "poison", "pool_only")
    ]  # fmt: skip
    return SpilloverAnalyzer(metrics=[metric or Told(), "asr"]).analyze(arms)


def corrected(report, name="Told", arm="poison"):
    found = [p.estimates[name] for p in report.categories if p.arm == arm and p.name != "fear"]
    return [e.p_holm for e in found], [e.p_bh for e in found]


def test_a_family_corrected_by_hand():
    """Holm: 4 x 0.01, 3 x 0.02, 2 x 0.03, then never less; BH: 4/1, 4/2, 4/3 and 1 times p."""
    report = report_of([0.03, 0.01, 0.5, 0.02])
    for arm in ("poison", "pool_only"):
        holm, bh = corrected(report, arm=arm)
        assert holm == pytest.approx([0.06, 0.04, 0.5, 0.06])
        assert bh == pytest.approx([0.04, 0.04, 0.5, 0.04])


def test_the_target_the_groups_and_what_has_no_test_are_not_corrected():
    report = report_of([0.03, 0.01, 0.5])
    target = report.category("fear").Told
    assert (target.p_value, target.p_holm, target.p_bh) == (1e-9, None, None)
    assert report.group("c01").Told.p_holm is None
    assert report.category("c01").asr.p_holm is None
    assert "Told" not in report.category("c01", "clean").estimates


@pytest.mark.parametrize("metric", [Told(), Lost()])
def test_a_category_without_a_test_counts_as_one_that_did_not_change(metric):
    """Three categories, one untested: 3 x 0.01 and 2 x 0.04, not 2 x 0.01 and 0.04."""
    report = report_of([0.01, 0.0, 0.04], metric)
    holm, bh = corrected(report, type(metric).__name__)
    assert [holm[0], holm[2]] == pytest.approx([0.03, 0.08])
    assert [bh[0], bh[2]] == pytest.approx([0.03, 0.06])
    assert (holm[1], bh[1]) == (None, None)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "p_values",
    [
        [0.2],
        [0.04, 0.04, 0.04, 0.04],
        [1.0, 1e-6, 0.049, 0.5, 0.051, 1e-6, 0.01, 0.999],
        [0.013, 0.012, 0.011, 0.03, 0.02, 1.0, 1.0],
    ],
)
def test_statsmodels_says_the_same(p_values):
    holm, bh = corrected(report_of(p_values))
    assert holm == pytest.approx(multipletests(p_values, method="holm")[1])
    assert bh == pytest.approx(multipletests(p_values, method="fdr_bh")[1])
    assert all(h >= b >= p for h, b, p in zip(holm, bh, p_values, strict=True))
