"""The table of some files of rows: table.py results/fixed.csv results/varied.csv."""

import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import stats

MOST = 3
"""How many of the most damaged clusters are averaged by themselves."""
HEAD = "clusters, alpha | planted rate in it | outside | drop of P@1 in it | outside | planted"


def damages(path: Path) -> dict[float, dict[str, np.ndarray]]:
    """Return, by alpha, a row per cluster: its damage and that outside, averaged over seeds."""
    found: dict[float, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            value = {name: float(row[name]) for name in row if name != "cluster"}
            found[value["alpha"]][row["cluster"]].append(
                [
                    value["asr_target"],
                    value["asr_rest"],
                    value["clean_target"] - value["precision_target"],
                    value["clean_rest"] - value["precision_rest"],
                    value["share"],
                ]
            )
    return {
        alpha: {name: np.mean(seeds, axis=0) for name, seeds in clusters.items()}
        for alpha, clusters in sorted(found.items())
    }


def cell(values: np.ndarray, least: float = -1) -> str:
    """Return a mean in percent, and the interval of Student's t over clusters down to a least."""
    mean, error = values.mean(), stats.sem(values)
    if not error > 0:
        return f"{100 * mean:.2f}"
    low, high = stats.t.interval(0.95, len(values) - 1, mean, error)
    return f"{100 * mean:.2f} [{100 * max(low, least):.2f}, {100 * high:.2f}]"


def main() -> None:
    """Print the table of each file."""
    for path in map(Path, sys.argv[1:]):
        print(f"\n{path.stem}\n\n| {HEAD} |\n|{' --- |' * 6}")
        for alpha, clusters in damages(path).items():
            rows = np.array(list(clusters.values()))
            *measures, shares = rows.T
            cells = [cell(values, least=0) for values in measures[:2]]
            cells += [cell(values) for values in measures[2:]]
            cells.append(f"{100 * shares.min():.1f} to {100 * shares.max():.1f}")
            print(f"| all {len(rows)}, {alpha:g} | {' | '.join(cells)} |")
            worst = rows[np.argsort(-rows[:, 0], kind="stable")[:MOST]].mean(axis=0)
            cells = [f"{100 * value:.2f}" for value in worst]
            print(f"| worst {MOST}, {alpha:g} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
