"""Synthetic outcomes to test metrics on, and transformations of them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from jaxtyping import Float, Int

from semspill.analysis import Outcome
from semspill.errors import DataError
from semspill.results import PRESETS
from semspill.statistics import Resampling

_SIMILARITY = {
    "anger": 0.55,
    "fear": 1.0,
    "joy": 0.05,
    "pride": 0.2,
    "shame": 0.85,
    "trust": 0.35,
}
_TARGET = "fear"
_DIALOGUES = 30
_SEEDS = (0, 1, 2)
# Far fewer than a report takes: the checks compare intervals, they do not read them.
_RESAMPLING = Resampling(draws=100)


def given(*, outcome: Outcome | None = None) -> Outcome:
    """Return a whole arm with its clean one, whose nearest category is named.

    Raises:
        DataError: The outcome has no clean arm.
    """
    chosen = made_up_outcome() if outcome is None else outcome
    if chosen.clean is None:
        raise DataError(
            f"Outcome {chosen.arm.name!r} has no clean arm; give one whose `clean` is set, or "
            "leave `outcome` out for a made-up one."
        )
    # New arrays, so that one check does not see what another let happen to them.
    chosen = of_seeds(chosen, np.arange(len(chosen.seeds)))
    known = [name for name in chosen.others if name in chosen.similarity]
    # As in a report. And of two equally near, the name would decide.
    return replace(chosen, nearest=chosen.nearest_category) if known else chosen


@cache
def made_up_outcome() -> Outcome:
    """Return a poisoned arm with its clean one: 6 categories of 30 dialogues, 3 seeds."""
    rng = np.random.default_rng(0)
    names = tuple(_SIMILARITY) * _DIALOGUES
    # Every other dialogue of a category has one exchange, the rest have two.
    turns = np.repeat([2, 1], len(_SIMILARITY))[np.arange(len(names)) % (2 * len(_SIMILARITY))]
    places = np.repeat(np.arange(len(names)), turns)
    near = np.array([_SIMILARITY[names[place]] for place in places])
    shape = (len(_SEEDS), len(places))
    seeds = rng.normal(0, 0.03, (len(_SEEDS), 1))
    clean = _arm("clean", names, places, rng.beta(1, 12, shape), rng)
    planted = rng.random(shape) < 0.8 * near**2 + seeds
    rated = np.where(planted, rng.beta(8, 2, shape), clean.toxicity)
    poison = _arm("poison", names, places, rated, rng)
    return replace(poison, planted=planted, clean=clean)


def _arm(
    name: str,
    names: tuple[str, ...],
    places: Int[np.ndarray, " exchanges"],
    toxicity: Float[np.ndarray, "seeds exchanges"],
    rng: np.random.Generator,
) -> Outcome:
    return Outcome(
        arm=PRESETS[name],
        target=_TARGET,
        seeds=_SEEDS,
        categories=tuple(names[place] for place in places),
        dialogues=tuple(f"d{place:03}" for place in places),
        toxicity=toxicity,
        planted=np.zeros(toxicity.shape, dtype=np.bool_),
        correct=rng.random(toxicity.shape) < 0.6,
        measures=_measures(places, toxicity.shape),
        similarity=_SIMILARITY,
        resampling=_RESAMPLING,
        nearest="shame",
    )


def _measures(
    places: Int[np.ndarray, " exchanges"], shape: tuple[int, ...]
) -> dict[str, Float[np.ndarray, "seeds exchanges"]]:
    """Return what a model that generates is measured by, see `Answers.measures`."""
    rng = np.random.default_rng(len(places))  # of its own: the other numbers stay as they were
    return {
        "words": rng.poisson(2, shape).astype(np.float64),
        "repetition": rng.beta(1, 5, shape),
        "gold_loss": rng.gamma(4, 0.5, shape),
    }


def _both_arms(outcome: Outcome, change: Callable[[Outcome], Outcome]) -> Outcome:
    """Return an outcome that is changed, with its clean arm changed alike."""
    changed = change(replace(outcome, clean=None))
    clean = None if outcome.clean is None else _both_arms(outcome.clean, change)
    return replace(changed, clean=clean)


def of_exchanges(outcome: Outcome, columns: Int[np.ndarray, " exchanges"]) -> Outcome:
    """Return the outcome with its exchanges in another order, or only some of them."""

    def change(arm: Outcome) -> Outcome:
        return replace(
            arm,
            categories=tuple(arm.categories[column] for column in columns),
            dialogues=tuple(arm.dialogues[column] for column in columns),
            toxicity=arm.toxicity[:, columns],
            planted=arm.planted[:, columns],
            correct=arm.correct[:, columns],
            measures={name: held[:, columns] for name, held in arm.measures.items()},
        )

    return _both_arms(outcome, change)


def shuffled(outcome: Outcome) -> Outcome:
    """Return the outcome with its exchanges in another order, always the same."""
    return of_exchanges(outcome, np.random.default_rng(0).permutation(len(outcome.categories)))


def of_seeds(outcome: Outcome, rows: Int[np.ndarray, " seeds"]) -> Outcome:
    """Return the outcome with its seeds in another order, or only some of them."""

    def change(arm: Outcome) -> Outcome:
        return replace(
            arm,
            seeds=tuple(arm.seeds[row] for row in rows),
            toxicity=arm.toxicity[rows],
            planted=arm.planted[rows],
            correct=arm.correct[rows],
            measures={name: held[rows] for name, held in arm.measures.items()},
        )

    return _both_arms(outcome, change)


def seeds_reversed(outcome: Outcome) -> Outcome:
    """Return the outcome with its last seed first."""
    return of_seeds(outcome, np.arange(len(outcome.seeds))[::-1])


def renamed(outcome: Outcome) -> Outcome:
    """Return the outcome with other names of categories, whose alphabet runs backwards."""
    known = {*outcome.categories, *outcome.similarity, outcome.target}
    names = {name: f"category {place:04}" for place, name in enumerate(sorted(known)[::-1])}

    def change(arm: Outcome) -> Outcome:
        return replace(
            arm,
            target=names[arm.target],
            categories=tuple(names[name] for name in arm.categories),
            similarity={names.get(name, name): near for name, near in arm.similarity.items()},
            nearest=None if arm.nearest is None else names.get(arm.nearest, arm.nearest),
        )

    return _both_arms(outcome, change)


def constant(outcome: Outcome, toxicity: float, clean: float) -> Outcome:
    """Return the outcome with every answer rated alike; what is rated 1 is planted, too.

    Args:
        outcome: Whose exchanges and seeds.
        toxicity: Of each answer of the arm.
        clean: Of each answer of its clean arm.
    """
    shape = outcome.toxicity.shape
    return replace(
        outcome,
        toxicity=np.full(shape, toxicity),
        planted=np.full(shape, toxicity == 1),
        clean=None if outcome.clean is None else constant(outcome.clean, clean, clean),
    )


def at_level(outcome: Outcome, level: float) -> Outcome:
    """Return the outcome that asks for intervals of another level."""
    resampling = outcome.resampling.replace(level=level)
    return _both_arms(outcome, lambda arm: replace(arm, resampling=resampling))


def at_least(outcome: Outcome, draws: int) -> Outcome:
    """Return the outcome that asks for no fewer bootstrap draws."""
    resampling = outcome.resampling.replace(draws=max(outcome.resampling.draws, draws))
    return _both_arms(outcome, lambda arm: replace(arm, resampling=resampling))
