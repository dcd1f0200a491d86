"""Methods that bound a mean from one side, each for the mean that it promises to bound.

A method takes a category, the limit, the least possible value and chances of error. It returns
whether the category surely is within the limit at each chance, and whether it surely is beyond.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from layouts import Drawn
from scipy import special

from semspill.testing._safety._bounds import answers_reach, tail_above

Verdicts: TypeAlias = tuple[list[bool], list[bool]]
Method: TypeAlias = Callable[[Drawn, float, float, Sequence[float]], Verdicts]


def clusters_once(drawn: Drawn, limit: float, least: float, tails: Sequence[float]) -> Verdicts:
    """Judge as the package does: each cluster counts once (Gaffke 2005).

    It passes nothing that may be beyond the limit counted answer by answer (CR2).
    """
    passes, fails = plain_gaffke(drawn, limit, least, tails)
    of, value = drawn.clusters[drawn.dialogues], drawn.values.mean()
    within = [
        passed and value + answers_reach(drawn.values, of, tail) <= limit
        for passed, tail in zip(passes, tails, strict=True)
    ]
    return within, fails


def dialogues_once(drawn: Drawn, limit: float, least: float, tails: Sequence[float]) -> Verdicts:
    """Judge as the package does where no cluster is given."""
    alone = drawn._replace(clusters=np.arange(len(drawn.clusters)))
    return clusters_once(alone, limit, least, tails)


def plain_gaffke(drawn: Drawn, limit: float, least: float, tails: Sequence[float]) -> Verdicts:
    """Judge as `clusters_once` without a look at the mean over answers."""
    above, below = p_values(_cluster_means(drawn).tobytes(), limit, least)
    return [above <= tail for tail in tails], [below < tail for tail in tails]


@lru_cache(maxsize=8)
def p_values(values: bytes, limit: float, least: float) -> tuple[float, float]:
    """Return the tails at which Gaffke's upper and lower bounds are the limit."""
    means = np.frombuffer(values)
    # On its own side of the limit a mean never is surely on the other.
    if means.mean() > limit:
        return 1.0, tail_above(-means, -limit, -least)
    return tail_above(means, limit, 1.0), 1.0


def betting(drawn: Drawn, limit: float, least: float, tails: Sequence[float]) -> Verdicts:
    """Judge by wealth in a fair game on cluster means (Waudby-Smith and Ramdas 2024)."""
    means = (_cluster_means(drawn) - least) / (1 - least)
    bar = (limit - least) / (1 - least)
    passes = [_wealth(means, bar, -1, tail) >= 1 / tail for tail in tails]
    return passes, [_wealth(means, bar, 1, tail) >= 1 / tail for tail in tails]


def answers_alike(drawn: Drawn, limit: float, least: float, tails: Sequence[float]) -> Verdicts:
    """Judge the mean over answers: CR2 with Satterthwaite's degrees of freedom.

    No bound is tighter than Clopper and Pearson's for Kish's effective number of clusters. Sources:
    Bell and McCaffrey 2002; Pustejovsky and Tipton 2018; Korn and Graubard 1998.
    """
    of = drawn.clusters[drawn.dialogues]
    sizes = np.bincount(of).astype(float)
    total, value = sizes.sum(), drawn.values.mean()
    rests = np.bincount(of, drawn.values - value)
    left = np.maximum(1 - sizes / total, 1e-12)
    error = np.sqrt((rests**2 / left).sum()) / total
    roots = sizes / np.sqrt(left)
    shared = -np.outer(roots, roots) / total**3
    shared[np.diag_indices_from(shared)] += sizes / left / total**2
    df = np.trace(shared) ** 2 / (shared**2).sum()
    kish = total**2 / (sizes**2).sum()
    passes, fails = [], []
    for tail in tails:
        reach, hidden = -special.stdtrit(df, tail) * error, 1 - tail ** (1 / kish)
        passes.append(max(value + reach, value + hidden * (1 - value)) <= limit)
        fails.append(min(value - reach, value - hidden * (value - least)) > limit)
    return passes, fails


def before(drawn: Drawn, limit: float, least: float, tails: Sequence[float]) -> Verdicts:
    """Judge the mean over answers as the package did up to now, by dialogues."""
    found = [_before(drawn, tail, least) for tail in tails]
    return [high <= limit for _, high in found], [low > limit for low, _ in found]


def _before(drawn: Drawn, tail: float, least: float) -> tuple[float, float]:
    values, count = drawn.values, len(drawn.clusters)
    value, hidden = values.mean(), 1 - tail ** (1 / count)
    below, above = _before_reach(drawn, values, tail)
    low, high = value - below, value + above
    ends = [low, high, value + hidden * (1 - value)]
    if least < 0:
        rises, falls = np.maximum(values, 0), np.maximum(-values, 0)
        apart = _before_reach(drawn, rises, tail)[1], _before_reach(drawn, falls, tail)[0]
        ends.append(value + np.hypot(*apart))
    elif set(np.unique(values)) == {0.0, 1.0}:
        parts = np.bincount(drawn.dialogues, values - value) / len(values)
        among = count / max(count - 1, 1)
        variance = max((parts**2).sum() * among, value * (1 - value) / len(values))
        n = value * (1 - value) / variance
        ends.append(special.betaincinv(value * n, n - value * n + 1, tail))
    return max(min(ends), least), min(max(ends), 1.0)


def _before_reach(drawn: Drawn, values: np.ndarray, tail: float) -> tuple[float, float]:
    count = len(drawn.clusters)
    parts = np.bincount(drawn.dialogues, values - values.mean()) / len(values)
    variance = (parts**2).sum() * count / max(count - 1, 1)
    sizes = np.bincount(drawn.dialogues) / len(values)
    hidden = 1 - tail ** (1 / count)
    if variance < 1e-18:
        return hidden, hidden
    squared = special.stdtrit(max(count - 1, 1), tail) ** 2
    pull = squared * (parts**3).sum() / variance / 2
    reach = squared * variance + (2 * hidden) ** 2 * ((sizes**2).sum() > 1 / 1.5)
    down, up = max(-pull, 0.0), max(pull, 0.0)
    return down + np.sqrt(down**2 + reach), up + np.sqrt(up**2 + reach)


def _cluster_means(drawn: Drawn) -> np.ndarray:
    talks = np.bincount(drawn.dialogues, drawn.values) / np.bincount(drawn.dialogues)
    return np.bincount(drawn.clusters, talks) / np.bincount(drawn.clusters)


def _wealth(means: np.ndarray, bar: float, side: int, tail: float) -> float:
    """Return the final wealth of predictable plug-in bets that the mean is on one side."""
    numbers = np.arange(1, len(means) + 1)
    running = (0.5 + np.cumsum(means)) / (numbers + 1)
    spread = (0.25 + np.cumsum((means - running) ** 2)) / (numbers + 1)
    known = np.append(0.25, spread[:-1])
    bets = np.sqrt(2 * np.log(1 / tail) / (len(means) * known))
    bets = np.minimum(bets, 0.75 / (1 - bar if side < 0 else bar))
    return float(np.prod(1 + side * bets * (means - bar)))


METHODS: dict[str, Method] = {
    "clusters once": clusters_once,
    "dialogues once": dialogues_once,
    "Gaffke alone": plain_gaffke,
    "betting": betting,
    "answers, CR2": answers_alike,
    "before": before,
}
