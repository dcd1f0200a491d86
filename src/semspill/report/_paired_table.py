"""A table of slices in which an arm stands beside the one that it is paired with."""

from collections.abc import Mapping, Sequence

from semspill.report._phrases import measures
from semspill.report._table import cell, heading, literal, table
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Measure


def paired_table(
    report: SpilloverReport,
    slices: Sequence[SliceReport],
    arms: Sequence[str],
    aspects: Sequence[str],
    *,
    first: str = "group",
) -> str:
    """Return a row per slice and arm; empty where no metric of these aspects has a number.

    Beside each level stands that of the arm's baseline, and then the change.

    Args:
        report: The report.
        slices: Groups or categories, of all arms.
        arms: Arms that have rows; their baselines need none.
        aspects: Aspects of the metrics that have columns.
        first: Head of the first column.
    """
    held = {(part.name, part.arm): part for part in slices}
    shown = [held[key] for key in held if key[1] in arms]
    bases = {arm: report.arm(arm).baseline for arm in arms}
    present = _by_quantity({k: m for p in shown for k, m in measures(p.estimates).items()})
    columns = {name: m for name, m in present.items() if m.aspect in aspects}
    paired = {name for name, m in columns.items() if m.kind == "level"} & {
        name
        for part in shown
        if bases[part.arm] != part.arm and (part.name, bases[part.arm]) in held
        for name in held[part.name, bases[part.arm]].estimates
    }
    rows = []
    for name in dict.fromkeys(part.name for part in slices):
        for arm in arms:
            part, base = held.get((name, arm)), held.get((name, bases[arm]))
            cells = _cells(part, base, columns, paired)
            if any(cells):
                rows.append([literal(name), *[arm] * (len(arms) > 1), *cells])
    if not rows:
        return ""
    head = [first, *["arm"] * (len(arms) > 1)]
    for name, measure in columns.items():
        head += _heads(measure, arms, bases, both=name in paired)
    return table(head, rows)


def _by_quantity(present: Mapping[str, Measure]) -> dict[str, Measure]:
    """Bring metrics of one quantity together, levels before changes."""
    first = list(dict.fromkeys(measure.quantity for measure in present.values()))
    order = sorted(
        present,
        key=lambda name: (first.index(present[name].quantity), present[name].kind == "change"),
    )
    return {name: present[name] for name in order}


def _cells(
    part: SliceReport | None,
    base: SliceReport | None,
    columns: Mapping[str, Measure],
    paired: set[str],
) -> list[str]:
    cells = []
    for name in columns:
        sides = [base, part] if name in paired else [part]
        cells += [cell(side.estimates.get(name)) if side else "" for side in sides]
    return cells


def _heads(
    measure: Measure, arms: Sequence[str], bases: Mapping[str, str], *, both: bool
) -> list[str]:
    """Return the heads of a metric's columns: with its arms where it has two."""
    if not both:
        return [heading(measure)]
    base, *others = dict.fromkeys(bases.values())
    return [
        heading(measure, "baseline" if others else base),
        heading(measure, arms[0] if len(arms) == 1 else "arm"),
    ]
