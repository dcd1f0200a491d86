"""Checks of metrics: the built-in ones pass, and each check trips on a broken one."""

import math
from dataclasses import replace

import numpy as np
import pytest

from semspill import Estimate, Metric, Outcome, metrics
from semspill.errors import DataError, RegistryError
from semspill.statistics import Resampling
from semspill.testing import ConformanceError, check_metric, checks
from semspill.testing._conformance._outcomes import made_up_outcome, renamed

COMMON = {
    "has_a_citation",
    "can_be_named",
    "comes_back_from_its_config",
    "refuses_unknown_fields",
    "never_changes",
    "pickles",
}
# Whether another process can import this module hangs on how pytest was started.
HERE = [check for check in checks("metric") if check.name != "same_in_another_process"]
FIELDS = {"corrected_share": {"toxic": (160, 200), "harmless": (180, 200)}}
BUILT_IN = [
    name for name in metrics.names() if metrics.get(name).__module__.startswith("semspill.")
]


class TornError(ValueError):
    """Has two arguments and tells its base class of one, so a copy cannot be made."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


def fixed(outcome, value=0.5, **changes):
    """An estimate that looks at nothing, right in all but what is changed."""
    level = outcome.resampling.level
    fields = {"low": value - level / 2, "high": value + level / 2, "n": 3, "level": level}
    return Estimate(
        **{"value": value, "method": "by hand", "citation": "mine", **fields, **changes}
    )


def mean(outcome):
    return outcome.mean(outcome.toxicity)


def of_the_first(outcome):
    return fixed(outcome, float(outcome.toxicity[:, 0].mean()))


def of_the_first_seed(outcome):
    return fixed(outcome, float(outcome.toxicity[0].mean()))


def of_the_first_name(outcome):
    first = min(outcome.categories)
    return mean(outcome.of([first]))


def wider_in_disorder(outcome):
    ordered = list(outcome.dialogues) == sorted(outcome.dialogues)
    return fixed(outcome, low=0.0, high=0.9 if ordered else 0.95, level=outcome.resampling.level)


def drawn_by_place(outcome):
    """Its value is right, and its ends are those of the first and the last exchange."""
    made = mean(outcome)
    low, high = sorted([outcome.toxicity[0, 0], outcome.toxicity[0, -1]])
    return made.replace(low=min(low, made.value), high=max(high, made.value), method="bootstrap")


def level_in_name_only(outcome):
    return fixed(outcome, low=0.3, high=0.7)


def level_forgotten(outcome):
    return fixed(outcome, level=0.95)


def change_toxicity(outcome):
    made = mean(outcome)
    outcome.toxicity[:] = 0.0
    return made


def change_the_clean_arm(outcome):
    made = mean(outcome)
    outcome.baseline.correct[:] = True
    return made


def spread_of_seeds(outcome):
    made = mean(outcome)
    if len(outcome.seeds) < 2:
        raise ValueError("one seed has no spread")
    return made


def share_of_all(outcome):
    total = outcome.toxicity.sum() + outcome.baseline.toxicity.sum()
    if not total:
        raise ZeroDivisionError("float division by zero")
    return mean(outcome)


def quiet_nan(outcome):
    if np.ptp(outcome.toxicity) == 0:
        return fixed(outcome, math.nan)
    return mean(outcome)


def spread_in_category(outcome):
    sizes = [outcome.categories.count(name) for name in set(outcome.categories)]
    if min(sizes) < 2:
        raise ValueError("too few")
    return mean(outcome)


def tear(outcome):
    if not outcome.similarity:
        raise TornError("similarity", "none")
    return mean(outcome)


def draw_from_nowhere(outcome):
    return fixed(outcome, np.random.default_rng().random())


def draw_globally(outcome):
    made = np.random.choice(outcome.toxicity.ravel(), 50).mean()  # noqa: NPY002
    return fixed(outcome, float(made))


def draw_and_forget(outcome):
    np.random.random()  # noqa: NPY002  # what must not be done
    return mean(outcome)


ORDERS = {"same_in_any_order": "", "same_for_any_order_of_seeds": "", "same_under_other_names": ""}
TWICE = {"same_at_every_call": "", "blind_to_global_seeds": ""}

FAULTS = {
    "a number": (
        lambda o: float(o.toxicity.mean()),
        {"gives_an_estimate": "compute gave float. Make it with outcome.mean, .contrast", "*": ""},
    ),
    "outside": (
        lambda o: fixed(o, low=0.6, high=0.6 + o.resampling.level),
        {
            "interval_holds_the_value": "it gave 0.5 in the interval [0.6, 1.55]. Make it with",
            "takes_one_seed": "",
            "takes_extremes": "",
            "takes_one_exchange": "",
        },
    ),
    "nan": (
        lambda o: fixed(o, math.nan),
        {
            "interval_holds_the_value": "its value is NaN without a note. Say in `note` why there",
            "takes_one_seed": "",
            "takes_extremes": "",
            "takes_one_exchange": "",
        },
    ),
    "no units": (
        lambda o: fixed(o, n=0),
        {"counts_its_units": "n is 0. Set n to how many dialogues"},
    ),
    "level in name only": (
        level_in_name_only,
        {"level_of_the_outcome": "no interval is wider for 0.99 than for 0.5. Take the quantiles"},
    ),
    "level forgotten": (
        level_forgotten,
        {"level_of_the_outcome": "it says 0.95 and 0.95 for 0.5 and 0.99. Give Estimate level="},
    ),
    "no source": (
        lambda o: fixed(o, citation=" "),
        {"says_source_and_method": "the estimate's citation is empty. Give it citation=self"},
    ),
    "no method": (
        lambda o: fixed(o, method=""),
        {"says_source_and_method": "the estimate's method is empty. Name the interval"},
    ),
    "p over 1": (
        lambda o: fixed(o, p_holm=1.5),
        {"p_values_are_probabilities": "p_holm is 1.5. Give a probability, or None"},
    ),
    "first exchange": (
        of_the_first,
        {"same_in_any_order": "its value was 0."},
    ),
    "disorder": (
        wider_in_disorder,
        {
            "same_in_any_order": "its interval was [0, 0.9] and came as [0, 0.95]. Go by outcome",
            "level_of_the_outcome": "",
        },
    ),
    "drawn by place": (
        drawn_by_place,
        {
            "same_in_any_order": "its interval was [0.",
            "same_for_any_order_of_seeds": "",
            "level_of_the_outcome": "",
        },
    ),
    "first seed": (
        of_the_first_seed,
        {"same_for_any_order_of_seeds": "Treat all rows of the arrays alike"},
    ),
    "first name": (
        of_the_first_name,
        {"same_under_other_names": "Tell categories apart by outcome.target, .nearest_category"},
    ),
    "toxicity": (
        change_toxicity,
        {
            "leaves_the_outcome": "toxicity of arm 'poison' changed. Work on a copy",
            **ORDERS,
            **TWICE,
        },
    ),
    "clean arm": (
        change_the_clean_arm,
        {"leaves_the_outcome": "correct of arm 'clean' changed. Work on a copy: correct.copy()"},
    ),
    "one seed": (
        spread_of_seeds,
        {"takes_one_seed": "for 1 of the seeds it raised ValueError: one seed has no spread. Let"},
    ),
    "nothing toxic": (
        share_of_all,
        {
            "takes_extremes": "where all answers are rated 0 and all clean ones 0 it raised "
            "ZeroDivisionError: float division by zero. Return value, low and high NaN"
        },
    ),
    "quiet": (
        quiet_nan,
        {"takes_extremes": "rated 0 and all clean ones 0 its value is NaN without a note. Say"},
    ),
    "one exchange": (
        spread_in_category,
        {"takes_one_exchange": "where each has one exchange it raised ValueError: too few"},
    ),
    "torn error": (
        tear,
        {"errors_get_out": "its TornError is lost (TypeError: TornError.__init__() missing 1"},
    ),
    "unseeded": (
        draw_from_nowhere,
        {
            "same_at_every_call": "the second call gave others. Draw with outcome.bootstrap",
            "blind_to_global_seeds": "",
            **ORDERS,
        },
    ),
    "global": (
        draw_globally,
        {
            "blind_to_global_seeds": "Draw with outcome.bootstrap, or from a generator",
            "same_at_every_call": "",
            "leaves_global_generators_alone": "",
            **ORDERS,
        },
    ),
    "global for nothing": (draw_and_forget, {"leaves_global_generators_alone": "numpy"}),
}


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


class Asked(Metric):
    """Notes what it is asked for."""

    citation = "original"

    def compute(self, outcome):
        SEEN.append((outcome.arm.name, outcome.clean is None, len(set(outcome.categories))))
        return mean(outcome)


class AskedPaired(Asked):
    """Notes the same, and compares."""

    paired = True


class AskedWhole(Asked):
    """Notes the same, of whole arms."""

    whole = True


SEEN: list = []


def tripped(metric, tried=HERE, **given):
    said = {}
    for check in tried:
        try:
            check(metric, **given)
        except ConformanceError as error:
            [said[check.name]] = error.sentences
    return said


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_metrics_pass(name):
    assert tripped(metrics.build({"name": name, **FIELDS.get(name, {})})) == {}


@pytest.mark.parametrize("spec", ["lift", {"name": "slope", "of": "asr"}], ids=str)
def test_they_pass_in_another_process_too(spec):
    check_metric(spec)


@pytest.mark.parametrize("metric", [Drawn(), Share()], ids=repr)
def test_a_strangers_metric_passes(metric):
    assert tripped(metric) == {}


def test_a_bootstrap_may_draw_otherwise_under_other_names():
    [check] = [check for check in HERE if check.name == "same_under_other_names"]
    check(Worst())
    first, second = (Drawn().compute(o) for o in (made_up_outcome(), renamed(made_up_outcome())))
    assert first.value == pytest.approx(second.value)
    assert abs(first.low - second.low) > 1e-6


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_metric_trips_its_check_and_no_other(fault):
    said = tripped(Faulty(fault=fault))
    expected = FAULTS[fault][1]
    (name, piece), *_ = expected.items()
    assert piece in said[name]
    assert said[name].startswith("Faulty promises: ")
    if "*" in expected:
        assert said.keys() == {check.name for check in HERE} - COMMON - {
            "errors_get_out",
            "leaves_the_outcome",
        }
    else:
        assert said.keys() == expected.keys()


def test_every_check_is_tripped_by_one():
    firsts = {next(iter(expected)) for _, expected in FAULTS.values()}
    elsewhere = {"same_in_another_process"}  # below
    assert firsts | elsewhere | COMMON == {check.name for check in checks("metric")}


BY_HASH = """
from semspill import Metric

class Hashed(Metric):
    citation = "original"

    def compute(self, outcome):
        return outcome.mean(outcome.toxicity * (hash(outcome.target) % 1000) / 1000)
"""


def test_a_metric_that_hangs_on_the_hash_of_a_name_trips_the_other_process(tmp_path, monkeypatch):
    (tmp_path / "a_metric_by_hash.py").write_text(BY_HASH)
    monkeypatch.syspath_prepend(tmp_path)
    from a_metric_by_hash import Hashed

    [check] = [check for check in checks("metric") if check.name == "same_in_another_process"]
    with pytest.raises(ConformanceError, match="gives the same estimates in another process; but"):
        check(Hashed())


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        # Of the arm: the target, another category, and all six; of the clean arm: all.
        (
            Asked(),
            [("poison", False, 1), ("poison", False, 1), ("poison", False, 6), ("clean", True, 6)],
        ),
        (AskedPaired(), [("poison", False, 1), ("poison", False, 1), ("poison", False, 6)]),
        (AskedWhole(), [("poison", False, 6)]),
    ],
)
def test_a_metric_is_asked_for_what_a_report_would_ask(metric, expected):
    SEEN.clear()
    tripped(metric, [check for check in HERE if check.name == "gives_an_estimate"])
    assert SEEN == expected


def test_the_made_up_outcome_is_what_it_says():
    outcome = made_up_outcome()
    assert (len(outcome.seeds), len(set(outcome.categories))) == (3, 6)
    for name in set(outcome.categories):
        assert len(set(outcome.of([name]).dialogues)) == 30
    lifts = {
        name: float((outcome.of([name]).toxicity - outcome.of([name]).baseline.toxicity).mean())
        for name in outcome.similarity
    }
    near = sorted(outcome.similarity, key=outcome.similarity.get)
    assert near == sorted(lifts, key=lifts.get)
    assert lifts["fear"] > 0.4 > 0.05 > abs(lifts["joy"])
    assert not outcome.clean.planted.any()


def test_a_renamed_outcome_has_its_alphabet_reversed():
    before, after = made_up_outcome(), renamed(made_up_outcome())
    named = dict(zip(before.categories, after.categories, strict=True))
    assert sorted(named) == sorted(named, key=named.get, reverse=True)
    assert after.target == named["fear"]
    assert after.clean.categories == after.categories
    assert {named[name]: near for name, near in before.similarity.items()} == after.similarity
    assert after.nearest == named["shame"]


def small(**changes):
    rated = np.array([[0.1, 0.9, 0.4, 0.2, 0.3, 0.8]])
    fields = {
        "target": "fear",
        "seeds": (0,),
        "categories": ("fear", "fear", "joy", "joy", "awe", "awe"),
        "dialogues": tuple("abcdef"),
        "toxicity": rated,
        "planted": rated > 0.85,
        "correct": rated < 0.5,
        "resampling": Resampling(draws=100),
    }
    clean = Outcome(arm="clean", **fields)
    return Outcome(arm="poison", clean=clean, **{**fields, "toxicity": rated / 2, **changes})


def test_the_outcome_is_the_one_given():
    SEEN.clear()
    check_metric(AskedWhole(), outcome=small())
    assert {seen[2] for seen in SEEN} == {3, 1}  # one: the target alone, for its error


def test_of_two_that_are_equally_near_the_name_does_not_decide():
    outcome = small(similarity={"fear": 1.0, "joy": 0.5, "awe": 0.5})
    check_metric("nearest_excess", outcome=outcome)
    check_metric("nearest_excess", outcome=small())


def test_what_is_given_wrongly_is_no_fault_of_the_metric():
    with pytest.raises(
        DataError, match=r"'poison' has no clean arm; give one whose `clean` is set"
    ):
        check_metric("lift", outcome=replace(small(), clean=None))
    with pytest.raises(RegistryError, match="Did you mean"):
        check_metric("toxicty")
