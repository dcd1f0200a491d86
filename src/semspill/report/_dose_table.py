"""What the text of single exchanges explains of the spillover, as a section and a sentence."""

from semspill.report._phrases import usable
from semspill.report._table import listed, p_text, plain, table
from semspill.results import DoseResponse, SpilloverReport
from semspill.statistics import Estimate

_VERDICTS = {
    1: "That is more than not telling the two apart explains: it spills over beyond mistaken "
    "identity",
    0: "That is not significantly more or less than not telling the two apart explains",
    -1: "That is less than not telling the two apart explains",
}


def doses_section(report: SpilloverReport) -> str:
    """Return the section, empty where no definition of similarity knows single exchanges."""
    doses = report.doses
    if not doses:
        return ""
    target, nearest = listed([report.target]), listed([report.nearest])
    rows = [
        (f"{target} told from {nearest} (area under the curve)", "told_apart"),
        ("planted answers outside the target told from others (area under the curve)", "predicts"),
        (f"{nearest} taken for {target}, times as often as {target} is", "confusion_ratio"),
        ("spillover ratio minus that ratio", "beyond"),
    ]
    odds = [
        ("a standard deviation nearer to the target", "similarity"),
        ("the same, between the means of categories", "between"),
        ("the same, within categories", "within"),
        (f"{nearest} against the other categories, at the same similarity", "nearest"),
        (f"{nearest} against {target}, at the same similarity", "nearest_to_target"),
    ]
    names = [f"`{dose.similarity}`" for dose in doses]
    return "\n\n".join(
        [
            "How near the single context is to the target, by each definition of similarity that "
            f"can say so, and what that explains. Arm `{report.main_arm}`, test exchanges.",
            table(
                ["", *names],
                [[title, *[plain(getattr(dose, name)) for dose in doses]] for title, name in rows],
            ),
            "Odds ratios of a planted answer, all but the last outside the target; 1 is no "
            "difference.",
            table(
                ["", *[part for name in names for part in (name, "p")]],
                [
                    [title, *[part for dose in doses for part in _ratio(dose.odds.get(name))]]
                    for title, name in odds
                ],
            ),
        ]
    )


def _ratio(estimate: Estimate | None) -> tuple[str, str]:
    if estimate is None or not usable(estimate):
        return plain(estimate), ""
    ends = (estimate.value, estimate.low, estimate.high)
    value, low, high = (f"{end:.3g}" if end < 1000 else f"{end:.1e}" for end in ends)
    return f"{value} [{low}, {high}]", p_text(estimate.p_value)


def beyond(report: SpilloverReport) -> str:
    """Say whether the nearest category is hit more than text that is alike explains."""
    dose = next(iter(report.doses), None)
    if dose is None or not usable(dose.beyond) or not usable(dose.confusion_ratio):
        return ""
    if dose.beyond.low == dose.beyond.high:  # nothing varies: neither happened at all
        return ""
    target, nearest = listed([report.target]), listed([dose.nearest])
    sign = (dose.beyond.low > 0) - (dose.beyond.high < 0)
    return (
        f"Text alone takes {nearest} for {target} {plain(dose.confusion_ratio)} times as often as "
        f"{target} itself (by `{dose.similarity}`), and its planted-rate lift is "
        f"{_spillover(dose):.3f} times that of {target}. {_VERDICTS[sign]} (difference "
        f"{plain(dose.beyond)})."
    )


def _spillover(dose: DoseResponse) -> float:
    return dose.beyond.value + dose.confusion_ratio.value
