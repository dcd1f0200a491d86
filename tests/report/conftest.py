"""Reports written by hand: three categories, two arms, and one with five arms and all sections."""

import math

import pytest

from semspill import Estimate, SpilloverReport, metrics
from semspill.results import (
    Band,
    Channel,
    CurvePoint,
    LabelReport,
    Note,
    Part,
    Provenance,
    SimilarityCheck,
    SliceReport,
    SpilloverMatrix,
)
from semspill.statistics import Measure

ASR = {"fear": 0.5, "dread": 0.25, "joy": 0.125, "all but fear": 0.1875, "all": 0.25}
SIMILARITY = {"fear": 1.0, "dread": 0.75, "joy": -0.5}
SOURCES = {"HashingEncoder": "Somebody 1999", "BuiltinSource": "original"}
NOTES = (
    Note(kind="one_seed", text="One training seed: beware."),
    Note(kind="rater_floor", text="The floor is 0.0100."),
)
ASKED = ("asr", "asr_lift", "lift", "toxicity", "precision", "precision_drop", "served_precision")
MEASURES = {name: metrics.build(name).measure() for name in (*ASKED, "slope", "spearman")} | {
    f"{name}(of=asr)": metrics.build({"name": name, "of": "asr"}).measure()
    for name in ("slope", "spearman")
}


def measured(estimates):
    """Estimates by name that know what they measure; an unknown name is a stranger's level."""
    return {
        name: estimate.replace(
            measure=MEASURES.get(name, Measure(metric=name, quantity=name, kind="level"))
        )
        for name, estimate in estimates.items()
    }


def estimate(value, **options):
    fields = {"value": value, "low": value - 0.125, "high": value + 0.125, "n": 8, "method": "hand"}
    return Estimate(**{**fields, **options})


def part(name, arm):
    planted = ASR[name] if arm == "poison" else 0.0
    return SliceReport(
        name=name,
        arm=arm,
        dialogues=4,
        exchanges=8,
        similarity=SIMILARITY.get(name),
        distribution=(1 - planted, *[0.0] * 8, planted),
        estimates=measured({"asr": estimate(planted), "lift": estimate(math.nan, low=math.nan)}),
    )


@pytest.fixture(scope="session")
def report() -> SpilloverReport:
    arms = ("clean", "poison")
    rho = estimate(0.5, p_value=0.0325, n=2, method="a|b")
    return SpilloverReport(
        target="fear",
        nearest="dread",
        far=("joy",),
        arms=arms,
        seeds=(0, 1),
        similarity=SIMILARITY,
        similarity_method="cosine by hand",
        categories=tuple(part(n, arm) for arm in arms for n in ("dread", "fear", "joy")),
        groups=tuple(part(n, arm) for arm in arms for n in ASR),
        overall={"poison": measured({"slope": rho, "other": estimate(math.nan)})},
        curve=tuple(
            CurvePoint(
                arm=arm, epoch=epoch, group=n, toxicity=ASR[n] * epoch / 2 * (arm != "clean"), asr=0
            )
            for arm in arms
            for n in ("fear", "dread", "all but fear", "all")
            for epoch in (1, 2)
        ),
        notes=NOTES,
        provenance=Provenance(config={"seeds": [0, 1]}, citations=SOURCES),
    )


LIFTS = {"toxicity": "lift", "asr": "asr_lift"}
PARTS = {"total": 0.5, "pool": 0.125, "training": 0.0, "both": 0.375, "quality": 0.25, "harm": 0.25}


def lifted(part, *, tested=True):
    """The slice with a lift of half its ASR, tested: dread survives Holm, joy only BH.

    Only categories but the target are tested, groups never.
    """
    tests = {
        "dread": {"p_value": 0.001, "p_holm": 0.002, "p_bh": 0.002},
        "joy": {"p_value": 0.04, "p_holm": 0.08, "p_bh": 0.04},
    }
    asr = part.estimates["asr"]
    options = tests.get(part.name, {}) if tested and part.arm != "clean" else {}
    lifts = {n: estimate(asr.value / 2, **options) for n in ("asr_lift", "lift")}
    shares = {"toxicity": estimate(0.25), "precision": estimate(0.5), "mine": estimate(7.0)}
    made = {"asr": asr, **shares} if part.arm == "clean" else {"asr": asr, **lifts, **shares}
    return part.replace(estimates=measured(made))


@pytest.fixture(scope="session")
def full(report) -> SpilloverReport:
    """Parts of the lift, two other similarities and a band; all that the page can show."""
    rho = measured(
        {"slope": estimate(0.5, p_value=0.0325), "radius": estimate(math.nan, note="never")}
    )
    checks = [
        SimilarityCheck(
            name=name, method=f"{name} by hand", nearest=nearest, agreement=agreement, estimates=rho
        )
        for name, nearest, agreement in (("label", "dread", 0.5), ("vad", "joy", math.nan))
    ]
    return report.replace(
        arms=("clean", "poison"),
        categories=tuple(map(lifted, report.categories)),
        groups=tuple(lifted(part, tested=False) for part in report.groups),
        overall={"poison": rho, "pool_only": measured({"slope": estimate(-0.00001)})},
        decomposition=tuple(
            Part(
                group=group,
                quantity=quantity,
                part=name,
                estimate=estimate(value, measure=MEASURES[LIFTS[quantity]]),
            )
            for group in ("fear", "dread", "all")
            for quantity in ("toxicity", "asr")
            for name, value in PARTS.items()
        ),
        sensitivity=tuple(checks),
        bands={
            "lift": Band(
                similarity=(-0.5, 0.125, 0.75),
                line=(0.0, 0.09375, 0.1875),
                low=(0.0, 0.09375, 0.0),
                high=(0.1875, 0.09375, 0.1875),
            )
        },
    )


def channel(group, share, label, text, of_labelled=None):
    """Share labelled as the target and the two parts of the lift."""
    return Channel(
        group=group,
        labelled=estimate(share),
        asr_labelled=of_labelled,
        asr_rest=estimate(0.125),
        via_label=estimate(label),
        via_text=estimate(text),
    )


@pytest.fixture
def labelled(full) -> SpilloverReport:
    """Predicted labels: a quarter of dread is called fear; parts add up to the lifts of `full`."""
    slopes = {
        "similarity": (0.0625, 0.25),
        "confusion": (0.125, 0.0325),
        "similarity_given_confusion": (0.03125, 0.5),
        "confusion_given_similarity": (0.1875, 0.00001),
    }
    labels = LabelReport(
        labeller="tfidf",
        train_accuracy=1.0,
        accuracy=estimate(0.5),
        confusion={
            "dread": {"dread": 0.75, "fear": 0.25},
            "fear": {"fear": 0.5, "dread": 0.5},
            "joy": {"joy": 1.0},
        },
        channels=(
            channel("dread", 0.25, 0.125, 0.0, estimate(0.75)),
            channel("fear", 0.5, 0.1875, 0.0625, estimate(0.875)),
            channel("joy", 0.0, 0.0, 0.0625),
            channel("all but fear", 0.125, 0.0625, 0.03125, estimate(0.75)),
        ),
        curve={name: estimate(value, p_value=p) for name, (value, p) in slopes.items()},
    )
    return full.replace(labels=labels)


@pytest.fixture(scope="session")
def matrix() -> SpilloverMatrix:
    """Three targets; dread and fear are alike, and only dread caught anything, from fear."""
    lift = ((0.5, 0.0, 0.0), (0.1, 0.6, 0.0), (0.0, -0.02, 0.4))
    near = ((1.0, 0.8, 0.1), (0.8, 1.0, 0.2), (0.1, 0.2, 1.0))
    p_holm = ((math.nan, 1, 1), (0.01, math.nan, 1), (1, 1, math.nan))
    return SpilloverMatrix(
        targets=("dread", "fear", "joy"),
        victims=("dread", "fear", "joy"),
        quantity="asr",
        arm="poison",
        seeds=(0, 1),
        dialogues=(80, 70, 60),
        lift=lift,
        low=tuple(tuple(cell - 0.01 for cell in row) for row in lift),
        high=tuple(tuple(cell + 0.02 for cell in row) for row in lift),
        p_holm=p_holm,
        p_bh=p_holm,
        level=0.95,
        interval="by hand",
        similarity=near,
        similarity_method="cosine by hand",
        pooled={},
    )
