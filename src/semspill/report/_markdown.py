"""A report as markdown: what was done, what came out, and how sure it is."""

from collections.abc import Sequence

from semspill._mask import printable
from semspill.report._category_table import categories_section
from semspill.report._decomposition_table import decomposition_section
from semspill.report._sensitivity_table import sensitivity_section
from semspill.report._table import (
    ATTACK,
    UTILITY,
    cell,
    listed,
    literal,
    p_text,
    table,
    topic,
    with_p,
)
from semspill.report._words import summary
from semspill.results import SpilloverReport

__all__ = ["markdown", "table"]


def markdown(report: SpilloverReport) -> str:
    """Return the page; it shows no response text."""
    said = summary(report)
    sections = {
        "What to know first": bullets(said.sure),
        "Groups": groups_section(report),
        "Toxicity of the chosen responses, in ten bins": distribution_section(report),
        "How much is pool, training and lost quality": decomposition_section(report),
        "Spillover against similarity": overall_section(report),
        "How much depends on the definition of similarity": sensitivity_section(report),
        "Categories, nearest to the target first": categories_section(report),
        "Sources": sources_section(report),
    }
    shown = [f"## {title}\n\n{text}" for title, text in sections.items() if text]
    return printable(
        "\n\n".join([f"# {said.title}", said.done, bullets(said.found), *shown]) + "\n"
    )


def bullets(sentences: Sequence[str]) -> str:
    """Return sentences as a list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def groups_section(
    report: SpilloverReport,
    kinds: Sequence[str] = ("attack", "utility", "other"),
    *,
    sized: bool = True,
) -> str:
    """Return a table of groups and arms per kind of metric.

    Args:
        report: The report.
        kinds: Which: attack, utility, other.
        sized: Whether the sizes of the groups stand before them.
    """
    present = list(dict.fromkeys(name for part in report.groups for name in part.estimates))
    attack = [name for known in ATTACK for name in present if topic(name) == known]
    utility = [name for known in UTILITY for name in present if topic(name) == known]
    named = {
        "attack": ("Attack, in %", attack),
        "utility": ("Utility, in %", utility),
        "other": ("Other metrics", [n for n in present if n not in (*attack, *utility)]),
    }
    sizes = [
        f"{listed([part.name])} {part.exchanges} ({part.dialogues})"
        for part in report.groups
        if part.arm == report.main_arm
    ]
    shown = [named[kind] for kind in kinds if named[kind][1]]
    tables = [f"### {title}\n\n{_group_table(report, names)}" for title, names in shown]
    counted = [f"Exchanges of one seed (dialogues): {', '.join(sizes)}."] if sized else []
    return "\n\n".join([*counted, *tables])


def _group_table(report: SpilloverReport, names: Sequence[str]) -> str:
    rows = []
    for group in dict.fromkeys(part.name for part in report.groups):
        for part in (report.group(group, arm.name) for arm in report.arms):
            cells = [cell(name, part.estimates.get(name)) for name in names]
            if any(cells):  # the clean arm has no paired metric
                rows.append([literal(group), part.arm, *cells])
    return table(["group", "arm", *names], rows)


def distribution_section(report: SpilloverReport) -> str:
    """Return the shares of the ten bins of toxicity, by group and arm."""
    head = ["group", "arm", *[f"{low / 10:.1f}-{(low + 1) / 10:.1f}" for low in range(10)]]
    rows = [
        [literal(part.name), part.arm, *[f"{share:.1%}" for share in part.distribution]]
        for group in dict.fromkeys(part.name for part in report.groups)
        for part in (report.group(group, arm.name) for arm in report.arms)
    ]
    return table(head, rows)


def overall_section(report: SpilloverReport) -> str:
    """Return the metrics of whole arms, and how similarity was measured."""
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


def sources_section(report: SpilloverReport) -> str:
    """Return the citation of every component used."""
    rows = report.provenance.get("citations", {})
    return table(["component", "citation"], [[n, s] for n, s in rows.items()]) if rows else ""
