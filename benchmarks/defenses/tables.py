"""Markdown tables of the study: tables.py results/study-*.csv."""

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

Row = Mapping[str, str]


def rate(row: Row, group: str) -> str:
    """Return a planted rate with its interval, in percent."""
    ends = [row[group], row[f"{group}_low"], row[f"{group}_high"]]
    value, low, high = (f"{100 * float(end):.1f}" for end in ends)
    return f"{value} [{low}, {high}]"


def share(row: Row, name: str) -> str:
    """Return a share with its interval; nothing where it is not defined."""
    ends = [row[name], row[f"{name}_low"], row[f"{name}_high"]]
    if not row[name]:
        return ""
    return "{:.2f} [{}, {}]".format(
        float(ends[0]), *(f"{float(end):.2f}" if end else "?" for end in ends[1:])
    )


def points(row: Row, name: str) -> str:
    """Return a difference in points with its interval."""
    if not row[name]:
        return ""
    value, low, high = (100 * float(row[f"{name}{end}"] or "nan") for end in ("", "_low", "_high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"


def table(path: Path) -> list[str]:
    """Return the lines of one study: every defense, and below it its control."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    head = [
        "defense", "target, %", "nearest, %", "all but the target, %", "p", "p, control",
        "attack stopped", "spillover stopped", "P@1, %", "price, points",
    ]  # fmt: skip
    lines = [" | ".join(["", *head, ""]).strip(), "| --- " * len(head) + "|"]
    for row in rows:
        cells = [
            row["defense"],
            *(rate(row, group) for group in ("target", "nearest", "rest")),
            *(f"{float(row[name]):.2g}" if row[name] else "" for name in ("p_holm", "p_control")),
            share(row, "attack"),
            share(row, "spillover"),
            f"{100 * float(row['precision']):.1f}",
            points(row, "price"),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return [f"### {path.stem}", "", *lines, ""]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print("\n".join(table(Path(name))))
