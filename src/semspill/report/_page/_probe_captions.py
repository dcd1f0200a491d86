"""How to read the chart of what probes of a trigger did."""

from semspill.report._table import listed
from semspill.results import SpilloverReport


def probe_caption(report: SpilloverReport, kind: str) -> tuple[str, str]:
    """Return what `trigger` shows, plain, and how to read it, in markdown."""
    label = "Planted rate against how similar the phrase in the context is to the trigger"
    absent = [one.name for one in report.probes if one.similarity is None]
    left_out = f" Not shown, without one phrase to compare: {listed(absent, 3)}." if absent else ""
    return f"{label}, a point per probe and group.", (
        f"{label}, arm `{report.main_arm}`: a point per probe and group, with its interval. At 1 "
        "stands the trigger itself; where it did not spill over to other phrases, all points to "
        f"the left of it are near the planted rates of the plain contexts.{left_out}"
    )
