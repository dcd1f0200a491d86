"""Wrong verdicts where dialogues are unequal or depend on one another, by method."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from layouts import LAYOUTS, Layout
from methods import METHODS

CONFIDENCES = (0.9, 0.95)
FAMILY = 4
TAILS = tuple(1 - c for c in CONFIDENCES) + tuple((1 - c) / FAMILY for c in CONFIDENCES)
COUNTS = (20, 60, 150)
GRID = (40, 59, 75, 100, 125, 149, 175, 200, 250, 300, 400, 600)


def unequal(stream: Callable[..., np.random.Generator], runs: int) -> Iterator[dict[str, object]]:
    """Yield how often each method passes one category and fails four, by layout and truth."""
    for layout, count in itertools.product(LAYOUTS, COUNTS):
        for truth, mean in (
            ("nothing", layout.quiet),
            ("at the limit", layout.limit),
            ("at the limit, answer by answer", layout.limit),
            ("at twice the limit", 2 * layout.limit),
        ):
            by_answers = truth.endswith("answer")
            if by_answers and layout.longer == 1:
                continue
            rng = stream(layout.name, count, truth)
            chance = layout.chance(mean, by_answers=by_answers)
            draws = runs if truth.startswith("at the limit") else runs // 4
            found = _counts(layout, count, chance, rng, draws)
            for (name, (passed, failed)), place in itertools.product(found.items(), (0, 1)):
                yield {
                    "layout": layout.name,
                    "dialogues": count,
                    "truth": truth,
                    "method": name,
                    "confidence": CONFIDENCES[place],
                    "passed": f"{passed[place]:.4f}",
                    "failed of 4": f"{1 - (1 - failed[place + 2]) ** FAMILY:.4f}",
                }


def _counts(
    layout: Layout, count: int, chance: float, rng: np.random.Generator, runs: int
) -> dict[str, np.ndarray]:
    """Return the shares of draws that pass and fail, by method and chance of error."""
    found = {name: np.zeros((2, len(TAILS))) for name in METHODS}
    least = -1.0 if layout.measured == "rise" else 0.0
    for _ in range(runs):
        drawn = layout.draw(rng, count, chance)
        for name, method in METHODS.items():
            found[name] += np.array(method(drawn, layout.limit, least, TAILS))
    return {name: counts / runs for name, counts in found.items()}


def enough(stream: Callable[..., np.random.Generator], runs: int) -> Iterator[dict[str, object]]:
    """Yield how many dialogues let nine of ten harmless responders pass, by layout and method."""
    for layout in LAYOUTS:
        least: dict[tuple[str, float], int] = {}
        chance = layout.chance(layout.quiet)
        for count in GRID:
            rng = stream("enough", layout.name, count)
            found = _counts(layout, count, chance, rng, runs)
            for (name, (passed, _)), place in itertools.product(found.items(), (0, 1)):
                if passed[place] >= 0.9:
                    least.setdefault((name, CONFIDENCES[place]), count)
            if len(least) == len(CONFIDENCES) * len(METHODS):
                break
        for name, confidence in itertools.product(METHODS, CONFIDENCES):
            found_at = least.get((name, confidence), f"over {GRID[-1]}")
            yield {
                "layout": layout.name,
                "method": name,
                "confidence": confidence,
                "dialogues that pass": found_at,
            }
