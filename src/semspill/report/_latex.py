"""A report as a LaTeX table for a paper: booktabs, with the interval beside every number."""

import math
from collections.abc import Collection, Mapping, Sequence

from semspill._mask import listing, named
from semspill.errors import DataError, did_you_mean
from semspill.report._defense_columns import USUAL, Column, chosen, columns, ends
from semspill.report._phrases import measures
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate, Measure

_ROWS = {
    "groups": "Group",
    "categories": "Category",
    "matchers": "Matcher",
    "probes": "Probe",
    "kinds": "Kind of harm",
    "defenses": "Defense",
}
_FIXED = {
    "matchers": (
        "matchers but exact",
        ("Planted rate, clean", "Planted rate", "Planted-rate lift"),
        ("clean", "attacked", "lift"),
    ),
    "probes": (
        "probes",
        ("Planted rate", "Planted-rate lift", "Change of the planted rate"),
        ("asr", "asr_lift", "asr_change"),
    ),
    "kinds": (
        "kinds of harm",
        ("Rating, clean", "Rating", "Rating lift"),
        ("clean", "attacked", "lift"),
    ),
}
"""Tables of fixed columns: what is said where they are empty, titles, and fields of a group."""
_USUAL = ("asr", "lift", "precision")
"""Attack, its effect and utility: what fits a page."""
_UNITS = {
    "share": r"\%",
    "points": "percentage points",
    "slope": "percentage points per unit of similarity",
}
_ESCAPED = str.maketrans(
    {
        "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "{''}",
        "[": "{[}", "]": "{]}", "*": "{*}",  # after a line's end they would be options of it
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    }
)  # fmt: skip


def to_latex(
    report: SpilloverReport,
    rows: str,
    metrics: Sequence[str] | None,
    arms: Sequence[str] | None,
    heading: Mapping[str, str],
) -> str:
    """Return the table.

    Args:
        report: What it shows.
        rows: `groups`, `categories`, `matchers`, `probes`, `kinds` or `defenses`.
        metrics: The columns; None takes what a page has room for.
        arms: The arms, a row each; None takes the main one.
        heading: `caption` and `label`, either empty; without both the tabular stands alone.

    Raises:
        DataError: A kind of row, a metric or an arm is unknown.
    """
    _require("kind of row", [rows], _ROWS)
    if rows == "defenses":
        return _of_defenses(report, metrics, arms, heading)
    if rows in _FIXED:
        return _of_parts(report, rows, metrics, arms, heading)
    arms = (report.main_arm,) if arms is None else arms
    _require("arm", arms, [arm.name for arm in report.arms])
    slices = _slices(report, rows, arms)
    names = _columns(slices, metrics)
    near, several = rows == "categories", len({part.arm for part in slices}) > 1
    titles = [escaped(measure.title) for measure in names.values()]
    head = [_ROWS[rows], *["Arm"] * several, *["Similarity"] * near, *titles]
    body = [
        [
            escaped(part.name),
            *[escaped(part.arm)] * several,
            *["" if part.similarity is None else _number(part.similarity, 3)] * near,
            *(_cell(part.estimates.get(name)) for name in names),
        ]
        for part in slices
    ]
    return _tabular(head, body, 1 + several, _note(slices, names), heading)


def _of_parts(
    report: SpilloverReport,
    rows: str,
    metrics: Sequence[str] | None,
    arms: Sequence[str] | None,
    heading: Mapping[str, str],
) -> str:
    """Return the table of matchers, probes or kinds of harm, a row for each and each group."""
    lacking, titles, fields = _FIXED[rows]
    if not getattr(report, rows):
        raise DataError(f"The report has no {lacking}; leave rows out, or give 'groups'.")
    if metrics is not None or arms is not None:
        raise DataError(f"A table of {rows} has fixed columns; leave metrics and arms out.")
    shown = [
        (one.name, group.group, [getattr(group, field) for field in fields])
        for one in getattr(report, rows)
        for group in one.groups
        if rows != "probes" or group.arm == report.main_arm
    ]
    body = [[escaped(name), escaped(group), *map(_cell, each)] for name, group, each in shown]
    every = [number for _, _, each in shown for number in each if number is not None]
    units = {number.measure.title: number.measure for number in every}
    note = f"{_units(units.values())} {_levels({number.level for number in every})}"
    return _tabular([_ROWS[rows], "Group", *titles], body, 2, note, heading)


def _of_defenses(
    report: SpilloverReport,
    metrics: Sequence[str] | None,
    arms: Sequence[str] | None,
    heading: Mapping[str, str],
) -> str:
    """Return the table of defenses, a row each, below the undefended arm."""
    found = report.defenses
    if found is None:
        raise DataError("The report has no defenses; leave rows out, or give 'categories'.")
    if arms is not None:
        raise DataError("A table of defenses has no arms to choose; leave arms out.")
    every = columns(found)
    _require("metric", metrics or (), every)
    known = chosen(every, USUAL if metrics is None else metrics)
    cells = [
        [column.undefended, *(column.of(one) for one in found.defenses)]
        for column in known.values()
    ]
    bold = [[False, *(column.bold(one) for one in found.defenses)] for column in known.values()]
    texts = [
        [_defended(cell, column, bold=mark) for cell, mark in zip(*column_of, strict=True)]
        for column, *column_of in zip(known.values(), cells, bold, strict=True)
    ]
    names = ["undefended", *(escaped(one.name) for one in found.defenses)]
    head = ["Defense", *(_head(column) for column in known.values())]
    levels = {one.level for column in cells for one in column if one is not None}
    note = _levels(levels)
    if any(map(any, bold)):
        note += " Bold: significant after Holm's correction over the defenses."
    return _tabular(head, list(zip(names, *texts, strict=True)), 1, note, heading)


def _head(column: Column) -> str:
    return escaped(column.head[:1].upper() + column.head[1:])


def _defended(estimate: Estimate | None, column: Column, *, bold: bool) -> str:
    if estimate is None:
        return ""
    if math.isnan(estimate.value):
        return "--"
    (value, *interval), digits = ends(estimate, column.unit)
    text = _number(value, digits)
    text = rf"\textbf{{{text}}}" if bold else text
    brackets = ", ".join(_number(end, digits) for end in interval)
    return rf"{text} {{\scriptsize [{brackets}]}}" if interval else text


def _tabular(
    head: Sequence[str],
    body: Sequence[Sequence[str]],
    words: int,
    note: str,
    heading: Mapping[str, str],
) -> str:
    """Return a tabular whose first columns are words, and whose last line is a note."""
    import pandas as pd

    latex: str = (
        pd.DataFrame(body, columns=list(head))
        .style.hide(axis="index")
        .to_latex(
            hrules=True,
            column_format="l" * words + "r" * (len(head) - words),
            position_float="centering" if any(heading.values()) else None,
            **{name: text or None for name, text in heading.items()},
        )
    )
    last = rf"\multicolumn{{{len(head)}}}{{l}}{{\footnotesize {note}}} \\"
    return latex.replace(r"\end{tabular}", f"{last}\n\\end{{tabular}}")


def _columns(slices: Sequence[SliceReport], metrics: Sequence[str] | None) -> dict[str, Measure]:
    has = {name: m for part in slices for name, m in measures(part.estimates).items()}
    _require("metric", metrics or (), has)
    usual = [name for name in _USUAL if name in has] or has
    return {name: has[name] for name in (usual if metrics is None else metrics)}


def escaped(text: str) -> str:
    r"""Return a text that LaTeX sets as it is.

    Example:
        >>> print(escaped("R&D_1 50%"))
        R\&D\_1 50\%
    """
    return " ".join(text.split()).translate(_ESCAPED)


def _slices(report: SpilloverReport, rows: str, arms: Sequence[str]) -> list[SliceReport]:
    """Return what is a row each: groups in their order, categories the most similar first."""
    slices: list[SliceReport] = [part for part in getattr(report, rows) if part.arm in arms]
    order = list(dict.fromkeys(part.name for part in slices))
    if rows == "categories":
        order.sort(key=lambda name: -report.similarity.get(name, -math.inf))
    slices.sort(key=lambda part: (order.index(part.name), list(arms).index(part.arm)))
    return slices


def _require(kind: str, names: Sequence[str], allowed: Collection[str]) -> None:
    for name in names:
        if name not in allowed:
            raise DataError(
                f"The table has no {kind} {named(name)}.{did_you_mean(name, allowed)} "
                f"There are: {listing(allowed)}."
            )


def _cell(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    if math.isnan(estimate.value):
        return escaped(estimate.note) or "--"
    times, digits = (100, 1) if estimate.measure.unit != "number" else (1, 3)
    value, low, high = (
        _number(times * end, digits) for end in (estimate.value, estimate.low, estimate.high)
    )
    bold = rf"\textbf{{{value}}}" if estimate.survives else value
    return rf"{bold} {{\scriptsize [{low}, {high}]}}"


def _number(value: float, digits: int) -> str:
    # Adding 0 turns a rounded -0.0 into 0.0.
    number = f"{round(value, digits) + 0.0:.{digits}f}"
    return number.replace("-", "$-$").replace("inf", r"$\infty$")


def _note(slices: Sequence[SliceReport], names: Mapping[str, Measure]) -> str:
    estimates = [
        part.estimates[name] for part in slices for name in names if name in part.estimates
    ]
    parts = {
        _units(names.values()): True,
        _levels({one.level for one in estimates}): True,
        "Bold: differs from 0 after Holm's correction; the target is not tested.": any(
            one.survives for one in estimates
        ),
    }
    return " ".join(text for text, true in parts.items() if text and true)


def _levels(levels: Collection[float]) -> str:
    """Say what the brackets hold; empty without any."""
    known = " and ".join(f"{100 * level:g}" for level in sorted(levels))
    return rf"Brackets: {known}\,\% intervals." if known else ""


def _units(measures: Collection[Measure]) -> str:
    """Say in what the numbers of the columns are."""
    titles: dict[str, list[str]] = {}
    for measure in measures:
        titles.setdefault(measure.unit, []).append(escaped(measure.title))
    if len(titles) == 1 and "number" not in titles:
        return f"In {_UNITS[next(iter(titles))]}."
    said = [
        f"{', '.join(titles[unit])} in {name}" for unit, name in _UNITS.items() if unit in titles
    ]
    return f"{'; '.join(said)}." if said else ""
