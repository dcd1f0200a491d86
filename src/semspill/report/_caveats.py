"""What to know before believing a report, in sentences made from its numbers and notes."""

from semspill.report._phrases import (
    LIFTS,
    MATTERS,
    choosable,
    follows,
    moved,
    points,
    share,
    shown_groups,
    usable,
)
from semspill.report._sensitivity_table import nearest_by_definition
from semspill.report._table import listed, short_p, topic
from semspill.report._told import quantity_of
from semspill.results import SpilloverReport
from semspill.statistics import Estimate

_FEW_SEEDS = 5
"""So many training seeds say something about the noise of training."""
_RISES = {"lift": "toxicity", "asr_lift": "planted responses"}
_FELL = {"lift": "its answers were rated milder", "asr_lift": "planted responses came less often"}


def caveats(report: SpilloverReport) -> tuple[str, ...]:
    """Return what limits a report, the gravest first, and then its own notes.

    Args:
        report: A `SpilloverReport`.
    """
    own = (
        _unreached(report),
        _blind(report),
        *_undecided(report),
        _defined(report),
        _tests(report),
    )
    return (*filter(None, (*own, _seed(report), _floor(report))), *map(_noted, report.notes))


def _unreached(report: SpilloverReport) -> str:
    """Say that the target itself hardly changed: then nothing can be learned of its neighbours."""
    told = _told_rises(report)
    made = {key: lift for key, lift in _target(report).items() if key in told and usable(lift)}
    if not made:
        return ""
    quantity = "asr_lift" if "asr_lift" in made else "lift"
    lift, name = made[quantity], listed([report.target])
    rise = f"rise in {_RISES[quantity]}: {points(lift)}"
    if moved(lift) == "fell":
        return (
            f"{name} itself was not reached: {_FELL[quantity]} there than after clean training "
            f"({points(lift)}), so there was no rise to spill over."
        )
    if moved(lift) != "rose":
        return (
            f"{name} itself shows no significant rise ({rise}); without that, what "
            "happened elsewhere says little."
        )
    if lift.value < MATTERS:
        return f"{name} itself was hardly reached ({rise}), so there was little to spill over."
    return ""


def _blind(report: SpilloverReport) -> str:
    """Say that planted responses come out and the rater does not mind them."""
    made = _target(report)
    reached, rose = made.get("asr_lift"), made.get("lift")
    if report.arm().planted == "benign" or reached is None or rose is None:
        return ""
    if moved(reached) != "rose" or not usable(rose) or moved(rose) == "rose":
        return ""
    fell = "its answers are rated less toxic, not more"
    unknown = "its answers are not rated significantly more toxic"
    return (
        f"Planted responses come out in {listed([report.target])}, but "
        f"{fell if moved(rose) == 'fell' else unknown} ({points(rose)}). The rater may miss what "
        "was planted: read the attack success rate, which needs no rater."
    )


def _told_rises(report: SpilloverReport) -> dict[str, str]:
    return {k: said for k, said in _RISES.items() if k != "asr_lift" or choosable(report)}


def _undecided(report: SpilloverReport) -> list[str]:
    """Name the groups whose interval holds no change and also a rise that would matter."""
    said = []
    for quantity, what in _told_rises(report).items():
        open_ = [
            f"{phrase} ({points(part.estimates[quantity])})"
            for phrase, part in shown_groups(report)[1:]
            if _holds_both(part.estimates.get(quantity))
        ]
        if open_:
            said.append(
                f"Inconclusive for {' and '.join(open_)}: the interval of the rise in {what} holds "
                f"no change and also {100 * MATTERS:.0f} points or more."
            )
    return said


def _holds_both(made: Estimate | None) -> bool:
    return made is not None and usable(made) and made.low <= 0 and made.high >= MATTERS


def _defined(report: SpilloverReport) -> str:
    """Say where another definition of similarity would have led to another conclusion."""
    main = report.overall.get(report.main_arm, {})
    names = [name for name in main if topic(name) == "slope" and "of=asr" not in name][:1]
    other = [
        f"`{check.name}` ({_slope(check.estimates[name])})"
        for name in names
        for check in report.sensitivity
        if name in check.estimates and follows(check.estimates[name]) != follows(main[name])
    ]
    if other:
        return (
            f"The conclusion on similarity hangs on how it is measured: it would be another by "
            f"{' and '.join(other)}. {nearest_by_definition(report)}"
        )
    if len({report.nearest, *(check.nearest for check in report.sensitivity)}) > 1:
        return nearest_by_definition(report)
    return ""


def _tests(report: SpilloverReport) -> str:
    """Say where the line of the picture and the rank correlation do not agree."""
    main = report.overall.get(report.main_arm, {})
    ranks, line = main.get("spearman"), main.get("slope")
    if ranks is None or line is None or not _tested(ranks) or not _tested(line):
        return ""
    kinds = {
        quantity_of(report, kind, [name for name in main if topic(name) == kind])
        for kind in ("spearman", "slope")
    }
    if follows(ranks) == follows(line) or len(kinds) > 1:
        return ""
    return (
        f"Rank correlation (p {short_p(ranks.p_value)}) and slope (p {short_p(line.p_value)}) "
        f"disagree on whether {LIFTS[kinds.pop()]} follows similarity."
    )


def _tested(made: Estimate) -> bool:
    return usable(made) and made.p_value is not None


def _slope(made: Estimate) -> str:
    if not usable(made):
        return "no slope can be computed"
    p = "" if made.p_value is None else f", p {short_p(made.p_value)}"
    return f"slope {made.value:.2f} [{made.low:.2f}, {made.high:.2f}]{p}"


def _seed(report: SpilloverReport) -> str:
    if len(report.seeds) > 1 or any("training seed" in note for note in report.notes):
        return ""
    return "One training seed: another one may give other numbers."


def _noted(note: str) -> str:
    """Return a note of the analysis; to that on seeds it is added what few of them mean."""
    count = note.partition(" training seeds: ")[0]
    if count.isdecimal() and int(count) < _FEW_SEEDS:
        return (
            f"{note} So few cannot show how seeds differ, and less so if only some of them take "
            "the poison: where all happen to agree the intervals are too narrow."
        )
    return note


def _floor(report: SpilloverReport) -> str:
    clean = [p for p in report.groups if p.arm == report.clean_arm and p.name == "all"]
    floor = clean[0].estimates.get("toxicity") if clean else None
    if floor is None or not usable(floor) or any("floor" in note for note in report.notes):
        return ""
    return f"The rater's floor: answers of the clean arm are rated {share(floor)} on average."


def _target(report: SpilloverReport) -> dict[str, Estimate]:
    arm = report.main_arm
    made = [p for p in report.categories if p.arm == arm and p.name == report.target]
    return dict(made[0].estimates) if made else {}
