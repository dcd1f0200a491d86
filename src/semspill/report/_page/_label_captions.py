"""How to read the charts of what predicted labels did."""

from semspill.report._table import in_percent, listed, short_p
from semspill.results import SpilloverReport


def label_caption(report: SpilloverReport, kind: str) -> tuple[str, str]:
    """Return what `channels` or `confusion` shows, plain, and how to read it, in markdown."""
    target = listed([report.target])
    if kind == "channels":
        return "Both parts of the lift with intervals, a row per category.", (
            f"The planted-rate lift, arm `{report.main_arm}`, in two parts: in contexts "
            f"labelled {target}, and in all others. Beside each name stands the share of its "
            f"contexts that is labelled {target}. Shown are the target, its nearest, the far ones "
            "and the largest lifts of others, in order of lift."
        )
    label = f"Planted-rate lift against labels of {report.target}"
    return f"{label}, a point per category.", (
        f"Planted-rate lift, arm `{report.main_arm}`, against the share of "
        f"contexts labelled {target}: a point per category, with its interval. Filled: significant "
        f"after Holm's correction; small and pale: not significant.{_slopes(report)}"
    )


def _slopes(report: SpilloverReport) -> str:
    curve = report.labels.curve if report.labels else {}
    if not curve:
        return ""
    confusion, similarity = (
        f"{in_percent(estimate)}{p and f' (p {p})'}"
        for estimate in (curve["confusion_given_similarity"], curve["similarity_given_confusion"])
        for p in [short_p(estimate.p_value)]
    )
    return (
        " Slope, in percentage points per standard deviation: of confusion with similarity held "
        f"constant {confusion}, of similarity with confusion held constant {similarity}."
    )
