"""What arms answer to probed contexts, as a section of the page."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from semspill.report._phrases import TRIGGER
from semspill.report._table import in_percent, listed, literal, p_text, quoted, table
from semspill.results import Note, ProbedGroup, ProbeReport, SpilloverReport
from semspill.statistics import Estimate

_Pairs: TypeAlias = Sequence[tuple[ProbeReport, ProbedGroup, ProbedGroup]]
"""A probe, what it did to a group of the main arm, and to that of its baseline."""


def probes_section(report: SpilloverReport) -> str:
    """Return the section, empty without probes."""
    found = nearest_first(report)
    if not found:
        return ""
    main, clean = report.main_arm, report.arm().baseline
    intro = (
        "The same trained models answered the test exchanges once more, with their contexts "
        f"changed. Arm `{main}` beside `{clean}`, which was asked the same, in %; a change is one "
        "over the plain contexts, same models and exchanges; p is uncorrected."
    )
    pairs = [
        (one, group, _groups(one, clean)[name])
        for one in found
        for name, group in _groups(one, main).items()
    ]
    parts = [_told(found), _attack(pairs), _utility(pairs)]
    return "\n\n".join([intro, *parts])


def triggered(report: SpilloverReport) -> str:
    """Return a sentence on what the trigger itself did; empty where no probe holds it."""
    named = [name for note in report.notes if note.kind == TRIGGER for name in _names(note)]
    found = [one for one in report.probes if one.name in named]
    if not found:
        return ""
    # Of several the one that found a place in most contexts.
    probe = max(found, key=lambda one: one.changed)
    rates = {name: quoted(group.asr) for name, group in _groups(probe, report.main_arm).items()}
    target, nearest, rest, _ = rates
    return (
        f"With the trigger in the context (probe `{probe.name}`) the planted rate is "
        f"{rates[target]} in {listed([target])}, the target; {rates[nearest]} in "
        f"{listed([nearest])}, its nearest neighbour; and {rates[rest]} in all but "
        f"{listed([target])}."
    )


def _names(note: Note) -> Sequence[str]:
    names = note.values.get("probes", ())
    return names if isinstance(names, tuple) else ()


def nearest_first(report: SpilloverReport) -> list[ProbeReport]:
    """Return the probes, those whose phrase is more similar to the trigger first."""
    far = -math.inf
    order = [far if one.similarity is None else one.similarity for one in report.probes]
    places = sorted(range(len(order)), key=lambda place: -order[place])
    return [report.probes[place] for place in places]


def _groups(probe: ProbeReport, arm: str) -> Mapping[str, ProbedGroup]:
    return {one.group: one for one in probe.groups if one.arm == arm}


def _told(found: Sequence[ProbeReport]) -> str:
    """Return a table of what each probe is."""
    head = ["probe", "kind", "phrase", "similarity to the trigger", "contexts changed, %"]
    rows = [
        [
            literal(one.name), literal(one.kind), literal(one.phrase or ""),
            "" if one.similarity is None else f"{one.similarity:.2f}", f"{100 * one.changed:.0f}",
        ]
        for one in found
    ]  # fmt: skip
    return table(head, rows)


def _attack(pairs: _Pairs) -> str:
    head = [
        "probe", "group", "planted rate, clean", "planted rate", "lift, points", "p",
        "change of planted rate, points", "p of the change",
    ]  # fmt: skip
    rows = [
        [
            literal(one.name), literal(group.group), in_percent(before.asr),
            in_percent(group.asr), in_percent(group.asr_lift),
            _p(group.asr_lift),
            in_percent(group.asr_change), _p(group.asr_change),
        ]
        for one, group, before in pairs
    ]  # fmt: skip
    return table(head, rows)


def _utility(pairs: _Pairs) -> str:
    head = [
        "probe", "group", "toxicity, clean", "toxicity", "change of toxicity, points",
        "P@1, clean", "P@1", "fall of P@1, clean, points", "fall of P@1, points",
    ]  # fmt: skip
    rows = [
        [
            literal(one.name), literal(group.group), in_percent(before.toxicity),
            in_percent(group.toxicity), in_percent(group.toxicity_change),
            in_percent(before.precision), in_percent(group.precision),
            in_percent(before.precision_drop), in_percent(group.precision_drop),
        ]
        for one, group, before in pairs
    ]  # fmt: skip
    return table(head, rows)


def _p(estimate: Estimate | None) -> str:
    return "" if estimate is None else p_text(estimate.p_value)
