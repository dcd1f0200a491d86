"""A report written by hand: three categories, two arms, one metric that is not defined."""

import math

import pytest

from semspill import Estimate, SpilloverReport
from semspill.report import CurvePoint, SliceReport

ASR = {"fear": 0.5, "dread": 0.25, "joy": 0.125, "all but fear": 0.1875, "all": 0.25}
SIMILARITY = {"fear": 1.0, "dread": 0.75, "joy": -0.5}
SOURCES = {"HashingEncoder": "Somebody 1999", "BuiltinSource": "original"}
NOTES = ("One training seed: beware.", "The floor is 0.0100.")


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
        estimates={"asr": estimate(planted), "lift": estimate(math.nan, low=math.nan)},
    )


@pytest.fixture
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
        overall={"poison": {"spearman": rho, "other": estimate(math.nan)}},
        curve=tuple(
            CurvePoint(
                arm=arm, epoch=epoch, group=n, toxicity=ASR[n] * epoch / 2 * (arm != "clean"), asr=0
            )
            for arm in arms
            for n in ("fear", "dread", "all but fear", "all")
            for epoch in (1, 2)
        ),
        notes=NOTES,
        provenance={"config": {"seeds": [0, 1]}, "sources": SOURCES},
    )
