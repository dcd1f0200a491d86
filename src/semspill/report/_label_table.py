"""What predicted labels did, as a section: who was taken for the target, and who was hit."""

from semspill.report._table import in_percent, listed, literal, p_text, table
from semspill.results import Channel, LabelReport, SpilloverReport

_MOST = 6
"""Categories that are shown besides the groups, those taken for the target most often."""
_AXES = {
    "similarity": "similarity",
    "confusion": "share labelled as the target",
    "similarity_given_confusion": "similarity, confusion held constant",
    "confusion_given_similarity": "confusion, similarity held constant",
}


def labels_section(report: SpilloverReport) -> str:
    """Return the section, empty where no context shows a predicted label."""
    return "\n\n".join(
        filter(None, [labels_setup(report), channels_table(report), axes_table(report)])
    )


def labels_setup(report: SpilloverReport) -> str:
    """Return who predicts, how well, and what the table of channels says."""
    labels = report.labels
    if labels is None:
        return ""
    fitted = f"cross-fitted in {labels.folds} folds" if labels.folds else "fitted in sample"
    also = " Responses begin with what it predicts of each alone." if labels.responses else ""
    return (
        f"Contexts begin with the category that `{labels.labeller}`, {fitted}, predicts from the "
        f"conversation so far. It is right in {labels.train_accuracy:.1%} of the training contexts "
        f"and in {in_percent(labels.accuracy)} % of the test contexts.{also} Below, arm "
        f"`{report.main_arm}`: how often it takes a context for {listed([report.target])}, how "
        "often a planted response was chosen there and elsewhere, and how much of the lift in "
        "planted rate lies in each, given these labels; in %."
    )


def channels_table(report: SpilloverReport, *, every: bool = False) -> str:
    """Return the channels of each group and of the categories most often taken for the target.

    Args:
        report: Whose labels.
        every: Whether all categories are listed, and the lift beside its parts.
    """
    if report.labels is None:
        return ""
    head = [
        "group", f"labelled {literal(report.target)}", "planted, of those",
        "planted, of the rest", "lift via the label", "lift via the text",
    ]  # fmt: skip
    rows = [_row(channel) for channel in _shown(report, report.labels, every=every)]
    if every:
        lifts = {
            literal(part.name): in_percent(part.estimates.get("asr_lift"))
            for part in (*report.groups, *report.categories)
            if part.arm == report.main_arm
        }
        head, rows = [*head, "lift"], [[*row, lifts.get(row[0], "")] for row in rows]
    return table(head, rows)


def axes_table(report: SpilloverReport) -> str:
    """Return what orders the lifts; empty where too few categories are known."""
    if report.labels is None or not report.labels.curve:
        return ""
    slopes = {name: report.labels.curve[key] for key, name in _AXES.items()}
    rows = [[name, in_percent(e), p_text(e.p_value)] for name, e in slopes.items()]
    said = (
        "What orders the lift over the other categories: percentage points per standard deviation."
    )
    return f"{said}\n\n{table(['axis', 'slope', 'p'], rows)}"


def _shown(report: SpilloverReport, labels: LabelReport, *, every: bool) -> list[Channel]:
    groups = [part.name for part in report.groups if part.arm == report.main_arm]
    known = {channel.group: channel for channel in labels.channels}
    often = sorted(
        (name for name in known if name not in groups),
        key=lambda name: -known[name].labelled.value,
    )
    names = [name for name in groups if name in known] + often[: None if every else _MOST]
    return [known[name] for name in names]


def _row(channel: Channel) -> list[str]:
    estimates = (
        channel.labelled, channel.asr_labelled, channel.asr_rest,
        channel.via_label, channel.via_text,
    )  # fmt: skip
    return [literal(channel.group), *("" if e is None else in_percent(e) for e in estimates)]
