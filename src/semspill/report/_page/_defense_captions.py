"""How to read the charts of what defenses did."""

from semspill.report._defended import PHRASES
from semspill.results import SpilloverReport


def defense_caption(report: SpilloverReport, name: str) -> tuple[str, str]:
    """Return what `tradeoff`, `roc` or `removed` shows, plain, and how to read it, in markdown."""
    if name == "tradeoff":
        group = PHRASES[report.defenses.declared] if report.defenses else ""
        label = "Planted rate of the target and of its nearest neighbour against P@1."
        return f"{label} A mark per defense, with intervals.", (
            f"{label[:-1]}, under attack: a mark per defense with its intervals, joined by a line "
            "to its control. Good is low and right. Dashed: the undefended arm. Filled: the "
            f"planted rate in {group} is significantly below that of its control, after Holm's "
            "correction over the defenses. Crosses: the undefended run after every epoch whose "
            "P@1 is about as high. Each panel has its own scale."
        )
    if name == "roc":
        label = "Planted exchanges found against other exchanges lost, a curve per detector."
        return label, (
            f"{label[:-1]}: the mean over the seeds, and thin each seed. Marks: what was removed. "
            "The axis of other exchanges is logarithmic, and begins at 0.1 %."
        )
    label = "Exchanges removed of each category, a panel per defense."
    return label, (
        f"{label[:-1]}, over all seeds: the largest categories, and the others together. Every "
        "panel has its own scale."
    )
