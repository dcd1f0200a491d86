"""A report as markdown: what was done, what came out, and how sure it is."""

from collections.abc import Sequence
from typing import Any

from semspill.report._category_table import categories_section
from semspill.report._decomposition_table import decomposition_section
from semspill.report._sensitivity_table import sensitivity_section
from semspill.report._table import ATTACK, UTILITY, cell, in_percent, p_text, table, topic, with_p

__all__ = ["markdown", "table"]


def markdown(report: Any) -> str:
    """Return the page; it shows no response text."""
    sections = {
        "What to know first": "\n".join(f"- {note}" for note in report.notes),
        "Groups": _groups(report),
        "Toxicity of the chosen responses, in ten bins": _distribution(report),
        "How much is pool, training and lost quality": decomposition_section(report),
        "Spillover against similarity": _overall(report),
        "How much depends on the definition of similarity": sensitivity_section(report),
        "Categories, nearest to the target first": categories_section(report),
        "Sources": _sources(report),
    }
    shown = [f"## {title}\n\n{text}" for title, text in sections.items() if text]
    return "\n\n".join([f"# Spillover from *{report.target}*", _headline(report), *shown]) + "\n"


def _headline(report: Any) -> str:
    arm = report.main_arm
    names = (report.target, report.nearest, f"all but {report.target}")
    rates = [report.group(name, arm).estimates.get("asr") for name in names]
    if None in rates:  # the analyzer was told to compute other metrics
        return (
            f"Planted in *{report.target}*; nearest neighbour: *{report.nearest}*. (Arm `{arm}`.)"
        )
    target, nearest, rest = (in_percent(rate) for rate in rates)
    return (
        f"Planted in *{report.target}*: {target} % of its test exchanges draw a planted "
        f"response. Nearest neighbour *{report.nearest}*: {nearest} %. "
        f"All but *{report.target}*: {rest} %. (Arm `{arm}`.)"
    )


def _groups(report: Any) -> str:
    present = list(dict.fromkeys(name for part in report.groups for name in part.estimates))
    attack = [name for known in ATTACK for name in present if topic(name) == known]
    utility = [name for known in UTILITY for name in present if topic(name) == known]
    others = [name for name in present if name not in (*attack, *utility)]
    sizes = [
        f"*{part.name}* {part.exchanges} ({part.dialogues})"
        for part in report.groups
        if part.arm == report.main_arm
    ]
    titled = {"Attack, in %": attack, "Utility, in %": utility, "Other metrics": others}
    tables = [f"### {title}\n\n{_group_table(report, n)}" for title, n in titled.items() if n]
    return "\n\n".join([f"Exchanges of one seed (dialogues): {', '.join(sizes)}.", *tables])


def _group_table(report: Any, names: Sequence[str]) -> str:
    rows = []
    for group in dict.fromkeys(part.name for part in report.groups):
        for part in (report.group(group, arm) for arm in report.arms):
            cells = [cell(name, part.estimates.get(name)) for name in names]
            if any(cells):  # the clean arm has no paired metric
                rows.append([group, part.arm, *cells])
    return table(["group", "arm", *names], rows)


def _distribution(report: Any) -> str:
    head = ["group", "arm", *[f"{low / 10:.1f}-{(low + 1) / 10:.1f}" for low in range(10)]]
    rows = [
        [part.name, part.arm, *[f"{share:.1%}" for share in part.distribution]]
        for group in dict.fromkeys(part.name for part in report.groups)
        for part in (report.group(group, arm) for arm in report.arms)
    ]
    return table(head, rows)


def _overall(report: Any) -> str:
    main = report.overall.get(report.main_arm, {})
    rows = [
        [name, str(estimate), p_text(estimate.p_value), str(estimate.n), estimate.method]
        for name, estimate in main.items()
    ]
    parts = [f"Similarity: {report.similarity_method}"]
    if rows:
        head = ["metric", "estimate", "p", "n", "method"]
        parts.append(f"Arm `{report.main_arm}`:\n\n{table(head, rows)}")
    others = [arm for arm in report.overall if arm != report.main_arm]
    if rows and others:
        compared = [
            [name, *[with_p(report.overall[arm].get(name)) for arm in others]] for name in main
        ]
        parts.append(f"The same in the other arms:\n\n{table(['metric', *others], compared)}")
    return "\n\n".join(parts)


def _sources(report: Any) -> str:
    rows = report.provenance.get("sources", {})
    return table(["component", "source"], [[name, said] for name, said in rows.items()])
