"""What came out of a run, in sentences that hold no more than the numbers do."""

import math
from itertools import groupby

from semspill.report._category_table import changed
from semspill.report._phrases import (
    LIFTS,
    MATTERS,
    choosable,
    follows,
    joined,
    listing,
    moved,
    points,
    share,
    shown_groups,
    usable,
)
from semspill.report._table import in_percent, listed, short_p, topic
from semspill.report._told import quantity_of
from semspill.results import SpilloverReport
from semspill.statistics import Estimate

_RISES = {"toxicity": "the rise in toxicity", "asr": "the rise in planted responses"}
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


def found(report: SpilloverReport) -> tuple[str, ...]:
    """Return what came out, sentence by sentence.

    Args:
        report: A `SpilloverReport`.
    """
    if report.arm().planted == "nothing":
        nothing = "Without a poisoned arm there is no lift, and nothing can be said of spillover."
        return tuple(filter(None, (nothing, _utility(report))))
    said = (
        _reach(report),
        _lifts(report),
        *_trends(report),
        changed(report, most=5),
        _parts(report),
        _harm(report),
        _utility(report),
    )
    return tuple(filter(None, said))


def _trends(report: SpilloverReport) -> list[str]:
    """Say whether lifts follow similarity, quantities of one verdict together."""
    main = report.overall.get(report.main_arm, {})
    for kind in ("slope", "spearman"):  # the rank correlation is used where no slope is there
        made = {name: estimate for name, estimate in main.items() if topic(name) == kind}
        about = {name: quantity_of(report, name, made) for name in made}
        made = {name: made[name] for name in made if about[name] != "asr" or choosable(report)}
        said = []
        for verdict in dict.fromkeys(map(follows, made.values())):
            same = [name for name in made if follows(made[name]) == verdict]
            shown = [f"{LIFTS[about[name]]} ({_numbers(name, made[name])})" for name in same]
            said.append(_trend(listed([report.target]), verdict, listing(shown)))
        if said:
            return said
    return []


def _trend(target: str, verdict: int, lifts: str) -> str:
    if verdict == 0:
        return (
            f"There is no significant trend with similarity to {target} in {lifts}. That does not "
            "show that nothing spilled over."
        )
    # Not "larger": a lift may be a fall.
    more = "higher" if verdict > 0 else "lower"
    return f"The nearer a category is to {target}, the {more} {lifts}."


def _numbers(name: str, made: Estimate) -> str:
    if not usable(made):
        return made.note or "not defined"
    what = "rank correlation" if topic(name) == "spearman" else "slope"
    p = "" if made.p_value is None else f", p {short_p(made.p_value)}"
    ends = f"[{made.low:.2f}, {made.high:.2f}]"
    return f"{what} {made.value:.2f} {ends} over {made.n} categories{p}"


def _reach(report: SpilloverReport) -> str:
    if not choosable(report):
        return ""
    phrases = [
        f"in {share(part.estimates['asr'])} of the test exchanges of {said}"
        for said, part in shown_groups(report)
        if usable(part.estimates.get("asr"))
    ]
    return f"A planted response was chosen {joined(phrases)}." if phrases else ""


def _lifts(report: SpilloverReport) -> str:
    shown = [
        (said, part.estimates["lift"])
        for said, part in shown_groups(report)
        if usable(part.estimates.get("lift"))
    ]
    phrases = [
        f"{verb} {listing([f'in {said} ({points(made)})' for said, made in same])}"
        for verb, same in groupby(shown, key=lambda item: moved(item[1]))
    ]
    if not phrases:
        return ""
    rest, made = shown[-1]
    bound = ""
    if made.low <= 0 <= made.high < MATTERS:
        most = math.ceil(1000 * made.high - 1e-9) / 10
        bound = f" That interval leaves no room for a mean rise above {most:.1f} points in {rest}."
    return f"Mean rated toxicity, from 0 to 100, {'; it '.join(phrases)}.{bound}"


def _parts(report: SpilloverReport) -> str:
    told = {quantity: _told(report, quantity) for quantity in ("toxicity", "asr")}
    told = {quantity: parts for quantity, parts in told.items() if {"total", *_TAKES} <= set(parts)}
    rose = [quantity for quantity, parts in told.items() if parts["total"].low > 0]
    name = listed([report.target])
    if not rose:
        return f"No rise in {name} is sure, so there is none to take apart." if told else ""
    parts = told[rose[0]]
    total = parts["total"]
    numbers = listing([f"{in_percent(parts[part])} {_FROM[part]}" for part in _TAKES])
    most = [part for part in _TAKES if parts[part].value > total.value / 2]
    clear = len(most) == 1 and parts[most[0]].low > 0
    fell = any(moved(parts[part]) == "fell" for part in _TAKES)  # then two may exceed the total
    verdict = _TAKES[most[0]] if clear and not fell else "No part significantly makes up most."
    return f"In {name} {_RISES[rose[0]]} of {points(total)} comes to {numbers}. {verdict}"


def _harm(report: SpilloverReport) -> str:
    parts = _told(report, "toxicity")
    total = parts.get("total")
    if total is None or total.low <= 0 or not {"quality", "harm"} <= set(parts):
        return ""
    chosen = _told(report, "asr").get("harm")
    often = ""
    if chosen is not None:
        kind = {"rose": "less often", "fell": "more often"}.get(
            moved(chosen), "as often, as far as can be told"
        )
        often = f" They are chosen {kind} (difference {points(chosen)})."
    return (
        f"Harmless responses planted at the same turns change the toxicity of "
        f"{listed([report.target])} by {points(parts['quality'])}; {points(parts['harm'])} are due "
        f"to the harm in the planted ones.{often}"
    )


def _told(report: SpilloverReport, quantity: str) -> dict[str, Estimate]:
    """Return the parts of the target's lift by name."""
    return {
        part.part: part.estimate
        for part in report.decomposition
        if part.group == report.target and part.quantity == quantity and usable(part.estimate)
    }


def _utility(report: SpilloverReport) -> str:
    arms = (report.clean_arm, report.main_arm)
    clean, main = ({p.name: p.estimates for p in report.groups if p.arm == arm} for arm in arms)
    before, after = (part.get("all", {}).get("precision") for part in (clean, main))
    if before is None or after is None or not usable(before) or not usable(after):
        return ""
    ranks = "The gold response ranks first in its list"
    if report.arm().planted == "nothing":
        return f"{ranks} in {share(before)} of all test exchanges."
    drop = main["all"].get("precision_drop")
    said = f"{ranks} in {share(after)} of all test exchanges, after clean training in"
    return f"{said} {share(before)}.{_loss(drop)}{_served(main['all'].get('served_precision'))}"


def _served(made: Estimate | None) -> str:
    if made is None or not usable(made):
        return ""
    return f" With the planted responses in every list it does so in {share(made)}."


def _loss(drop: Estimate | None) -> str:
    if drop is None or not usable(drop):
        return ""
    kinds = {"rose": "Some usefulness is lost", "fell": "No usefulness is lost"}
    return (
        f" {kinds.get(moved(drop), 'There is no significant loss of usefulness')} ({points(drop)})."
    )
