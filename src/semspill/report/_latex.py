"""A report as a LaTeX table for a paper: booktabs, with the interval beside every number."""

import math
from collections.abc import Collection, Mapping, Sequence

from semspill._mask import listing, named
from semspill.errors import DataError, did_you_mean
from semspill.report._table import ATTACK, UTILITY, topic
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate

_ROWS = {"groups": "Group", "categories": "Category"}
_USUAL = ("asr", "lift", "precision")
"""Attack, its effect and utility: what fits a page."""
_TITLES = {
    "asr": "ASR",
    "asr_lift": "ASR lift",
    "toxicity": "Toxicity",
    "lift": "Toxicity lift",
    "toxic_share": "Toxic share",
    "corrected_share": "Truly toxic share",
    "shift": "Shift",
    "precision": "P@1",
    "precision_drop": "P@1 drop",
    "served_precision": "served P@1",
    "served_drop": "served P@1 drop",
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
        rows: `groups` or `categories`.
        metrics: The columns; None takes what a page has room for.
        arms: The arms, a row each; None takes the main one.
        heading: `caption` and `label`, either empty; without both the tabular stands alone.

    Raises:
        DataError: A kind of row, a metric or an arm is unknown.
    """
    import pandas as pd

    slices = _rows(report, rows, (report.main_arm,) if arms is None else arms)
    names = _columns(slices, metrics)
    several = len({part.arm for part in slices}) > 1
    near = rows == "categories"
    head = [_ROWS[rows], *["Arm"] * several, *["Similarity"] * near, *map(_title, names)]
    body = [
        [
            escaped(part.name),
            *[escaped(part.arm)] * several,
            *[_similarity(part)] * near,
            *(_cell(name, part.estimates.get(name)) for name in names),
        ]
        for part in slices
    ]
    latex: str = (
        pd.DataFrame(body, columns=head)
        .style.hide(axis="index")
        .to_latex(
            hrules=True,
            column_format="l" * (1 + several) + "r" * (near + len(names)),
            position_float="centering" if any(heading.values()) else None,
            **{name: text or None for name, text in heading.items()},
        )
    )
    note = rf"\multicolumn{{{len(head)}}}{{l}}{{\footnotesize {_note(slices, names)}}} \\"
    return latex.replace(r"\end{tabular}", f"{note}\n\\end{{tabular}}")


def _columns(slices: Sequence[SliceReport], metrics: Sequence[str] | None) -> list[str]:
    has = list(dict.fromkeys(name for part in slices for name in part.estimates))
    for name in metrics or ():
        _require("metric", name, has)
    usual = [name for name in _USUAL if name in has] or has
    return usual if metrics is None else list(metrics)


def escaped(text: str) -> str:
    r"""Return a text that LaTeX sets as it is.

    Example:
        >>> print(escaped("R&D_1 50%"))
        R\&D\_1 50\%
    """
    return " ".join(text.split()).translate(_ESCAPED)


def _rows(report: SpilloverReport, rows: str, arms: Sequence[str]) -> list[SliceReport]:
    _require("kind of row", rows, _ROWS)
    for arm in arms:
        _require("arm", arm, report.arms)
    slices: list[SliceReport] = [part for part in getattr(report, rows) if part.arm in arms]
    order = list(dict.fromkeys(part.name for part in slices))
    if rows == "categories":
        order.sort(key=lambda name: -report.similarity.get(name, -math.inf))
    slices.sort(key=lambda part: (order.index(part.name), list(arms).index(part.arm)))
    return slices


def _require(kind: str, name: str, allowed: Collection[str]) -> None:
    if name not in allowed:
        raise DataError(
            f"The table has no {kind} {named(name)}.{did_you_mean(name, allowed)} "
            f"There are: {listing(allowed)}."
        )


def _in_percent(name: str) -> bool:
    return topic(name) in (*ATTACK, *UTILITY)


def _title(name: str) -> str:
    fields = escaped(name.removeprefix(topic(name)))
    return _TITLES.get(topic(name), escaped(topic(name))) + fields


def _similarity(part: SliceReport) -> str:
    return "" if part.similarity is None else _signed(f"{part.similarity:.3f}")


def _cell(name: str, made: Estimate | None) -> str:
    if made is None:
        return ""
    if math.isnan(made.value):
        return escaped(made.note) or "--"
    times, digits = (100, 1) if _in_percent(name) else (1, 3)
    # Adding 0 turns a rounded -0.0 into 0.0.
    ends = (round(times * end, digits) + 0.0 for end in (made.value, made.low, made.high))
    value, low, high = (_signed(f"{end:.{digits}f}") for end in ends)
    bold = rf"\textbf{{{value}}}" if made.survives else value
    return rf"{bold} {{\scriptsize [{low}, {high}]}}"


def _signed(number: str) -> str:
    return number.replace("-", "$-$").replace("inf", r"$\infty$")


def _note(slices: Sequence[SliceReport], names: Sequence[str]) -> str:
    made = [part.estimates[name] for part in slices for name in names if name in part.estimates]
    share = [name for name in names if _in_percent(name)]
    some = "In" if len(share) == len(names) else f"{', '.join(map(_title, share))} in"
    parts = [rf"{some} \%."] if share else []
    levels = sorted({f"{100 * one.level:g}" for one in made})
    parts += [rf"Brackets: {' and '.join(levels)}\,\% intervals."] if levels else []
    if any(one.survives for one in made):
        parts.append("Bold: differs from 0 after Holm's correction; the target is not tested.")
    return " ".join(parts)
