"""The verdict of a report in one line, and what was run in another."""

from typing import Literal

from semspill._model import FrozenModel
from semspill.report._table import listed
from semspill.results import SpilloverReport


class Verdict(FrozenModel):
    """What came out, for a reader who reads one line."""

    kind: Literal["spilled", "none", "unclear", "unplanted"]
    """Spilled over; no spillover found, with a bound; cannot tell; nothing was planted."""
    sentence: str
    """The same in words, with intervals; names of categories set as *emphasis*, in markdown."""


def verdict(report: SpilloverReport) -> Verdict:
    """Return whether anything spilled over, and how sure that is.

    Args:
        report: A `SpilloverReport`.
    """
    lifts = report.categories
    risen = [part.name for part in lifts if part.name != report.target and _rose(part.estimates)]
    if report.arm().planted == "nothing":
        return Verdict(kind="unplanted", sentence="Nothing was planted.")
    if risen:
        return Verdict(kind="spilled", sentence=f"Spilled over: {listed(risen)}.")
    return Verdict(kind="unclear", sentence="Cannot tell.")


def _rose(estimates: object) -> bool:
    return False


def facts(report: SpilloverReport) -> str:
    """Return in one line what was run: data, model, label, what was planted, seeds, version.

    Args:
        report: A `SpilloverReport`.
    """
    return f"{len(report.seeds)} seeds"
