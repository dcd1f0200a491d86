"""Made-up results of defenses, by hand: no training."""

from semspill.results import (
    Comparison,
    DefenseResult,
    DefensesReport,
    Detection,
    Difference,
    Guarding,
    Pairing,
    Stopped,
)
from semspill.statistics import Estimate, Measure

SHARE = Measure(metric="asr", quantity="asr", unit="share")
BEFORE = {"target": 0.5, "nearest": 0.25, "rest": 0.125}
GROUPS = {"target": "fear", "nearest": "dread", "rest": "all but fear"}


def number(value, wide=0.0625, **options):
    """An estimate with an interval that wide on either side."""
    ends = {"low": value - wide, "high": value + wide, "n": 8, "method": "by hand"}
    return Estimate(**{"value": value, **ends, **options})


def rate(value, wide=0.03125):
    return number(value, wide, low=max(value - wide, 0.0), measure=SHARE)


def difference(run, role, metric, before, after, *, wide, p):
    return Difference(
        run=run,
        role=role,
        name=GROUPS.get(role, "all"),
        metric=metric,
        before=before,
        after=after,
        estimate=number(after - before, wide, p_value=p / 2, p_holm=p),
    )


def comparison(baseline, differences):
    runs = tuple(dict.fromkeys(one.run for one in differences))
    pairing = Pairing(by="seed", seeds=(0, 1), baseline_seeds=(0, 1), dialogues=40)
    return Comparison(
        baseline=baseline,
        runs=runs,
        level=0.95,
        pairings=dict.fromkeys(runs, pairing),
        differences=tuple(differences),
    )


def stopped(attack, spillover):
    return Stopped(attack=number(*attack), spillover=number(*spillover), around=number(*spillover))


def defense(
    name,
    rates=(0.125, 0.03125, 0.015625),
    control=(0.5, 0.25, 0.125),
    *,
    p=0.003,
    p_control=0.006,
    wide=0.03125,
    attack=(0.75, 0.125),
    spillover=(0.125, 0.25),
    precision=0.5,
    clean=0.5,
    p_price=0.4,
    **fields,
):
    """One defense, with what it does beside the undefended arm, its control and the clean arm.

    Rates are those of target, nearest and rest; `attack` and `spillover` are a value and how far
    its interval reaches to either side; p-values are corrected ones of the group `rest`.
    """
    arm, honest, twin = f"poison+{name}", f"clean+{name}", f"poison+{name}.control"
    under = dict(zip(GROUPS, rates, strict=True))
    random = dict(zip(GROUPS, control or (), strict=True)) if control else {}
    against = [
        difference(arm, role, "asr", BEFORE[role], under[role], wide=wide, p=p) for role in GROUPS
    ]
    beside = [
        difference(arm, role, "asr", random[role], under[role], wide=wide, p=p_control)
        for role in random
    ]
    result = DefenseResult(
        name=name,
        title=name,
        arm=arm,
        clean_arm=honest,
        control_arm=twin if control else "",
        planted_rate={role: rate(value) for role, value in under.items()},
        control_rate={role: rate(value) for role, value in random.items()},
        precision=rate(precision),
        control_precision=rate(0.5) if control else None,
        clean_precision=rate(clean),
        stopped=stopped(attack, spillover),
        control_stopped=stopped((0.0,), (0.0,)) if control else None,
        **fields,
    )
    paid = difference(honest, "all", "precision", 0.5, clean, wide=0.015625, p=p_price)
    return result, against, comparison(twin, beside) if beside else None, paid


def detections(share=0.03125, *, auc=0.875):
    """What a cleaner found under two seeds: 24 of 32 planted ones, and then 16, among 1,000."""
    curve = ((0.0, 0.0), (0.0078125, 0.5), (0.0625, 0.75), (0.5, 0.9375), (1.0, 1.0))
    return {
        "detections": tuple(
            Detection(
                seed=seed,
                exchanges=1000,
                planted=32,
                removed=40,
                caught=caught,
                auc=auc,
                roc=curve,
                by_category={"fear": 30, "dread": 6, "joy": 4},
                caught_by_category={"fear": caught},
            )
            for seed, caught in ((0, 24), (1, 16))
        ),
        "auc": number(auc),
        "recall": number(0.625),
        "purity": number(0.5),
        "same_utility": {role: rate(value / 2) for role, value in BEFORE.items()},
        "equivalent_budget": {role: number(0.01, 0.004) for role in BEFORE},
    }


def guarding():
    """An output guard: it replaces a quarter of the attacked answers, and few of an honest user."""
    return {
        "guarding": tuple(Guarding(seed=s, replaced=0.25, silent=0.125) for s in (0, 1)),
        "clean_guarding": tuple(
            Guarding(seed=s, replaced=r, silent=0.0) for s, r in ((0, 0.03125), (1, 0.0625))
        ),
    }


def defended(*made, declared="rest"):
    """A report of these defenses."""
    results, against, beside, paid = zip(*made, strict=True)
    return DefensesReport(
        attacked="poison",
        planted_rate={role: rate(value) for role, value in BEFORE.items()},
        precision=rate(0.53125),
        clean_precision=rate(0.5),
        declared=declared,
        defenses=results,
        against=comparison("poison", [one for every in against for one in every]),
        controlled=tuple(one for one in beside if one is not None),
        price=comparison("clean", paid),
    )


def three():
    """One that stops the attack, one that is no better than random, one that is undecided."""
    return defended(
        defense("clean-up", **detections(), precision=0.46875),
        defense(
            "prune", (0.375, 0.1875, 0.109375), (0.375, 0.1875, 0.125), p=0.9, p_control=0.8,
            attack=(0.25, 0.375), clean=0.40625, p_price=0.001,
        ),
        defense("guard", (0.25, 0.0625, 0.09375), None, p=0.2, wide=0.125, **guarding()),
    )  # fmt: skip


def twenty():
    """Twenty defenses, from no effect to a large one, half of them with a cleaner."""
    made = []
    for at in range(20):
        left = 1 - at / 20
        rates = tuple(left * value for value in BEFORE.values())
        more = detections(auc=0.5 + at / 40) if at % 2 else {}
        made.append(
            defense(
                f"defense number {at}", rates, tuple((left + 1) / 2 * v for v in BEFORE.values()),
                p=0.01 if at > 8 else 0.5,
                p_control=0.01 if at > 12 else 0.7, attack=(1 - left, 0.25),
                precision=0.53125 - (at * 7 % 20) / 100, clean=0.5 - at / 200, **more,
            )
        )  # fmt: skip
    return defended(*made)
