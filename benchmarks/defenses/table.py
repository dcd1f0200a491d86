"""The tables of README.md from the CSV of detect.py: table.py detect.csv."""

import csv
import sys
from collections import defaultdict
from pathlib import Path

from detect import BUDGETS, DETECTORS, STRATEGIES, TARGETS

TEXTS = {"each_random": "varied texts", "each_fixed": "one text"}


def main() -> None:
    """Print one table per target."""
    cells: dict[tuple[str, ...], list[tuple[float, float, float]]] = defaultdict(list)
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = row["target"], row["strategy"], row["budget"], row["detector"]
            numbers = float(row["auc"]), float(row["recall_0.03"]), float(row["recall_0.1"])
            cells[place].append(numbers)
    columns = [(strategy, budget) for strategy in STRATEGIES for budget in BUDGETS]
    for target in TARGETS:
        heads = [f"{TEXTS[strategy]}, {100 * budget:g} %" for strategy, budget in columns]
        print(f"\n### {target}\n\n| detector | {' | '.join(heads)} |")
        print("| --- " * (len(heads) + 1) + "|")
        for name in DETECTORS:
            places = [(target, strategy, str(budget), name) for strategy, budget in columns]
            print(f"| `{name}` | {' | '.join(_cell(cells.get(one, [])) for one in places)} |")


def _cell(rows: list[tuple[float, float, float]]) -> str:
    if not rows:
        return ""
    areas, some, many = zip(*rows, strict=True)
    shares = "/".join(f"{100 * sum(each) / len(rows):.0f}" for each in (some, many))
    fewer = "" if len(rows) == 5 else f" [{len(rows)}]"
    return f"{sum(areas) / len(rows):.2f} ({min(areas):.2f}-{max(areas):.2f}), {shares}{fewer}"


if __name__ == "__main__":
    main()
