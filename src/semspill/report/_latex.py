"""A report as a LaTeX table for a paper: booktabs, with the interval beside every number."""

import math
from collections.abc import Mapping, Sequence

from semspill._mask import listing, named
from semspill.errors import DataError, did_you_mean
from semspill.report._phrases import measures
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate, Measure

_ROWS = ("groups", "categories")
_USUAL = ("asr", "lift", "precision")
"""Attack, its effect and utility: what fits a page."""
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
    slices = _rows(report, rows, (report.main_arm,) if arms is None else arms)
    names = _columns(slices, metrics)
    several = len({part.arm for part in slices}) > 1
    near = rows == "categories"
    head = [rows.replace("ies", "y").removesuffix("s").capitalize()]
    head += (
        ["Arm"] * several
        + ["Similarity"] * near
        + [escaped(measure.title) for measure in names.values()]
    )
    lines = [
        rf"\begin{{tabular}}{{{'l' * (1 + several)}{'r' * (near + len(names))}}}",
        r"\toprule",
        _line(head),
        r"\midrule",
    ]
    for part in slices:
        first = [escaped(part.name), *[escaped(part.arm)] * several, *[_similarity(part)] * near]
        lines.append(_line([*first, *(_cell(part.estimates.get(name)) for name in names)]))
    note = rf"\multicolumn{{{len(head)}}}{{l}}{{\footnotesize {_note(slices, names)}}}"
    lines += [r"\bottomrule", _line([note]), r"\end{tabular}"]
    return "\n".join(_floating(lines, heading)) + "\n"


def _columns(slices: Sequence[SliceReport], metrics: Sequence[str] | None) -> dict[str, Measure]:
    has = {name: m for part in slices for name, m in measures(part.estimates).items()}
    for name in metrics or ():
        _require("metric", name, list(has))
    usual = [name for name in _USUAL if name in has] or has
    return {name: has[name] for name in (usual if metrics is None else metrics)}


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
        _require("arm", arm, [each.name for each in report.arms])
    slices: list[SliceReport] = [part for part in getattr(report, rows) if part.arm in arms]
    order = list(dict.fromkeys(part.name for part in slices))
    if rows == "categories":
        order.sort(key=lambda name: -report.similarity.get(name, -math.inf))
    slices.sort(key=lambda part: (order.index(part.name), list(arms).index(part.arm)))
    return slices


def _require(kind: str, name: str, allowed: Sequence[str]) -> None:
    if name not in allowed:
        raise DataError(
            f"The table has no {kind} {named(name)}.{did_you_mean(name, allowed)} "
            f"There are: {listing(allowed)}."
        )


def _similarity(part: SliceReport) -> str:
    return "" if part.similarity is None else _signed(f"{part.similarity:.3f}")


def _cell(made: Estimate | None) -> str:
    if made is None:
        return ""
    if math.isnan(made.value):
        return escaped(made.note) or "--"
    times, digits = (100, 1) if made.measure.unit != "number" else (1, 3)
    # Adding 0 turns a rounded -0.0 into 0.0.
    ends = (round(times * end, digits) + 0.0 for end in (made.value, made.low, made.high))
    value, low, high = (_signed(f"{end:.{digits}f}") for end in ends)
    said = rf"\textbf{{{value}}}" if made.survives else value
    return rf"{said} {{\scriptsize [{low}, {high}]}}"


def _signed(number: str) -> str:
    return number.replace("-", "$-$").replace("inf", r"$\infty$")


def _note(slices: Sequence[SliceReport], names: Mapping[str, Measure]) -> str:
    made = [part.estimates[name] for part in slices for name in names if name in part.estimates]
    share = [measure.title for measure in names.values() if measure.unit != "number"]
    some = "In" if len(share) == len(names) else f"{', '.join(map(escaped, share))} in"
    said = [rf"{some} \%."] if share else []
    levels = sorted({f"{100 * one.level:g}" for one in made})
    said += [rf"Brackets: {' and '.join(levels)}\,\% intervals."] if levels else []
    if any(one.survives for one in made):
        said.append("Bold: differs from 0 after Holm's correction; the target is not tested.")
    return " ".join(said)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _floating(lines: Sequence[str], heading: Mapping[str, str]) -> list[str]:
    if not any(heading.values()):
        return list(lines)
    said = [rf"\{name}{{{text}}}" for name, text in heading.items() if text]
    return [r"\begin{table}", r"\centering", *said, *lines, r"\end{table}"]
