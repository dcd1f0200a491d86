"""What a report says of the label that contexts begin with, which can decide its result."""

from semspill.results import SpilloverReport

_LABELS = {
    "gold": "the true category",
    "predicted": "a category that a classifier predicts",
    "none": "no category label",
}


def label_shown(report: SpilloverReport) -> str:
    """Return in a sentence what contexts began with; nothing where that is not known.

    Args:
        report: A `SpilloverReport`.
    """
    training, answering = report.provenance.label, report.provenance.answer_label
    if training is None or answering is None:
        return ""
    if training == answering:
        return f"Contexts began with {_LABELS[training]}."
    return (
        f"Contexts began with {_LABELS[training]} in training and with {_LABELS[answering]} in "
        "answering."
    )


def oracle(report: SpilloverReport) -> str:
    """Return the caveat that the model is told what no deployed one knows; nothing where it is not.

    Args:
        report: A `SpilloverReport`.
    """
    shown = {"training": report.provenance.label, "answering": report.provenance.answer_label}
    told = [stage for stage, label in shown.items() if label == "gold"]
    if not told:
        return ""
    stage = "" if len(told) == len(shown) else f" in {told[0]}"
    return (
        f"Contexts begin with the true category{stage}, which no deployed model knows; without it "
        "the result may be another (`context.label`)."
    )
