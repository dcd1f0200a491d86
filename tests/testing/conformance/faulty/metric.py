"""Faulty metrics."""

import math

import numpy as np

from faulty import after_a_draw, by_hash, torn, unseeded
from semspill import Estimate, Metric


def fixed(outcome, value=0.5, **changes):
    """An estimate that looks at nothing, right in all but what is changed."""
    level = outcome.resampling.level
    fields = {"low": value - level / 2, "high": value + level / 2, "n": 3, "level": level}
    return Estimate(
        **{"value": value, "method": "by hand", "citation": "mine", **fields, **changes}
    )


def mean(outcome):
    return outcome.mean(outcome.toxicity)


def wider_in_disorder(outcome):
    ordered = list(outcome.dialogues) == sorted(outcome.dialogues)
    return fixed(outcome, low=0.0, high=0.9 if ordered else 0.95)


def drawn_by_place(outcome):
    """Its value is right, and its ends are those of the first and the last exchange."""
    estimate = mean(outcome)
    low, high = sorted([outcome.toxicity[0, 0], outcome.toxicity[0, -1]])
    ends = {"low": min(low, estimate.value), "high": max(high, estimate.value)}
    return estimate.replace(**ends, method="bootstrap")


def change_toxicity(outcome):
    estimate = mean(outcome)
    outcome.toxicity[:] = 0.0
    return estimate


def change_the_clean_arm(outcome):
    estimate = mean(outcome)
    outcome.baseline.correct[:] = True
    return estimate


def spread_of_seeds(outcome):
    if len(outcome.seeds) < 2:
        raise ValueError("one seed has no spread")
    return mean(outcome)


def share_of_all(outcome):
    if not outcome.toxicity.sum() + outcome.baseline.toxicity.sum():
        raise ZeroDivisionError("float division by zero")
    return mean(outcome)


def spread_in_category(outcome):
    if min(outcome.categories.count(name) for name in set(outcome.categories)) < 2:
        raise ValueError("too few")
    return mean(outcome)


def torn_error(outcome):
    torn(not outcome.similarity)
    return mean(outcome)


def draw_globally(outcome):
    drawn = np.random.choice(outcome.toxicity.ravel(), 50)  # noqa: NPY002
    return fixed(outcome, float(drawn.mean()))


class Faulty(Metric):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def compute(self, outcome):
        return FAULTS[self.fault][0](outcome)


class Worst(Metric):
    """Toxicity that the worst fifth of the answers reaches."""

    citation = "original"

    def compute(self, outcome):
        return outcome.bootstrap(lambda part: float(np.quantile(part.toxicity, 0.8)))


class Drawn(Metric):
    """Mean toxicity, by a bootstrap of weights."""

    citation = "original"

    def compute(self, outcome):
        return outcome.bootstrap_weighted(
            lambda part, weights: weights @ part.toxicity.mean(axis=0) / weights.sum(axis=1)
        )


class Share(Metric):
    """Share of the arm's toxicity that is the target's: of a whole arm, and not paired."""

    citation = "original"
    whole = True

    def compute(self, outcome):
        inside = np.array([name == outcome.target for name in outcome.categories], dtype=float)
        return outcome.ratio(outcome.toxicity, inside, np.ones(len(inside)), citation=self.citation)


ORDERS = "same_in_any_order same_for_any_order_of_seeds same_under_other_names"
TAKES = "takes_one_seed takes_extremes takes_one_exchange"
RANDOM = f"same_at_every_call blind_to_global_seeds {ORDERS}"
FAULTS = {
    "a number": (
        lambda o: float(o.toxicity.mean()),
        "gives_an_estimate interval_holds_the_value counts_its_units level_of_the_outcome "
        "says_source_and_method p_values_are_probabilities same_at_every_call "
        "blind_to_global_seeds leaves_global_generators_alone same_in_another_process "
        f"{ORDERS} {TAKES}",
        "float",
    ),
    "outside": (
        lambda o: fixed(o, low=0.6, high=0.6 + o.resampling.level),
        f"interval_holds_the_value {TAKES}",
        "0.5 in the interval [0.6, 1.55]",
    ),
    "nan": (lambda o: fixed(o, math.nan), f"interval_holds_the_value {TAKES}", "NaN"),
    "no units": (lambda o: fixed(o, n=0), "counts_its_units", "n is 0"),
    "level in name only": (
        lambda o: fixed(o, low=0.3, high=0.7),
        "level_of_the_outcome",
        "no interval is wider",
    ),
    "level forgotten": (
        lambda o: fixed(o, level=0.95),
        "level_of_the_outcome",
        "0.95 and 0.95 for 0.5 and 0.99",
    ),
    "no source": (lambda o: fixed(o, citation=" "), "says_source_and_method", "citation"),
    "no method": (lambda o: fixed(o, method=""), "says_source_and_method", "method"),
    "p over 1": (lambda o: fixed(o, p_holm=1.5), "p_values_are_probabilities", "p_holm is 1.5"),
    "first exchange": (
        lambda o: fixed(o, float(o.toxicity[:, 0].mean())),
        "same_in_any_order",
        "its value was 0.",
    ),
    "disorder": (
        wider_in_disorder,
        "same_in_any_order level_of_the_outcome",
        "[0, 0.9] and came as [0, 0.95]",
    ),
    "drawn by place": (
        drawn_by_place,
        "same_in_any_order same_for_any_order_of_seeds level_of_the_outcome",
        "its interval was",
    ),
    "first seed": (
        lambda o: fixed(o, float(o.toxicity[0].mean())),
        "same_for_any_order_of_seeds",
        "rows",
    ),
    "first name": (lambda o: mean(o.of([min(o.categories)])), "same_under_other_names", "apart"),
    "toxicity": (
        change_toxicity,
        f"leaves_the_outcome {RANDOM}",
        "toxicity of arm 'poison'",
    ),
    "clean arm": (change_the_clean_arm, "leaves_the_outcome", "correct of arm 'clean'"),
    "one seed": (spread_of_seeds, "takes_one_seed", "for 1 of the seeds it raised ValueError"),
    "nothing toxic": (
        share_of_all,
        "takes_extremes",
        "rated 0 and all clean ones 0 it raised ZeroDivisionError",
    ),
    "silent": (
        lambda o: fixed(o, math.nan) if np.ptp(o.toxicity) == 0 else mean(o),
        "takes_extremes",
        "rated 0 and all clean ones 0 its value is NaN",
    ),
    "one exchange": (spread_in_category, "takes_one_exchange", "ValueError: too few"),
    "torn error": (torn_error, "errors_get_out", "TornError"),
    "unseeded": (
        lambda o: fixed(o, unseeded()),
        f"{RANDOM} same_in_another_process",
        "second call",
    ),
    "global": (
        draw_globally,
        f"blind_to_global_seeds leaves_global_generators_alone {RANDOM} same_in_another_process",
        "seeds 1 and 2",
    ),
    "drawn": (lambda o: after_a_draw(mean(o)), "leaves_global_generators_alone", "numpy"),
    "hash": (
        lambda o: o.mean(o.toxicity * by_hash("grumble")),
        "same_in_another_process",
        "hash",
    ),
}
