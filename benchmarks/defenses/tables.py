"""Markdown tables of the study, as docs/defenses.md has them: tables.py results/study-*.csv.

With --across one table of all given files: target / nearest of each defense, a column per file; in
bold where Holm's correction leaves the rate of all but the target significantly below.
"""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

Row = Mapping[str, str]

HEAD = (
    "defense", "target, %", "nearest, %", "all but the target, %", "control: target / nearest, %",
    "p", "p, control", "P@1, %", "price, points",
)  # fmt: skip


def rate(row: Row, group: str, ends: bool = True) -> str:
    """Return a planted rate in percent, with its interval or without."""
    value, low, high = (f"{100 * float(row[group + end]):.1f}" for end in ("", "_low", "_high"))
    return f"{value} [{low}, {high}]" if ends else value


def points(row: Row, name: str) -> str:
    """Return a difference in points with its interval."""
    if not row[name]:
        return ""
    ends = (100 * float(row[f"{name}{end}"] or "nan") for end in ("", "_low", "_high"))
    # Adding 0 turns a rounded -0.0 into 0.0, which has no sign.
    value, low, high = (f"{end:+.1f}" if end else "0.0" for end in (round(e, 1) + 0 for e in ends))
    return f"{value} [{low}, {high}]"


def table(path: Path) -> list[str]:
    """Return the lines of one study: every defense, beside its control."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = {row["defense"]: row for row in csv.DictReader(file)}
    lines = ["| " + " | ".join(HEAD) + " |", "| --- " * len(HEAD) + "|"]
    for name, row in rows.items():
        if name.endswith(", control"):
            continue
        control = rows.get(f"{name}, control")
        groups = ("target", "nearest")
        cells = [
            "undefended" if name == "none" else f"`{name}`",
            *(rate(row, group) for group in groups),
            rate(row, "rest", ends=False),
            " / ".join(rate(control, group, ends=False) for group in groups) if control else "",
            *(f"{float(row[key]):.2g}" if row[key] else "" for key in ("p_holm", "p_control")),
            f"{100 * float(row['precision']):.1f}",
            points(row, "price"),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return [f"### {path.stem}", "", *lines, ""]


def across(paths: Sequence[Path]) -> list[str]:
    """Return the lines of one table of several studies."""
    studies = []
    for path in paths:
        with open(path, newline="", encoding="utf-8") as file:
            studies.append({row["defense"]: row for row in csv.DictReader(file)})
    names = [name for name in max(studies, key=len) if not name.endswith(", control")]
    heads = [path.stem.removeprefix("study-").removesuffix("-telling") for path in paths]
    lines = ["| defense | " + " | ".join(heads) + " |", "| --- " * (len(heads) + 1) + "|"]
    for name in names:
        title = "undefended" if name == "none" else f"`{name}`"
        cells = [_both(study.get(name), study["none"]) for study in studies]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return lines


def _both(row: Row | None, undefended: Row) -> str:
    if row is None:
        return ""
    rates = f"{rate(row, 'target', ends=False)} / {rate(row, 'nearest', ends=False)}"
    fell = float(row["rest"]) < float(undefended["rest"])
    return f"**{rates}**" if row["p_holm"] and float(row["p_holm"]) < 0.05 and fell else rates


if __name__ == "__main__":
    if sys.argv[1] == "--across":
        print("\n".join(across([Path(name) for name in sys.argv[2:]])))
        sys.exit()
    for name in sys.argv[1:]:
        print("\n".join(table(Path(name))))
