"""The findings of a run as sentences."""

from itertools import groupby

from semspill.report._category_table import changed
from semspill.report._dose_table import beyond
from semspill.report._phrases import (
    big_rise,
    bounded_lifts,
    choosable,
    follows,
    joined,
    lifts,
    listing,
    measures,
    moved,
    noun,
    nowhere,
    shown_groups,
    trends,
    usable,
)
from semspill.report._table import in_percent, listed, quoted, short_p
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
        _reach(report),
        *_changes(report),
        *_others(report),
        *_trends(report),
        beyond(report),
        changed(report, most=5),
        *_equivalence(report),
        _parts(report),
        _harm(report),
        _utility(report),
    )
    return tuple(filter(None, sentences))


def _reach(report: SpilloverReport) -> str:
    if not choosable(report):
        return ""
    shown = [(phrase, part.measured("asr")) for phrase, part in shown_groups(report)]
    phrases = [
        f"in {quoted(rate)} of the test exchanges of {phrase}"
        for phrase, rate in shown
        if rate is not None and usable(rate)
    ]
    return f"A planted response was chosen {joined(phrases)}." if phrases else ""


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
            f"{verb} {listing([f'in {phrase} ({quoted(lift)})' for phrase, lift in same])}"
            for verb, same in groupby(shown, key=lambda item: moved(item[1]))
        ]
        sentences.append(f"{subject} {'; it '.join(phrases)}.{_bound(report, *shown[-1])}")
    return sentences


def _bound(report: SpilloverReport, rest: str, lift: Estimate) -> str:
    if lift.verdict != "none" or moved(lift) == "fell":
        return ""
    return f" In {rest} {big_rise(report)} is excluded ({_p(lift.p_margin)})."


def _equivalence(report: SpilloverReport) -> list[str]:
    """Say where a rise that would matter is excluded, and where it is not."""
    target, rise = listed([report.target]), big_rise(report)
    sentences = []
    for name, measure in lifts(report).items():
        tested, what = bounded_lifts(report, name), noun(measure.quantity)
        left = [key for key, lift in tested.items() if not lift.below_margin]
        if nowhere(tested):
            p_value = max(lift.p_margin or 0.0 for lift in tested.values())
            said = f"No category but {target} has {rise} in {what} ({_p(p_value)})."
        elif tested:
            others = f"the {len(tested)} categories" if len(tested) > 1 else "the one category"
            count = f"{len(tested) - len(left) or 'none'} of {others} besides {target}"
            not_in = f", and not in {listed(left, most=5)}" if len(left) < len(tested) else ""
            said = f"{rise.capitalize()} in {what} is excluded in {count}{not_in}."
        else:
            continue
        sentences.append(said)
    return sentences


def _p(p_value: float | None) -> str:
    return "" if p_value is None else f"p {short_p(p_value)}"


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


def _trends(report: SpilloverReport) -> list[str]:
    """Say whether lifts follow similarity, quantities of one verdict together."""
    first = trends(report)
    excluded = {
        m.quantity for name, m in lifts(report).items() if nowhere(bounded_lifts(report, name))
    }
    sentences = []
    for verdict in dict.fromkeys(map(follows, first.values())):
        shown = [
            f"the lift in {noun(quantity)} ({_numbers(trend)})"
            for quantity, trend in first.items()
            if follows(trend) == verdict
        ]
        said = _trend(listed([report.target]), verdict, listing(shown))
        quantities = {quantity for quantity, trend in first.items() if follows(trend) == verdict}
        if verdict == 0 and not quantities <= excluded:
            said += " That does not show that nothing spilled over."
        sentences.append(said)
    return sentences


def _trend(target: str, verdict: int, lifts: str) -> str:
    if verdict == 0:
        return f"There is no significant trend with similarity to {target} in {lifts}."
    # Not "larger": a lift may be a fall.
    more = "higher" if verdict > 0 else "lower"
    return f"The nearer a category is to {target}, the {more} {lifts}."


def _numbers(trend: Estimate) -> str:
    if not usable(trend):
        return trend.note or "not defined"
    p = "" if trend.p_value is None else f", p {short_p(trend.p_value)}"
    ends = f"[{trend.low:.2f}, {trend.high:.2f}]"
    return f"{noun(trend.metric)} {trend.value:.2f} {ends} over {trend.n} categories{p}"


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
    rise = f"the lift in {noun(rose[0])} of {quoted(total)}"
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
    ranks = "The gold response ranks first in its list"
    if report.arm().planted == "nothing":
        return f"{ranks} in {quoted(before)} of all test exchanges."
    loss = _loss(main.measured("precision", "change"))
    served = main.measured("served_precision")
    if served is not None and usable(served):
        loss += f" With the planted responses in every list it does so in {quoted(served)}."
    return (
        f"{ranks} in {quoted(after)} of all test exchanges, after clean training in "
        f"{quoted(before)}.{loss}"
    )


def _loss(drop: Estimate | None) -> str:
    if drop is None or not usable(drop):
        return ""
    kinds = {"rose": "Some utility is lost", "fell": "No utility is lost"}
    return f" {kinds.get(moved(drop), 'There is no significant loss of utility')} ({quoted(drop)})."
