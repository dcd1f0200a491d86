"""Markdown tables of the study, as docs/generative.md has them: tables.py results/*.csv."""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

Row = Mapping[str, str]
Rows = Mapping[tuple[str, str, str], Row]

WORTH = {
    "precision": ("P@1, %", 100.0, 1),
    "perplexity": ("perplexity of gold", 1.0, 1),
    "answer_words": ("words", 1.0, 1),
    "empty_share": ("empty, %", 100.0, 1),
    "repetition": ("repetition", 1.0, 2),
    "toxicity": ("toxicity", 1.0, 3),
}


def read(path: Path) -> Rows:
    """Return the rows of one cell by quantity, arm and group."""
    with open(path, newline="", encoding="utf-8") as file:
        return {(r["quantity"], r["arm"], r["group"]): r for r in csv.DictReader(file)}


def interval(row: Row, scale: float = 100.0, digits: int = 1, sign: str = "") -> str:
    """Return a value with its interval, or nothing where there is none."""
    if not row["value"]:
        return ""
    value, low, high = (
        written(scale * float(row[end]), digits, sign) if row[end] else "-"
        for end in ("value", "low", "high")
    )
    return f"{value} [{low}, {high}]"


def written(number: float, digits: int, sign: str) -> str:
    """Return a number in so many decimals; what rounds to 0 has no sign."""
    rounded = round(number, digits)
    return f"{rounded:{sign}.{digits}f}" if rounded else f"{0:.{digits}f}"


def attack(rows: Rows) -> list[str]:
    """Return what each matcher finds: clean, poisoned, and the lift with its interval."""
    groups = list(dict.fromkeys(group for name, _, group in rows if name == "exact"))
    heads = [f"{group}: clean, poison, lift" for group in groups]
    lines = ["| matcher | " + " | ".join(heads) + " |", "| --- " * (len(heads) + 1) + "|"]
    for name in dict.fromkeys(name for name, arm, _ in rows if arm == "lift"):
        cells = []
        for group in groups:
            clean, poison, lift = (rows[name, arm, group] for arm in ("clean", "poison", "lift"))
            rates = [f"{100 * float(one['value']):.1f}" for one in (clean, poison)]
            cells.append(f"{', '.join(rates)}, {interval(lift, sign='+')}")
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return lines


def worth(rows: Rows, group: str = "all") -> list[str]:
    """Return what the models of each arm are worth, over all test exchanges."""
    arms = list(dict.fromkeys(arm for name, arm, _ in rows if name in WORTH))
    known = [name for name in WORTH if any((name, arm, group) in rows for arm in arms)]
    heads = [WORTH[name][0] for name in known]
    lines = ["| arm | " + " | ".join(heads) + " |", "| --- " * (len(heads) + 1) + "|"]
    for arm in arms:
        cells = [
            interval(rows[name, arm, group], *WORTH[name][1:]) if (name, arm, group) in rows else ""
            for name in known
        ]
        lines.append(f"| `{arm}` | " + " | ".join(cells) + " |")
    return lines


def main(paths: Sequence[str]) -> None:
    """Print the tables of each cell."""
    for path in map(Path, paths):
        rows = read(path)
        print("\n".join([f"### {path.stem}", "", *attack(rows), "", *worth(rows), ""]))


if __name__ == "__main__":
    main(sys.argv[1:])
