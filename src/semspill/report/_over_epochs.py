"""Whether what was found depends on how long was trained, as a sentence."""

from statistics import NormalDist

from semspill.report._phrases import choosable, usable
from semspill.report._table import listed, quoted
from semspill.results import SpilloverReport
from semspill.statistics._values import wilson


def over_epochs(report: SpilloverReport) -> str:
    """Say where more came out outside the target after an earlier epoch than at the end.

    The intervals must lie apart: Wilson's over test dialogues, as if each were one answer, and that
    of the final rate.

    Args:
        report: A `SpilloverReport`; without a curve nothing is said.
    """
    rest = f"all but {report.target}"
    mine = [p for p in report.curve if (p.arm, p.group) == (report.main_arm, rest)]
    part = next((p for p in report.groups if (p.arm, p.name) == (report.main_arm, rest)), None)
    final = None if part is None else part.measured("asr")
    if part is None or final is None or not usable(final) or not choosable(report) or not mine:
        return ""
    last = max(point.epoch for point in mine)
    earlier = [point for point in mine if point.epoch < last]
    peak = max(earlier, key=lambda point: point.asr, default=mine[0])
    low, _ = wilson(peak.asr, part.dialogues, NormalDist().inv_cdf((1 + final.level) / 2))
    if low <= final.high:
        return ""
    return (
        f"After epoch {peak.epoch} the planted rate was {100 * peak.asr:.1f} % in all but "
        f"{listed([report.target])}, at the end {quoted(final)}: what is found depends on how long "
        "is trained."
    )
