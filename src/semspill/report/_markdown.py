"""A report as markdown: verdict, facts, design, findings, uncertainty, tables."""

from collections.abc import Sequence

from semspill._mask import printable
from semspill.report._bibtex import BIBTEX
from semspill.report._category_table import categories_section
from semspill.report._decomposition_table import decomposition_section
from semspill.report._defense_table import defenses_section
from semspill.report._dose_table import doses_section
from semspill.report._kind_table import kinds_section
from semspill.report._label_table import labels_section
from semspill.report._matcher_table import matchers_section
from semspill.report._paired_table import paired_table
from semspill.report._phrases import big_rise, measures
from semspill.report._probe_table import probes_section
from semspill.report._sensitivity_table import sensitivity_section
from semspill.report._summary import summary
from semspill.report._table import listed, literal, p_text, quoted, table, with_p
from semspill.report._text import shown_slices
from semspill.results import Arm, SliceReport, SpilloverReport

_TITLES = {"attack": "Attack", "utility": "Utility", "other": "Other metrics"}
_UNSEEN = (
    "The intervals of a toxicity of 0 differ between arms, although none was seen in either: what "
    "was not seen counts as rated 100 of 100 in an arm without any planted answer, and else as the "
    "planted answers of its arm are rated on average."
)


def markdown(report: SpilloverReport) -> str:
    """Return the page; it shows no response text."""
    words = summary(report)
    sections = {
        "What to know first": bullets(words.caveats),
        "Groups": groups_section(report),
        "Toxicity of the chosen responses, in ten bins": distribution_section(report),
        "By what counts as planted": matchers_section(report),
        "What probes of the contexts did": probes_section(report),
        "By kind of harm": kinds_section(report),
        "Defenses": defenses_section(report),
        "What the text of a context explains": doses_section(report),
        "What the predicted labels did": labels_section(report),
        "How much is pool, training and lost quality": decomposition_section(report),
        "Spillover against similarity": overall_section(report),
        "How much depends on the definition of similarity": sensitivity_section(report),
        "Categories, nearest to the target first": categories_section(report),
        "Sources": sources_section(report),
    }
    shown = [f"## {title}\n\n{text}" for title, text in sections.items() if text]
    return printable(
        "\n\n".join(
            [
                f"# {words.title}",
                f"**{words.verdict.sentence}**",
                words.facts,
                words.setup,
                bullets(words.findings),
                *shown,
            ]
        )
        + "\n"
    )


def bullets(sentences: Sequence[str]) -> str:
    """Return sentences as a list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def groups_section(
    report: SpilloverReport,
    kinds: Sequence[str] = ("attack", "utility", "other"),
    arms: Sequence[str] = (),
    *,
    sized: bool = True,
) -> str:
    """Return a table per kind of metric: a row per group and arm, its baseline beside it.

    Args:
        report: The report.
        kinds: Which: attack, utility, other.
        arms: Arms that have rows; by default all but the clean one, or that if it is the only one.
        sized: Whether the sizes of the groups stand before them.
    """
    shown = arms or compared_arms(report)
    slices = shown_slices(report)
    tables = {kind: paired_table(report, slices, shown, (kind,)) for kind in kinds}
    sizes = [
        f"{listed([part.name])} {part.exchanges} ({part.dialogues})"
        for part in slices
        if part.arm == report.main_arm
    ]
    counted = [f"Exchanges of one seed (dialogues): {', '.join(sizes)}."] if sized else []
    if sized and unseen_differs(slices):
        counted.append(_UNSEEN)
    titled = [f"### {_TITLES[kind]}\n\n{text}" for kind, text in tables.items() if text]
    return "\n\n".join([*counted, *titled])


def unseen_differs(slices: Sequence[SliceReport]) -> bool:
    """Return whether arms bound a toxicity of 0 of the same exchanges in different ways."""
    ends: dict[tuple[str, str], set[float]] = {}
    for part in slices:
        for name, one in part.estimates.items():
            levels = one.measure.kind == "level" and one.quantity in ("toxicity", "toxic_share")
            if levels and one.value == one.low == 0:
                ends.setdefault((part.name, name), set()).add(round(one.high, 3))
    return any(len(highs) > 1 for highs in ends.values())


def compared_arms(report: SpilloverReport) -> list[str]:
    """Return the arms that are compared with another one, the main one first; at least that.

    Those with a defense have tables of their own.
    """
    paired = [arm.name for arm in undefended_arms(report) if arm.baseline != arm.name]
    return sorted(paired, key=lambda name: name != report.main_arm) or [report.main_arm]


def undefended_arms(report: SpilloverReport) -> list[Arm]:
    """Return the arms without a defense."""
    return [arm for arm in report.arms if not arm.defense]


def distribution_section(report: SpilloverReport) -> str:
    """Return the shares of the ten bins of toxicity, by group and arm."""
    slices = shown_slices(report)
    held = {(part.name, part.arm): part for part in slices}
    head = ["group", "arm", *[f"{low / 10:.1f}-{(low + 1) / 10:.1f}" for low in range(10)]]
    rows = [
        [literal(part.name), part.arm, *[f"{share:.1%}" for share in part.distribution]]
        for group in dict.fromkeys(part.name for part in slices)
        for part in (held[group, arm.name] for arm in undefended_arms(report))
    ]
    return table(head, rows)


def overall_section(report: SpilloverReport) -> str:
    """Return the metrics of whole arms, and how similarity was measured."""
    main = report.overall.get(report.main_arm, {})
    titles = {name: literal(measure.title) for name, measure in measures(main).items()}
    tested = any(e.verdict for e in main.values())
    rows = [
        [
            titles[k],
            quoted(e),
            p_text(e.p_value),
            *[p_text(e.p_margin)] * tested,
            str(e.n),
            e.method,
        ]
        for k, e in main.items()
    ]
    parts = [f"Similarity: {report.similarity_method}"]
    if rows:
        head = ["metric", "estimate", "p", *["p, rise excluded"] * tested, "n", "method"]
        if tested:
            parts.append(f'"p, rise excluded" is the one-sided test of {big_rise(report)}.')
        parts.append(f"Arm `{report.main_arm}`:\n\n{table(head, rows)}")
    defended = {arm.name for arm in report.arms if arm.defense}
    others = [arm for arm in report.overall if arm not in defended | {report.main_arm}]
    if rows and others:
        compared = [
            [title, *[with_p(report.overall[arm].get(name)) for arm in others]]
            for name, title in titles.items()
        ]
        parts.append(f"The same in the other arms:\n\n{table(['metric', *others], compared)}")
    return "\n\n".join(parts)


def sources_section(report: SpilloverReport) -> str:
    """Return the citation of every component used."""
    rows = [[name, citation] for name, citation in report.provenance.citations.items()]
    return f"{table(['component', 'citation'], rows)}\n\n{BIBTEX}" if rows else ""
