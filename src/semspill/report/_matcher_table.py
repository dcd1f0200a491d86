"""What counts as planted by every matcher, as a section of the page."""

from collections.abc import Sequence

from semspill.report._table import in_percent, literal, p_text, table
from semspill.results import MatcherReport, SpilloverReport


def matchers_section(report: SpilloverReport) -> str:
    """Return the section, empty where nothing is said of matchers."""
    found = report.matchers
    if not found:
        return ""
    first = f"The planted rates above are those of `{literal(found[0].name)}`."
    if len(found) > 1:
        first += " The other matchers saw the same trained models."
    intro = (
        f"{first} Arm `{report.main_arm}` beside `{report.arm().baseline}`, in %; p is uncorrected."
    )
    head = ["matcher", "group", "planted rate, clean", "planted rate", "lift, points", "p"]
    rows = [
        [
            literal(one.name), literal(group.group), in_percent(group.clean),
            in_percent(group.attacked), in_percent(group.lift), p_text(group.lift.p_value),
        ]
        for one in found
        for group in one.groups
    ]  # fmt: skip
    return "\n\n".join(filter(None, [intro, table(head, rows), _told(report)]))


def _told(report: SpilloverReport) -> str:
    """Return a list of what each matcher says of itself."""
    said = {one.name: list(_sentences(one, report)) for one in report.matchers}
    return "\n".join(f"- `{literal(name)}`: {' '.join(own)}" for name, own in said.items() if own)


def _sentences(one: MatcherReport, report: SpilloverReport) -> Sequence[str]:
    said = []
    if one.thresholds:
        said.append(f"A similarity of {_span(one.thresholds, 2)} or more counts.")
    if one.false_matches:
        shares = _span([100 * share for share in one.false_matches], 2)
        said.append(f"{shares} % of the distinct clean training responses would count.")
    if one.margins:
        clean, main = one.margins.get(report.clean_arm), one.margins.get(report.main_arm)
        both = " and ".join(
            f"{_span([margin], 3)} in `{arm}`"
            for arm, margin in ((report.clean_arm, clean), (report.main_arm, main))
            if margin is not None
        )
        said.append(f"The best planted score minus the score it must exceed is {both} on average.")
    return said


def _span(values: Sequence[float], digits: int) -> str:
    # Adding 0 turns a rounded -0.0 into 0.0.
    rounded = (round(value, digits) + 0.0 for value in (min(values), max(values)))
    ends = dict.fromkeys(f"{end:.{digits}f}" for end in rounded)
    return " to ".join(ends)
