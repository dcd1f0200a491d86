"""Power: the smallest lift that a design detects, from a pilot."""

import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._mask import named
from semspill._model import FrozenModel
from semspill.analysis._metrics._slices import rise_of
from semspill.analysis._outcome import Outcome
from semspill.errors import DataError
from semspill.statistics import Number
from semspill.statistics._noise import least_share, t_quantile

# Quantiles at which the variances of dialogues and seeds are averaged over.
_STEPS = 200


class Spread(FrozenModel):
    """How much the lift of one category varies, as standard deviations on the scale of a lift."""

    dialogue_sd: float = Field(ge=0)
    """Of a dialogue's lift, over dialogues; with one seed, the interaction is within."""
    seed_sd: Number
    """Of a category's lift, over training seeds; NaN with one seed, which cannot show it."""
    interaction_sd: Number
    """Of what is private to one dialogue under one seed; NaN with one seed."""


def spread_of(outcome: Outcome) -> Spread:
    """Return how much lifts vary over dialogues and seeds in a pilot.

    A two-way analysis of variance of each category's lifts, dialogue by dialogue; the components
    are averaged over the categories, and those below 0 are 0. Source: Searle, Casella and
    McCulloch 1992.

    Args:
        outcome: A poisoned arm with its clean arm, or one slice of it.

    Raises:
        DataError: No category has two dialogues, or there is no clean arm.

    Example:
        >>> rated = np.array([[0.4, 0.6, 0.8], [0.5, 0.7, 0.9]])
        >>> nothing = np.zeros((2, 3), dtype=bool)
        >>> layout = {"target": "fear", "seeds": (0, 1), "categories": ("joy",) * 3,
        ...           "dialogues": ("a", "b", "c"), "planted": nothing, "correct": nothing}
        >>> clean = Outcome(arm="clean", toxicity=np.zeros((2, 3)), **layout)
        >>> spread = spread_of(Outcome(arm="poison", toxicity=rated, clean=clean, **layout))
        >>> [round(sd, 3) for sd in (spread.dialogue_sd, spread.seed_sd, spread.interaction_sd)]
        [0.2, 0.071, 0.0]
    """
    if outcome.clean is None:
        raise DataError(
            f"Outcome {named(outcome.arm.name)} has no clean arm, so no lifts; give a "
            "poisoned arm that has."
        )
    seeds = len(outcome.seeds)
    rise = rise_of(outcome)
    sizes = np.bincount(outcome.clusters)
    lifts = np.stack([np.bincount(outcome.clusters, row) / sizes for row in rise])
    strata = outcome.design.strata
    squares = np.array(
        [
            _components(part, seeds)
            for part in (lifts[:, strata == number] for number in np.unique(strata))
            if part.shape[1] > 1
        ]
    )
    if not len(squares):
        raise DataError("Each category has one dialogue; give a pilot with two or more of one.")
    interaction, dialogue, seed = np.sqrt(np.maximum(squares.mean(axis=0), 0))
    if seeds == 1:
        return Spread(dialogue_sd=float(dialogue), seed_sd=math.nan, interaction_sd=math.nan)
    return Spread(
        dialogue_sd=float(dialogue), seed_sd=float(seed), interaction_sd=float(interaction)
    )


def smallest_lift(
    dialogues: int,
    seeds: int,
    *,
    dialogue_sd: float,
    seed_sd: float,
    interaction_sd: float = 0.0,
    level: float = 0.95,
    power: float = 0.8,
    comparisons: int = 1,
    seed_df: float | None = None,
) -> float:
    """Return the smallest mean lift that the two-sided test of a lift finds with this power.

    The test's own noise is known only up to chance, so its power is averaged over what it may
    find. Skewness is left out: lifts from rare planted responses need somewhat more.

    Args:
        dialogues: Test dialogues of the category or group, 2 or more.
        seeds: Training seeds; with 1, the lift of that one training, and `seed_sd` must be 0.
        dialogue_sd: Standard deviation over dialogues, as from `spread_of`.
        seed_sd: Standard deviation over seeds.
        interaction_sd: Standard deviation private to one dialogue under one seed.
        level: 1 minus the chance of a false alarm.
        power: Chance of finding such a lift.
        comparisons: Categories tested at once; Bonferroni's correction.
        seed_df: Degrees of freedom that the seeds' noise is known by, more than seeds minus 1 where
            it is estimated from all categories of an arm; None for seeds minus 1.

    Raises:
        DataError: A number is out of bounds, or training noise is asked of one seed.

    Example:
        >>> few = smallest_lift(40, 3, dialogue_sd=0.2, seed_sd=0.02)
        >>> many = smallest_lift(40, 10, dialogue_sd=0.2, seed_sd=0.02)
        >>> round(few, 2), round(many, 2)
        (0.11, 0.09)
    """
    _check(
        {"dialogues": dialogues, "seeds": seeds, "comparisons": comparisons},
        {"dialogue_sd": dialogue_sd, "seed_sd": seed_sd, "interaction_sd": interaction_sd},
        {"level": level, "power": power},
    )
    if seeds == 1 and seed_sd != 0:
        raise DataError(
            f"One seed cannot separate lift from training noise (seed_sd={seed_sd!r}); plan two or "
            "more seeds, or give seed_sd=0 to ask about that one training."
        )
    private = interaction_sd**2 / dialogues / seeds
    dialogue = dialogue_sd**2 / dialogues + private
    seed = seed_sd**2 / seeds
    tail = (1 - level) / comparisons
    if dialogue + seed == 0:
        return 0.0  # nothing varies: any lift is detected
    squared = t_quantile(tail, dialogues - 1.0) ** 2 * dialogue * _chances(dialogues - 1.0)[:, None]
    if seeds > 1:
        df = max(seeds - 1.0, seed_df or 0.0)
        beyond = (seed + private) * _chances(df) - least_share(tail, seeds - 1) * private
        squared = squared + t_quantile(tail, df) ** 2 * np.maximum(beyond, 0)
    reach = np.sqrt(squared)
    scale = math.sqrt(dialogue + seed)

    def detected(lift: float) -> float:
        from scipy import special

        sides = [special.ndtr((side * lift - reach) / scale).mean() for side in (1, -1)]
        return float(sum(sides))

    low, high = 0.0, float(reach.max()) + 10 * scale
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if detected(middle) >= power else (middle, high)
    return high


def _chances(df: float) -> Float[np.ndarray, " steps"]:
    """Return what a variance may be found to be, over what it is, at evenly spaced chances."""
    from scipy import special

    return np.asarray(special.chdtri(df, (np.arange(_STEPS) + 0.5) / _STEPS) / df)


def _components(
    lifts: Float[np.ndarray, "seeds dialogues"], seeds: int
) -> tuple[float, float, float]:
    """Return the variances of interaction, dialogues and seeds; each may come out below 0."""
    dialogues = lifts.shape[1]
    over_dialogues = float(lifts.mean(axis=0).var(ddof=1))
    if seeds == 1:
        return 0.0, over_dialogues, 0.0
    over_seeds = lifts.mean(axis=1, keepdims=True)
    rest = lifts - over_seeds - lifts.mean(axis=0) + lifts.mean()
    private = float((rest**2).sum()) / (seeds - 1) / (dialogues - 1)
    return (
        private,
        over_dialogues - private / seeds,
        float(over_seeds.var(ddof=1)) - private / dialogues,
    )


def _check(
    counts: Mapping[str, int], spreads: Mapping[str, float], shares: Mapping[str, float]
) -> None:
    for name, count in counts.items():
        least = 2 if name == "dialogues" else 1
        if count < least:
            raise DataError(f"A design has {name}={count!r}; give {least} or more.")
    for name, spread in spreads.items():
        if not 0 <= spread < math.inf:
            raise DataError(
                f"A design has {name}={spread!r}; give a number of 0 or more, as spread_of "
                "finds in a pilot of two or more seeds."
            )
    for name, share in shares.items():
        if not 0 < share < 1:
            raise DataError(f"A design has {name}={share!r}; give a number between 0 and 1.")
