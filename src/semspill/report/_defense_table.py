"""Defenses in tables: what each stops beside its control, and what it costs."""

import math
from collections.abc import Sequence

from semspill.report._defended import removed_from
from semspill.report._defense_columns import COST, EFFECT, Column, chosen, columns, ends
from semspill.report._defense_verdict import WORDS
from semspill.report._table import literal, short_p, table
from semspill.results import DefenseResult, DefensesReport, SpilloverReport
from semspill.statistics import Estimate

MOST = 10
"""Defenses that a small table shows."""
_SMALL = {"target": "target", "nearest": "nearest", "rest": "others", "precision": "P@1"}
_STOPPED = (
    "Attack stopped is the share of the target's lift that is gone. Spillover stopped is how much "
    "more of the nearest neighbour's lift is gone than of the target's."
)


def defenses_section(report: SpilloverReport) -> str:
    """Return sentences and tables of all defenses, in markdown; empty without defenses."""
    if report.defenses is None:
        return ""
    sentences = "\n".join(f"- {said}" for said in defense_sentences(report))
    parts = (sentences, effect_table(report), cost_table(report), removed_table(report))
    return "\n\n".join(filter(None, parts))


def defense_sentences(report: SpilloverReport) -> list[str]:
    """Return what each defense did, in markdown, in the order of the experiment."""
    found = report.defenses
    return [] if found is None else [one.sentence for one in found.verdicts.values()]


def effect_table(report: SpilloverReport) -> str:
    """Return what each defense stops, the undefended arm first; empty without defenses."""
    found = report.defenses
    if found is None:
        return ""
    verdicts = found.verdicts
    words = {name: WORDS[one.kind] for name, one in verdicts.items()}
    return f"{_table(found, EFFECT, words)}\n\n{_note(found)}"


def cost_table(report: SpilloverReport) -> str:
    """Return what each defense costs, and what it took out or replaced; empty without defenses."""
    found = report.defenses
    if found is None:
        return ""
    return _table(found, COST, {one.name: literal(one.cost) for one in found.defenses})


def removed_table(report: SpilloverReport) -> str:
    """Return how many exchanges each defense took out of which categories; empty for none."""
    found = () if report.defenses is None else report.defenses.defenses
    rows = [
        [
            literal(one.name),
            literal(name),
            f"{removed:,}",
            "" if planted is None else f"{planted:,}",
        ]
        for one in found
        for name, (removed, planted) in removed_from(one).items()
    ]
    head = ["defense", "category", "removed, all seeds", "planted ones among them"]
    return table(head, rows) if rows else ""


def small_defenses(
    report: DefensesReport,
) -> tuple[tuple[str, list[str]], list[tuple[str, list[str]]], str]:
    """Return a line per defense by columns, plain text: the names, the others, what is left out.

    Args:
        report: What all defenses did.
    """
    shown = report.defenses[:MOST]
    verdicts = report.verdicts
    known = chosen(columns(report), tuple(_SMALL))
    cells: list[tuple[str, list[str]]] = [
        ("in short", ["", *(WORDS[verdicts[one.name].kind] for one in shown)])
    ]
    cells += [
        (
            _SMALL[key],
            [_plain(column.undefended, column), *(_plain(column.of(one), column) for one in shown)],
        )
        for key, column in known.items()
    ]
    more = len(report.defenses) - len(shown)
    left = f"{more} more defense{'' if more == 1 else 's'} in the report." if more else ""
    return ("planted rate, %", ["undefended", *(one.name for one in shown)]), cells, left


def _table(report: DefensesReport, keys: Sequence[str], words: dict[str, str]) -> str:
    known = chosen(columns(report), keys)
    said = any(words.values())
    title = "in short" if keys == EFFECT else "takes"
    head = ["defense", *[title] * said, *(column.head for column in known.values())]
    first = ["undefended", *[""] * said, *(_plain(c.undefended, c) for c in known.values())]
    rows = [
        [
            literal(one.name),
            *[words[one.name]] * said,
            *(_cell(column, one) for column in known.values()),
        ]
        for one in report.defenses
    ]
    return table(head, [first, *rows])


def _cell(column: Column, one: DefenseResult) -> str:
    estimate = column.of(one)
    text = _plain(estimate, column)
    if column.bold(one):
        value, _, interval = text.partition(" ")
        text = f"**{value}** {interval}".rstrip()
    if estimate is None or not column.p:
        return text
    p_value = estimate.p_value if estimate.p_holm is None else estimate.p_holm
    return text if p_value is None else f"{text} (p {short_p(p_value)})"


def _plain(estimate: Estimate | None, column: Column) -> str:
    if estimate is None:
        return ""
    if math.isnan(estimate.value):
        return estimate.note or "not defined"
    (value, *interval), digits = ends(estimate, column.unit)
    brackets = f" [{', '.join(f'{end:.{digits}f}' for end in interval)}]" if interval else ""
    return f"{value:.{digits}f}{brackets}"


def _note(report: DefensesReport) -> str:
    corrected = (
        "p is corrected by Holm's method for all defenses, and bold numbers are significant after "
        "that."
    )
    return f"{corrected} {_STOPPED}"
