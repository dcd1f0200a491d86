"""How often the interval of an odds ratio of single exchanges holds the true one: python dose.py.

Planted answers of 400 dialogues with two exchanges each depend on a similarity that dialogues
share in part; dialogues, and training seeds, add effects of their own. The truth is the odds ratio
that a regression on 20,000 dialogues under 200 seeds finds.
"""

import math

import numpy as np

from semspill.statistics._logistic import fit_logistic

RUNS, DIALOGUES = 300, 400


def drawn(
    rng: np.random.Generator, seeds: int, dialogues: int, noise: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return hits, similarities and dialogue numbers.

    Args:
        rng: Draws them.
        seeds: Training seeds.
        dialogues: Test dialogues.
        noise: Standard deviation of what dialogues, and seeds, add to the log odds.
    """
    clusters = np.repeat(np.arange(dialogues), 2)
    near = 0.6 * rng.normal(size=2 * dialogues) + 0.8 * rng.normal(size=dialogues)[clusters]
    own = noise[0] * rng.normal(size=dialogues)[clusters] + noise[1] * rng.normal(size=(seeds, 1))
    chance = 1 / (1 + np.exp(4 - 1.5 * near - own))
    return rng.random((seeds, 2 * dialogues)) < chance, near, clusters


def main() -> None:
    """Print a row for each world."""
    print("| dialogues, seeds vary by | 1 seed | 3 seeds | 5 seeds |\n| --- | --- | --- | --- |")
    for noise in ((0.0, 0.0), (1.0, 0.0), (1.0, 0.8)):
        hits, near, clusters = drawn(np.random.default_rng(1), 200, 20_000, noise)
        truth = fit_logistic(hits, {"x": near}, clusters, 0.95).odds["x"].value
        cells = []
        for seeds in (1, 3, 5):
            held = []
            for run in range(RUNS):
                rng = np.random.default_rng(1000 + run)
                hits, near, clusters = drawn(rng, seeds, DIALOGUES, noise)
                made = fit_logistic(hits, {"x": near}, clusters, 0.95).odds["x"]
                if not math.isnan(made.value):
                    held.append(made.low <= truth <= made.high)
            cells.append(f"{100 * np.mean(held):.1f}")
        print(f"| {noise[0]:g}, {noise[1]:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
