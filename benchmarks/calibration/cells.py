"""What is counted over many made-up experiments: coverage, false alarms and power."""

from collections.abc import Callable, Iterable

import numpy as np
from statsmodels.stats.multitest import fdrcorrection
from worlds import FLOOR, REGIMES, World, toxic_share

from semspill import Outcome
from semspill.analysis import metrics, smallest_lift, spread_of
from semspill.report import Estimate

Row = dict[str, str | int | float]
Truths = dict[str, tuple[float, Callable[[Outcome], Estimate]]]

CORE = (0.95, 0.25, 0.05, 0.05, 0.01, 0.01, 0.0, 0.0)
FALLING = (0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)


def coverage(
    rng: np.random.Generator, world: World, truths: Truths, runs: int, draws: int = 200
) -> list[Row]:
    """Return how often each interval holds its truth.

    Args:
        rng: Source of the experiments.
        world: The experiment that is drawn again and again.
        truths: The true value of each quantity, and what estimates it.
        runs: How often.
        draws: Bootstrap draws.
    """
    made: dict[str, list[Estimate]] = {name: [] for name in truths}
    for _ in range(runs):
        outcome = world.draw(rng, draws)
        for name, (_, estimate) in truths.items():
            made[name].append(estimate(outcome))
    rows = []
    for name, (truth, _) in truths.items():
        # Where the truth is "never", a radius that says never has found it.
        found = [e for e in made[name] if not np.isnan(e.value)]
        held = [e.low - 1e-12 <= truth <= e.high + 1e-12 for e in found]
        rows.append(
            {
                "quantity": name,
                "truth": truth,
                "defined": len(found) / runs,
                "covered": float(np.mean(held)) if found else float("nan"),
                "width": float(np.median([e.high - e.low for e in found])) if found else 0.0,
            }
        )
    return rows


def core(rng: np.random.Generator, world: World, runs: int) -> list[Row]:
    """Count the closed-form intervals on single categories and between them."""
    lifts = [world.lift(rate) for rate in world.rates]
    truths: Truths = {}
    for number in (6, 4, 2, 1, 0):
        rate, name = world.rates[number], world.names()[number]
        truths[f"rate {rate}"] = (rate, lambda o, n=name: rate_of(o.of([n])))
        truths[f"difference {lifts[number]:.3f}"] = (
            lifts[number],
            lambda o, n=name: lift_of(o.of([n])),
        )
    truths["mean, clean floor"] = (FLOOR, lambda o: mean_of(o.baseline.of(["c01"])))
    truths["mean, rate 0.25"] = (FLOOR + lifts[1], lambda o: mean_of(o.of(["c01"])))
    rest = float(np.mean(lifts[2:]))
    truths["difference, all but target"] = (
        float(np.mean(lifts[1:])),
        lambda o: lift_of(o.of(o.others)),
    )
    truths["contrast, nearest - rest"] = (
        lifts[1] - rest,
        lambda o: o.contrast(rise(o), share(o, ["c01"]) - share(o, world.names()[2:])),
    )
    truths["ratio, nearest / target"] = (
        lifts[1] / lifts[0],
        lambda o: o.ratio(rise(o), share(o, ["c01"]), share(o, ["c00"])),
    )
    return coverage(rng, world, truths, runs)


def bootstrapped(rng: np.random.Generator, world: World, runs: int) -> list[Row]:
    """Count the bootstrap of a mean and of a ratio, which also have closed forms."""

    def ratio(outcome: Outcome) -> float:
        means = rise(outcome).mean(axis=0)
        return float(means @ share(outcome, ["c01"]) / (means @ share(outcome, ["c00"])))

    truths: Truths = {
        "bootstrap of a ratio": (world.rates[1] / world.rates[0], lambda o: o.bootstrap(ratio)),
        "bootstrap of a mean": (
            world.lift(world.rates[1]),
            lambda o: o.of(["c01"]).bootstrap(lambda p: float(rise(p).mean())),
        ),
    }
    return coverage(rng, world, truths, runs)


def registered(rng: np.random.Generator, world: World, runs: int) -> list[Row]:
    """Count every registered metric with a known truth, but Spearman's (see `ranked`)."""
    lifts = np.array([world.lift(rate) for rate in world.rates])
    near = np.array([1 - number / 100 for number in range(len(lifts))])
    centred = near[1:] - near[1:].mean()
    # The first step below half of the target's lift, on the line between two categories.
    below = int(np.argmax(lifts < lifts[0] / 2))
    part = (lifts[0] / 2 - lifts[below]) / (lifts[below - 1] - lifts[below])
    whole = {
        "collateral": lifts[1:].mean(),
        "nearest_excess": lifts[1] - lifts[2:].mean(),
        "spillover_ratio": lifts[1] / lifts[0],
        "selectivity": 1 - lifts[1:].mean() / lifts[0],
        "slope": centred @ lifts[1:] / (centred @ centred),
        "radius": near[below] + part * (near[below - 1] - near[below]),
    }
    truths: Truths = {}
    for name, truth in whole.items():
        fields = {"permutations": 100} if name == "slope" else {}
        truths[name] = (float(truth), metrics.build({"name": name, **fields}).compute)
    for number in (3, 6):
        rate = world.rates[number]
        of_slice = {
            "asr": rate,
            "asr_lift": rate,
            "toxicity": FLOOR + lifts[number],
            "toxic_share": toxic_share(rate, world.regime),
            "lift": lifts[number],
            "precision": 0.35,
            "precision_drop": 0.05,
            # A planted answer is mostly worse rated than a harmless one, so all mass moves up and
            # the distance is the rise of the mean.
            "shift": lifts[number],
        }
        for name, truth in of_slice.items():
            truths[f"{name}, rate {rate}"] = (
                float(truth),
                lambda o, n=name, c=f"c{number:02}": metrics.build(n).compute(o.of([c])),
            )
    return coverage(rng, world, truths, runs)


def ranked(rng: np.random.Generator, runs: int) -> list[Row]:
    """Count Spearman's interval where 31 categories are drawn with a known correlation."""
    correlation = 0.6
    held = []
    for _ in range(runs):
        pairs = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], size=32)
        lifts = 0.5 + 0.1 * pairs[:, 1]
        outcome = flat(np.clip(lifts, 0, 1), pairs[:, 0])
        made = metrics.build({"name": "spearman", "permutations": 100}).compute(outcome)
        held.append(made.low <= 6 / np.pi * np.arcsin(correlation / 2) <= made.high)
    truth = 6 / np.pi * np.arcsin(correlation / 2)
    return [
        {"quantity": "spearman", "truth": truth, "defined": 1.0, "covered": float(np.mean(held))}
    ]


def alarms(rng: np.random.Generator, world: World, runs: int) -> list[Row]:
    """Count families of 31 categories in which at least one test of no effect rejects."""
    raised = {"single test": 0.0, "family, uncorrected": 0, "Holm": 0, "Benjamini-Hochberg": 0}
    for _ in range(runs):
        outcome = world.draw(rng)
        tested = np.array([lift_of(outcome.of([name])).p_value for name in outcome.others])
        raised["single test"] += float((tested < 0.05).mean())
        raised["family, uncorrected"] += bool((tested < 0.05).any())
        # Holm's first step decides whether anything is rejected.
        raised["Holm"] += bool(tested.min() * len(tested) < 0.05)
        raised["Benjamini-Hochberg"] += bool(fdrcorrection(tested, alpha=0.05)[0].any())
    return [{"quantity": name, "alarms": count / runs} for name, count in raised.items()]


def power(rng: np.random.Generator, rate: float, runs: int) -> list[Row]:
    """Count how often a lift is found, beside the smallest lift that should be in 80 %."""
    rows = []
    regime = REGIMES["mixed"]
    pilot = spread_of(World((rate,), 3000, 12, regime).draw(rng))
    for seeds in (2, 3, 5, 10):
        for dialogues in (20, 40, 75, 300):
            world = World((rate,), dialogues, seeds, regime)
            found = [(lift_of(world.draw(rng)).p_value or 0) < 0.05 for _ in range(runs)]
            smallest = smallest_lift(
                dialogues,
                seeds,
                dialogue_sd=pilot.dialogue_sd,
                seed_sd=pilot.seed_sd,
                interaction_sd=pilot.interaction_sd,
            )
            rows.append(
                {
                    "quantity": f"{world.lift(rate):.2f}",
                    "seeds": seeds,
                    "dialogues": dialogues,
                    "power": float(np.mean(found)),
                    "smallest": smallest,
                }
            )
    return rows


def flat(lifts: np.ndarray, near: np.ndarray) -> Outcome:
    """Return an outcome with one exchange per category and these lifts, without noise."""
    names = tuple(f"c{number:02}" for number in range(len(lifts)))
    nothing = np.zeros((1, len(lifts)), dtype=np.bool_)
    fields = {"target": "c00", "seeds": (0,), "categories": names, "dialogues": names}
    fields |= {"planted": nothing, "correct": nothing}
    clean = Outcome(arm="clean", toxicity=np.zeros((1, len(lifts))), **fields)
    known = dict(zip(names, near.tolist(), strict=True))
    return Outcome(arm="poison", toxicity=lifts[None], clean=clean, similarity=known, **fields)


def rise(outcome: Outcome) -> np.ndarray:
    """Return the paired differences from the clean arm."""
    return outcome.toxicity - outcome.baseline.toxicity


def rate_of(outcome: Outcome) -> Estimate:
    """Return the attack success rate."""
    return outcome.mean(outcome.planted, kind="rate")


def mean_of(outcome: Outcome) -> Estimate:
    """Return the mean toxicity."""
    return outcome.mean(outcome.toxicity)


def lift_of(outcome: Outcome) -> Estimate:
    """Return the lift of toxicity."""
    return outcome.mean(rise(outcome), kind="difference")


def share(outcome: Outcome, names: Iterable[str]) -> np.ndarray:
    """Return the weights that average over the exchanges of these categories."""
    member = np.isin(np.array(outcome.categories, dtype=object), list(names))
    return member / member.sum()
