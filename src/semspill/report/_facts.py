"""What was run, in one line."""

from semspill.report._phrases import code
from semspill.report._table import literal
from semspill.results import Planting, Provenance, SpilloverReport

_LABELS = {"gold": "gold label", "predicted": "predicted label", "none": "no label"}


def facts(report: SpilloverReport, *, date: str = "") -> str:
    """Return in one line what was run: data, model, label, what was planted, seeds, date, version.

    What the report does not know is left out.

    Args:
        report: A `SpilloverReport`.
        date: The day on which the run was finished, as 2026-11-29; a report does not hold it,
            because equal configs give equal reports.
    """
    from_run = report.provenance
    version = from_run.versions.get("semspill", "")
    known = (
        _data(report),
        _model(from_run),
        _label(from_run),
        _planted(report),
        _seeds(report),
        date,
        f"semspill {version}" if version else "",
    )
    return " · ".join(filter(None, known))


def _data(report: SpilloverReport) -> str:
    name = report.provenance.data or report.provenance.dataset
    main = [part for part in report.categories if part.arm == report.main_arm]
    exchanges, dialogues = sum(p.exchanges for p in main), sum(p.dialogues for p in main)
    sizes = f"{dialogues:,} test dialogues ({exchanges:,} exchanges)"
    return f"{literal(name)}, {sizes}" if name else sizes


def _model(run: Provenance) -> str:
    kind = run.encoder or run.model
    if not kind:
        return ""
    return f"{code(kind)}{f' ({literal(run.encoder_model)})' if run.encoder_model else ''}"


def _label(run: Provenance) -> str:
    trained, answered = (_LABELS.get(one or "", "") for one in (run.label, run.answer_label))
    if answered and answered != trained:
        return f"{trained} in training, {answered} in answering"
    return trained


def _planted(report: SpilloverReport) -> str:
    planted, arm = report.provenance.planting, report.arm()
    if arm.planted == "nothing":
        return "nothing planted"
    harmless = arm.planted == "benign"
    name, file = (planted.benign, "") if harmless else (planted.source, planted.source_file)
    source = f" from {code(name)}" if name else ""
    source += f" ({literal(file)})" if name and file else ""
    how = f" by {code(planted.strategy)}" if planted.strategy else ""
    known = share(planted)
    verb = "triggered" if planted.kept and not harmless else "planted"
    return f"{known} {verb}{source}{how}" if known or source or how else ""


def share(planted: Planting) -> str:
    """Return the largest planted share of the training exchanges; empty where it is not known."""
    shares = [one.planted / one.exchanges for one in planted.seeds if one.exchanges]
    return f"{100 * max(shares):.3g} %" if shares else ""


def _seeds(report: SpilloverReport) -> str:
    count = len(report.seeds)
    return "1 seed" if count == 1 else f"{count} seeds"
