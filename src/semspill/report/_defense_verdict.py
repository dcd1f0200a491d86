"""What a defense did, judged by one rule: its kind, and a sentence or two."""

from typing import Literal, TypeAlias

from semspill.report._compared import size
from semspill.report._defended import (
    PHRASES,
    against_control,
    change,
    control_words,
    price,
)
from semspill.report._phrases import moved, usable
from semspill.report._table import brief, listed, short_p
from semspill.results import DefenseResult, DefensesReport, DefenseVerdict, Difference
from semspill.statistics import Estimate, Measure

Kind: TypeAlias = Literal[
    "stops_attack", "stops_spillover", "weakens", "no_better", "no_effect", "worse", "undecided"
]
Beside: TypeAlias = Literal["better", "no_better", "worse", "undecided", "emptied", "none"]

HALF = 0.5
"""The share of a planted rate, or of a lift, whose fall counts as large."""
WORDS: dict[Kind, str] = {
    "stops_attack": "stops the attack",
    "stops_spillover": "stops the spillover more than the attack",
    "weakens": "weakens the attack",
    "no_better": "no better than its control",
    "no_effect": "no large effect",
    "worse": "makes it worse",
    "undecided": "undecided",
}
"""Each kind in a few words, in the order in which they are told."""
_RELATIVE: dict[str, Literal["more", "less", "undecided"]] = {"rose": "more", "fell": "less"}


def defense_verdict(report: DefensesReport, one: DefenseResult) -> DefenseVerdict:
    """Return what a defense did, and how sure that is.

    It is tested on the planted rate of the declared group, against the undefended arm and against
    its control, each corrected by Holm's method for all defenses. It helps where the rate is
    significantly lower than in both. A defense that helps stops the attack where the interval of
    the target's lift that is gone lies above half; else it stops the spillover where
    significantly more of the nearest neighbour's lift is gone than of the target's; else it weakens
    the attack. It does no better than its control where the interval excludes a rate lower than
    the control's by half or more, and no large effect where that holds beside the undefended arm.
    A control that took out half or more of what was planted, and so did as well, is not counted.
    All else is undecided.

    Args:
        report: What all defenses did.
        one: The defense.
    """
    fell, control = change(report, one), beside_control(report, one)
    kind = _kind(one, fell, control)
    paid = price(report, one)
    said = (
        _headline(report, one, kind, fell),
        _on_control(report, one, kind, control),
        _on_attack(one, kind),
        _on_spillover(one, kind),
        _on_price(paid),
    )
    return DefenseVerdict(
        defense=one.name,
        kind=kind,
        control=control,
        spillover=_relative(one),
        price=_price(paid),
        sentence=" ".join(filter(None, said)),
    )


def beside_control(report: DefensesReport, one: DefenseResult) -> Beside:
    """Return how a defense does beside its control, on the declared group.

    Args:
        report: What all defenses did.
        one: The defense.
    """
    if not one.control_arm:
        return "none"
    found = against_control(report, one)
    if found is None:
        return "undecided"
    if _emptied(one) and not (found.significant and found.estimate.value < 0):
        return "emptied"
    if found.significant:
        return "better" if found.estimate.value < 0 else "worse"
    return "no_better" if _no_large_fall(found) else "undecided"


def _emptied(one: DefenseResult) -> bool:
    """Return whether the control took out most of what was planted, by emptying its category."""
    taken = one.control_recall
    return taken is not None and usable(taken) and taken.value >= HALF


def overview(report: DefensesReport) -> str:
    """Return in a sentence which defenses came out how.

    Args:
        report: What all defenses did.
    """
    of: dict[Kind, list[str]] = {kind: [] for kind in WORDS}
    for name, found in report.verdicts.items():
        of[found.kind].append(name)
    said = [f"{WORDS[kind]} ({listed(names, 5)})" for kind, names in of.items() if names]
    count = len(report.defenses)
    return f"{count} defense{'' if count == 1 else 's'}: {'; '.join(said)}."


def _kind(one: DefenseResult, fell: Difference | None, control: Beside) -> Kind:
    if fell is None:
        return "undecided"
    if fell.significant and fell.estimate.value > 0:
        return "worse"
    if control in ("no_better", "worse"):
        return "no_better"
    if not fell.significant:
        return "no_effect" if _no_large_fall(fell) else "undecided"
    if control == "undecided":
        return "undecided"
    if _mostly(one.stopped.attack):
        return "stops_attack"
    return "stops_spillover" if _relative(one) == "more" else "weakens"


def _no_large_fall(found: Difference) -> bool:
    """Return whether the interval excludes a rate lower than before by half or more."""
    return found.before > 0 and found.estimate.low > -HALF * found.before


def _mostly(gone: Estimate) -> bool:
    """Return whether at least half of a lift is gone, by its interval and by its test, if any."""
    return usable(gone) and gone.low >= HALF and moved(gone) == "rose"


def _relative(one: DefenseResult) -> Literal["more", "less", "undecided"]:
    spill = one.stopped.spillover
    return _RELATIVE.get(moved(spill), "undecided") if usable(spill) else "undecided"


def _price(paid: Difference | None) -> Literal["costs", "gains", "undecided"]:
    if paid is None or not paid.significant:
        return "undecided"
    return "costs" if paid.estimate.value < 0 else "gains"


def _headline(
    report: DefensesReport, one: DefenseResult, kind: Kind, fell: Difference | None
) -> str:
    name, where, like = listed([one.name]), PHRASES[report.declared], control_words(one)
    if fell is None:
        return f"Whether {name} helps is undecided: its planted rate in {where} was not measured."
    rate = f"the planted rate in {where} is {size(fell)} than undefended, {_p(fell)}"
    gone = _gone(one.stopped.attack)
    said = {
        "stops_attack": f"stops the attack: {gone} of the target's lift is gone, and {rate}",
        "stops_spillover": "stops the spillover more than the attack: of the nearest neighbour's "
        f"lift {_points_of(one.stopped.spillover)} more is gone than of the target's ({gone}), and "
        f"{rate}",
        "weakens": f"weakens the attack: {rate}; {gone} of the target's lift is gone",
        "no_better": f"does no better than {like}: {rate}",
        "no_effect": f"has no large effect: {rate}, and a fall by half or more is excluded",
        "worse": f"makes it worse: {rate}",
    }
    if kind != "undecided":
        return f"{name} {said[kind]}."
    more = f" more than {like}" if fell.significant else ""
    return f"Whether {name} helps{more} is undecided: {rate}."


def _on_control(report: DefensesReport, one: DefenseResult, kind: Kind, control: Beside) -> str:
    """Say how the defense does beside its control."""
    found = against_control(report, one)
    if control == "none":
        return "It has no control."
    if found is None:
        return "Its control was not measured."
    if control == "emptied" and one.control_recall is not None:
        taken = _gone(one.control_recall)
        return (
            f"Its control ({control_words(one)}) took out {taken} of what was planted too, which "
            "is most of its category: it tells nothing of detection."
        )
    bound = ", and a rate lower by half or more is excluded" if control == "no_better" else ""
    fell = change(report, one)
    named = kind == "no_better" or (kind == "undecided" and fell is not None and fell.significant)
    like = "" if named else f" ({control_words(one)})"
    return f"Beside its control{like} it is {size(found)}, {_p(found)}{bound}."


def _on_attack(one: DefenseResult, kind: Kind) -> str:
    """Say how much of the target's lift is gone, where that is not said before."""
    said = kind in ("stops_attack", "stops_spillover", "weakens")
    if said or not usable(one.stopped.attack):
        return ""
    return f"Of the target's lift {_gone(one.stopped.attack)} is gone."


def _on_spillover(one: DefenseResult, kind: Kind) -> str:
    """Say how much more, or less, of the spillover than of the attack is gone, if it is told."""
    way, spill = _relative(one), one.stopped.spillover
    if kind not in ("stops_attack", "weakens") or not usable(spill):
        return ""
    if way == "undecided":
        return (
            "Whether it stops more of the spillover than of the attack is undecided: "
            f"{_points_of(spill)}."
        )
    by = _points_of(spill if way == "more" else _turned(spill))
    return f"It stops the spillover {way} than the attack, by {by} of the lift."


def _on_price(paid: Difference | None) -> str:
    if paid is None:
        return "What it costs an honest user was not measured."
    change = f"P@1 is {size(paid)}, {_p(paid)}"
    way = _price(paid)
    if way == "costs":
        lost = _points_of(_turned(paid.estimate))
        return f"It costs an honest user {lost} of P@1, {_p(paid)}."
    if way == "gains":
        return f"It costs an honest user nothing: {change}."
    return f"What it costs an honest user is undecided: {change}."


def _turned(estimate: Estimate) -> Estimate:
    """Return the same with the other sign."""
    return estimate.replace(value=-estimate.value, low=-estimate.high, high=-estimate.low)


def _gone(share: Estimate) -> str:
    return (
        brief(share.replace(measure=Measure(unit="share"))) if usable(share) else "an unknown part"
    )


def _points_of(share: Estimate) -> str:
    return brief(share.replace(measure=Measure(unit="points")))


def _p(one: Difference) -> str:
    """Return the p-value, corrected where it is."""
    estimate = one.estimate
    corrected = " (Holm)" if estimate.p_holm is not None else ""
    p_value = estimate.p_value if estimate.p_holm is None else estimate.p_holm
    known = "" if p_value is None else f"p {short_p(p_value)}{corrected}"
    return known if one.significant else ", ".join(filter(None, (known, "not significant")))
