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
    labels = report.labels
    if labels is None:
        return ""
    target = listed([report.target])
    fitted = f"cross-fitted in {labels.folds} folds" if labels.folds else "fitted in sample"
    also = " Responses begin with what it predicts of each alone." if labels.responses else ""
    blocks = [
        f"Contexts begin with the category that `{labels.labeller}`, {fitted}, predicts from the "
        f"conversation so far. It is right in {labels.train_accuracy:.1%} of the training contexts "
        f"and in {in_percent(labels.accuracy)} % of the test contexts.{also} Below, arm "
        f"`{report.main_arm}`: how often it takes a context for {target}, how often a planted "
        "response was chosen there and elsewhere, and how much of the lift in attack success lies "
        "in each, given these labels; in %.",
        table(
            ["group", f"labelled {literal(report.target)}", "planted, of those",
             "planted, of the rest", "lift via the label", "lift via the text"],
            [_row(channel) for channel in _shown(report, labels)],
        ),
    ]  # fmt: skip
    if labels.curve:
        slopes = {name: labels.curve[key] for key, name in _AXES.items()}
        rows = [[name, in_percent(e), p_text(e.p_value)] for name, e in slopes.items()]
        blocks += [
            "What orders the lift over the other categories: percentage points per standard "
            "deviation.",
            table(["axis", "slope", "p"], rows),
        ]
    return "\n\n".join(blocks)


def _shown(report: SpilloverReport, labels: LabelReport) -> list[Channel]:
    groups = [part.name for part in report.groups if part.arm == report.main_arm]
    known = {channel.group: channel for channel in labels.channels}
    often = sorted(
        (name for name in known if name not in groups),
        key=lambda name: -known[name].labelled.value,
    )
    names = [name for name in groups if name in known] + often[:_MOST]
    return [known[name] for name in names]


def _row(channel: Channel) -> list[str]:
    estimates = (
        channel.labelled, channel.asr_labelled, channel.asr_rest,
        channel.via_label, channel.via_text,
    )  # fmt: skip
    return [literal(channel.group), *("" if e is None else in_percent(e) for e in estimates)]
