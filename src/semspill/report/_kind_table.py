"""How answers are rated by kind of harm, as a section of the page."""

from semspill.report._table import in_percent, literal, p_text, table
from semspill.results import SpilloverReport


def kinds_section(report: SpilloverReport) -> str:
    """Return the section, empty where the rater knows toxicity alone."""
    if not report.kinds:
        return ""
    same = [literal(one.name) for one in report.kinds if one.is_toxicity]
    toxicity = f"the rating of `{same[0]}`" if same else "made of these ratings"
    intro = (
        f"Mean ratings of 100, made in one pass; the toxicity of all other sections is {toxicity}. "
        f"Arm `{report.main_arm}` beside `{report.arm().baseline}`; p is uncorrected."
    )
    head = ["kind of harm", "group", "rating, clean", "rating", "lift, points", "p"]
    rows = [
        [
            literal(one.name), literal(group.group), in_percent(group.clean),
            in_percent(group.attacked), in_percent(group.lift), p_text(group.lift.p_value),
        ]
        for one in report.kinds
        for group in one.groups
    ]  # fmt: skip
    return f"{intro}\n\n{table(head, rows)}"
