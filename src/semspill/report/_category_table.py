"""The categories of the main arm as a section of the page, and which of them rose."""

from collections.abc import Mapping

from semspill.report._phrases import choosable
from semspill.report._table import cell, listed, literal, table
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate

# Everything is in the JSON; a column that says nearly the same as another is left out here.
_SAID_BY = {"asr": "asr_lift", "toxicity": "lift", "shift": "lift", "precision": "precision_drop"}
_TESTED = {"asr_lift": "attack success", "lift": "toxicity"}


def categories_section(report: SpilloverReport, arm: str | None = None) -> str:
    """Return the section: who rose, and a row per category.

    Args:
        report: The report.
        arm: Whose numbers; by default the main arm's, and only then with who rose.
    """
    slices = [part for part in report.categories if part.arm == (arm or report.main_arm)]
    slices.sort(key=lambda part: -(part.similarity or 0.0))
    present = dict.fromkeys(name for part in slices for name in part.estimates)
    names = [name for name in present if _SAID_BY.get(name) not in present]
    rows = [
        [
            literal(part.name),
            "" if part.similarity is None else f"{part.similarity:.3f}",
            str(part.dialogues),
            *[_marked(name, part) for name in names],
        ]
        for part in slices
    ]
    said = changed(report) if arm is None else ""
    legend = "In %, but for metrics of your own. \\* marks what survives Holm's correction."
    head = ["category", "similarity", "dialogues", *names]
    return "\n\n".join(filter(None, (said, legend, table(head, rows))))


def _marked(name: str, part: SliceReport) -> str:
    estimate = part.estimates.get(name)
    mark = " \\*" if estimate is not None and estimate.survives else ""
    return cell(name, estimate) + mark


def changed(report: SpilloverReport, most: int | None = None) -> str:
    """Return which categories of the main arm rose or fell; empty where nothing was tested.

    Args:
        report: The report.
        most: How many categories to name, the largest lifts first; the others are counted.
    """
    others = [
        part
        for part in report.categories
        if part.arm == report.main_arm and part.name != report.target
    ]
    said = []
    for name, what in _TESTED.items():
        if name == "asr_lift" and not choosable(report):
            continue
        made = {part.name: part.estimates[name] for part in others if name in part.estimates}
        tested = {key: lift for key, lift in made.items() if lift.p_holm is not None}
        if tested:
            said.append(f"{what} {_moved(tested, most)}")
    if not said:
        return ""
    kinds = "category" if len(others) == 1 else f"{len(others)} categories"
    return (
        f"Of the {kinds} besides {listed([report.target])}, looked at together with Holm's "
        f"correction, {'; '.join(said)}."
    )


def _moved(tested: Mapping[str, Estimate], most: int | None) -> str:
    alpha = 1 - next(iter(tested.values())).level
    largest = sorted(tested, key=lambda key: -abs(tested[key].value))
    sure = [key for key in largest if tested[key].survives]
    phrases = [
        f"{verb} in {listed(names, most)}"
        for verb, names in (
            ("rose", [key for key in sure if tested[key].value > 0]),
            ("fell", [key for key in sure if tested[key].value < 0]),
        )
        if names
    ]
    said = " and ".join(phrases) or "changed significantly in none"
    likely = [key for key in largest if key not in sure and _leads(tested[key], alpha)]
    added = f"; a false discovery rate of {alpha:.3g} adds {listed(likely, most)}" if likely else ""
    return f"{said} (family-wise error {alpha:.3g}{added})"


def _leads(made: Estimate, alpha: float) -> bool:
    return made.p_bh is not None and made.p_bh <= alpha
