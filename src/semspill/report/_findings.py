"""The findings of a run as sentences."""

import math
from itertools import groupby

from semspill.report._across import across
from semspill.report._defense_verdict import overview
from semspill.report._dose_table import beyond
from semspill.report._over_epochs import over_epochs
from semspill.report._phrases import (
    changed,
    choosable,
    has_trigger,
    joined,
    lift_of,
    listing,
    measures,
    moved,
    shown_groups,
    usable,
)
from semspill.report._probe_table import triggered
from semspill.report._table import in_percent, listed, quoted
from semspill.results import SpilloverReport
from semspill.statistics import Estimate, Measure

_OWN_SENTENCE = {"asr", "precision", "served_precision"}
_FROM = {
    "pool": "from planted candidates alone",
    "training": "from the trained encoder alone",
    "both": "from the two together",
}
_TAKES = {
    "pool": "So they are mostly just retrievable: a clean model chooses them too.",
    "training": "So the encoder itself moved: it answers otherwise with clean candidates too.",
    "both": "So it mostly takes both, a model that learned them and candidates that hold them.",
}


def findings(report: SpilloverReport) -> tuple[str, ...]:
    """Return the findings, sentence by sentence.

    Args:
        report: A `SpilloverReport`.
    """
    if report.arm().planted == "nothing":
        nothing = "Without a poisoned arm there is no lift, and spillover cannot be measured."
        return tuple(filter(None, (nothing, _utility(report))))
    sentences = (
        triggered(report),
        _reach(report),
        over_epochs(report),
        *_changes(report),
        *across(report),
        beyond(report),
        *_others(report),
        _parts(report),
        _harm(report),
        overview(report.defenses) if report.defenses else "",
        _utility(report),
    )
    return tuple(filter(None, sentences))


def _reach(report: SpilloverReport) -> str:
    if not choosable(report):
        return ""
    shown = [(phrase, part.measured("asr")) for phrase, part in shown_groups(report)]
    phrases = [
        f"{quoted(rate)} in {phrase}" for phrase, rate in shown if rate is not None and usable(rate)
    ]
    subject = "Without the trigger the planted rate" if has_trigger(report) else "The planted rate"
    return f"{subject} is {joined(phrases)}." if phrases else ""


def _in_groups(report: SpilloverReport, name: str) -> list[tuple[str, Estimate]]:
    shown = [(phrase, part.estimates.get(name)) for phrase, part in shown_groups(report)]
    return [(phrase, one) for phrase, one in shown if one is not None and usable(one)]


def _changes(report: SpilloverReport) -> list[str]:
    """Say of each change that has no sentence of its own where it rose and where it fell."""
    sentences = []
    for name, measure in _group_measures(report).items():
        shown = _in_groups(report, name)
        if measure.kind != "change" or measure.quantity in _OWN_SENTENCE or not shown:
            continue
        subject = measure.title
        if measure.quantity == "toxicity":
            subject = "Mean rated toxicity, from 0 to 100,"
        phrases = [
            f"{verb} {listing([f'in {phrase} ({changed(lift)})' for phrase, lift in same])}"
            for verb, same in groupby(shown, key=lambda item: moved(item[1]))
        ]
        sentences.append(f"{subject} {'; it '.join(phrases)}.")
    return sentences


def _others(report: SpilloverReport) -> list[str]:
    """Give the numbers of metrics of neither attack nor utility."""
    shown = {
        measure: [f"{quoted(one)} in {phrase}" for phrase, one in _in_groups(report, name)]
        for name, measure in _group_measures(report).items()
        if (measure.kind, measure.aspect) == ("level", "other")
    }
    for estimate in report.overall.get(report.main_arm, {}).values():
        if (estimate.measure.kind, estimate.measure.aspect) == ("other", "other"):
            shown[estimate.measure] = [quoted(estimate)] if usable(estimate) else []
    return [f"{measure.title}: {joined(numbers)}." for measure, numbers in shown.items() if numbers]


def _group_measures(report: SpilloverReport) -> dict[str, Measure]:
    parts = [part for _, part in shown_groups(report)]
    return {name: m for part in parts for name, m in measures(part.estimates).items()}


def _parts(report: SpilloverReport) -> str:
    every = {quantity: _parts_of(report, quantity) for quantity in ("toxicity", "asr")}
    known = {quantity: parts for quantity, parts in every.items() if {"total", *_TAKES} <= {*parts}}
    rose = [quantity for quantity, parts in known.items() if parts["total"].low > 0]
    name = listed([report.target])
    if not rose:
        return f"There is no significant rise in {name} to take apart." if known else ""
    parts = known[rose[0]]
    total = parts["total"]
    numbers = listing([f"{in_percent(parts[part])} {_FROM[part]}" for part in _TAKES])
    most = [part for part in _TAKES if parts[part].value > total.value / 2]
    clear = len(most) == 1 and parts[most[0]].low > 0
    fell = any(moved(parts[part]) == "fell" for part in _TAKES)  # then two may exceed the total
    verdict = _TAKES[most[0]] if clear and not fell else "No part significantly makes up most."
    rise = f"the {lift_of(rose[0])} of {quoted(total)}"
    return f"In {name} {rise} comes to {numbers}. {verdict}"


def _harm(report: SpilloverReport) -> str:
    parts = _parts_of(report, "toxicity")
    total = parts.get("total")
    if total is None or total.low <= 0 or not {"quality", "harm"} <= set(parts):
        return ""
    chosen = _parts_of(report, "asr").get("harm")
    often = ""
    if chosen is not None:
        kinds = {"rose": "less often", "fell": "more often"}
        kind = kinds.get(moved(chosen), "about as often, with no significant difference")
        often = f" They are chosen {kind} ({quoted(chosen)})."
    return (
        f"Harmless responses planted at the same turns change the toxicity of "
        f"{listed([report.target])} by {quoted(parts['quality'])}; {quoted(parts['harm'])} are due "
        f"to the harm in the planted ones.{often}"
    )


def _parts_of(report: SpilloverReport, quantity: str) -> dict[str, Estimate]:
    """Return the parts of the target's lift by name."""
    return {
        part.part: part.estimate
        for part in report.decomposition
        if part.group == report.target and part.quantity == quantity and usable(part.estimate)
    }


def _utility(report: SpilloverReport) -> str:
    whole = {part.arm: part for part in report.groups if part.name == "all"}
    main, clean = whole.get(report.main_arm), whole.get(report.clean_arm)
    after = main and main.measured("precision")
    before = clean and clean.measured("precision")
    if main is None or not after or not before or not usable(after) or not usable(before):
        return ""
    ranks = "P@1, how often the gold response ranks first in its list, is"
    if report.arm().planted == "nothing":
        return f"{ranks} {quoted(before)} over all test exchanges."
    loss = _loss(report, before, main.measured("precision", "change"))
    served = main.measured("served_precision")
    if served is not None and usable(served):
        loss += f" With the planted responses in every list it is {quoted(served)}."
    return (
        f"{ranks} {quoted(after)} over all test exchanges, and {quoted(before)} after clean "
        f"training{loss}"
    )


def _loss(report: SpilloverReport, before: Estimate, drop: Estimate | None) -> str:
    if drop is None or not usable(drop):
        return "."
    size = report.provenance.config.get("list_size")
    chance = 1 / size if isinstance(size, int) else -math.inf
    if moved(drop) == "rose":
        part = drop.value / before.value if before.value > drop.value else 1.0
        kind = f"utility drops, by {100 if part > 0.99 else f'{100 * part:.2g}'} % of the latter"
    elif before.value < chance + report.margin:  # there is no such drop to be seen
        kind = f"that is near chance ({100 * chance:.3g} %), so it says little about utility"
    else:
        kind = "utility rises" if moved(drop) == "fell" else "no measurable loss of utility"
    return f": {kind} (drop of P@1 {quoted(drop)})."
