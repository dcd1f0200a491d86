"""A report as markdown: what was done, what came out, and how sure it is."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from semspill.report._estimate import Estimate
from semspill.report._slices import SliceReport


def markdown(report: Any) -> str:
    """Return the page; it shows no response text."""
    parts = [
        f"# Spillover from *{report.target}*",
        _headline(report),
        "## What to know first\n\n" + "\n".join(f"- {note}" for note in report.notes),
        "## Groups\n\n" + _groups(report),
        "## Toxicity of the chosen responses, in ten bins\n\n" + _distribution(report.groups),
        "## Spillover against similarity\n\n"
        + f"Similarity: {report.similarity_method}\n\n"
        + _overall(report),
        "## Categories, nearest to the target first\n\n" + _categories(report),
        "## Sources\n\n" + _sources(report),
    ]
    return "\n\n".join(parts) + "\n"


def _headline(report: Any) -> str:
    arm = report.main_arm
    names = (report.target, report.nearest, f"all but {report.target}")
    rates = [report.group(name, arm).estimates.get("asr") for name in names]
    if None in rates:  # the analyzer was told to compute other metrics
        return (
            f"Planted in *{report.target}*; nearest neighbour: *{report.nearest}*. (Arm `{arm}`.)"
        )
    return (
        f"Planted in *{report.target}*: {rates[0]} of its test exchanges draw a planted "
        f"response. Nearest neighbour *{report.nearest}*: {rates[1]}. "
        f"All but *{report.target}*: {rates[2]}. (Arm `{arm}`.)"
    )


def _groups(report: Any) -> str:
    names = _metric_names(report.groups)
    head = ["group", "arm", "dialogues", "exchanges", *names]
    rows = [
        [part.name, part.arm, str(part.dialogues), str(part.exchanges), *_cells(part, names)]
        for part in report.groups
    ]
    return table(head, rows)


def _distribution(groups: Iterable[SliceReport]) -> str:
    head = ["group", "arm", *[f"{low / 10:.1f}-{(low + 1) / 10:.1f}" for low in range(10)]]
    rows = [
        [part.name, part.arm, *[f"{share:.1%}" for share in part.distribution]] for part in groups
    ]
    return table(head, rows)


def _overall(report: Any) -> str:
    rows = [
        [arm, name, str(estimate), _p(estimate), str(estimate.n), estimate.method]
        for arm, metrics in report.overall.items()
        for name, estimate in metrics.items()
    ]
    return table(["arm", "metric", "estimate", "p", "n", "method"], rows)


def _categories(report: Any) -> str:
    names = _metric_names(report.categories)
    poisoned = [part for part in report.categories if part.arm == report.main_arm]
    ordered = sorted(poisoned, key=lambda part: -(part.similarity or 0.0))
    rows = [
        [
            part.name,
            "" if part.similarity is None else f"{part.similarity:.3f}",
            str(part.dialogues),
            *_cells(part, names),
        ]
        for part in ordered
    ]
    return table(["category", "similarity", "dialogues", *names], rows)


def _sources(report: Any) -> str:
    rows = report.provenance.get("sources", {})
    return table(["component", "source"], [[name, said] for name, said in rows.items()])


def _metric_names(slices: Iterable[SliceReport]) -> list[str]:
    return list(dict.fromkeys(name for part in slices for name in part.estimates))


def _cells(part: SliceReport, names: Sequence[str]) -> list[str]:
    return [_cell(part.estimates.get(name)) for name in names]


def _cell(estimate: Estimate | None) -> str:
    if estimate is None or math.isnan(estimate.value):
        return ""
    return str(estimate)


def _p(estimate: Estimate) -> str:
    return "" if estimate.p_value is None else f"{estimate.p_value:.4f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a markdown table.

    Example:
        >>> print(table(["a", "b"], [["1", "2"]]))
        | a | b |
        | --- | --- |
        | 1 | 2 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )
