"""The categories of an arm as a section of the page, with those that changed significantly."""

from collections.abc import Mapping, Sequence

from semspill.report._phrases import big_rise, lifts, measures, noun
from semspill.report._table import cell, heading, listed, literal, table
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate, Measure

_EXCLUDED = "\N{DAGGER}"


def categories_section(report: SpilloverReport, arm: str | None = None) -> str:
    """Return the section: which changed, and a row per category.

    Args:
        report: The report.
        arm: Whose numbers; by default the main arm's, and only then with what changed.
    """
    slices = [part for part in report.categories if part.arm == (arm or report.main_arm)]
    slices.sort(key=lambda part: -(part.similarity or 0.0))
    columns = _columns({k: m for part in slices for k, m in measures(part.estimates).items()})
    rows = [
        [
            literal(part.name),
            "" if part.similarity is None else f"{part.similarity:.3f}",
            str(part.dialogues),
            *[_marked(part.estimates.get(name)) for name in columns],
        ]
        for part in slices
    ]
    head = ["category", "similarity", "dialogues", *map(heading, columns.values())]
    sentence = changed(report) if arm is None else ""
    legend = f"\\* marks what is significant after Holm's correction{_second_mark(report, slices)}."
    return "\n\n".join(filter(None, (sentence, legend, table(head, rows))))


def _columns(present: Mapping[str, Measure]) -> dict[str, Measure]:
    """Leave out levels whose change is shown too; everything is in the JSON."""
    changes = {measure.quantity for measure in present.values() if measure.kind == "change"}
    return {
        name: measure
        for name, measure in present.items()
        if measure.kind != "level" or measure.quantity not in changes
    }


def _marked(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    marks = {" \\*": estimate.survives, f" {_EXCLUDED}": estimate.verdict and estimate.below_margin}
    return cell(estimate) + "".join(mark for mark, holds in marks.items() if holds)


def _second_mark(report: SpilloverReport, slices: Sequence[SliceReport]) -> str:
    if not any(one.verdict for part in slices for one in part.estimates.values()):
        return ""
    return (
        f", {_EXCLUDED} a lift that excludes {big_rise(report)}; what has neither mark shows "
        "neither"
    )


def changed(report: SpilloverReport, most: int | None = None) -> str:
    """Return which categories of the main arm rose or fell; empty where nothing was tested.

    Args:
        report: The report.
        most: How many categories to name, the largest lifts first; the others are counted.
    """
    main = [part for part in report.categories if part.arm == report.main_arm]
    others = [part for part in main if part.name != report.target]
    phrases, unchanged = [], []
    alpha = 0.0
    for name, measure in lifts(report).items():
        every = {p.name: p.estimates[name] for p in others if name in p.estimates}
        tested = {key: lift for key, lift in every.items() if lift.p_holm is not None}
        if not tested:
            continue
        alpha = 1 - next(iter(tested.values())).level
        if verdict := _moved(tested, alpha, most):
            phrases.append(f"{noun(measure.quantity)} {verdict}")
        else:
            unchanged.append(noun(measure.quantity))
    if unchanged:
        phrases.append(f"none changed significantly in {' or '.join(unchanged)}")
    if not phrases:
        return ""
    kinds = "category" if len(others) == 1 else f"{len(others)} categories"
    return (
        f"Of the {kinds} besides {listed([report.target])}, {'; '.join(phrases)} "
        f"(Holm, {alpha:.3g})."
    )


def _moved(tested: Mapping[str, Estimate], alpha: float, most: int | None) -> str:
    """Return in which categories it rose and fell; empty for none."""
    largest = sorted(tested, key=lambda key: -abs(tested[key].value))
    rows = {
        "rose in": [k for k in largest if tested[k].survives and tested[k].value > 0],
        "fell in": [k for k in largest if tested[k].survives and tested[k].value < 0],
    }
    phrases = [f"{verb} {listed(names, most)}" for verb, names in rows.items() if names]
    likely = [k for k in largest if not tested[k].survives and _discovered(tested[k], alpha)]
    if likely:
        rate = f"at a false discovery rate of {alpha:.3g}"
        phrases.append(f"changed, {rate} only, in {listed(likely, most)}")
    return " and ".join(phrases)


def _discovered(lift: Estimate, alpha: float) -> bool:
    return lift.p_bh is not None and lift.p_bh <= alpha
