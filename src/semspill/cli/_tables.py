"""What the terminal shows of a report."""

from rich.table import Table

from semspill.cli._app import out_console
from semspill.experiment import Variant
from semspill.report import Estimate, SpilloverReport

_TITLES = {"asr": "planted chosen", "lift": "toxicity lift", "precision": "P@1"}


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.1f} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def print_groups(report: SpilloverReport) -> None:
    """Print the groups of the main arm, the clean arm's utility and the notes."""
    shown = report.group("all").estimates
    names = [n for n in ("asr", "lift", "precision") if n in shown]
    title = f"Planted in {report.target}, arm {report.main_arm}, in %"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("group", "n", *(_TITLES[n] for n in names)):
        table.add_column(column, no_wrap=True)
    for part in report.groups:
        if part.arm == report.main_arm:
            cells = [_percent(part.estimates[n]) for n in names]
            table.add_row(part.name, str(part.exchanges), *cells)
    out_console.print(table)
    if "precision" in names:
        clean = report.group("all", "clean").estimates["precision"]
        out_console.print(
            f"P@1 of the clean arm, all exchanges, in %: {_percent(clean)}", highlight=False
        )
    for note in report.notes:
        out_console.print(f"- {note}", highlight=False)


def print_variants(variants: tuple[Variant, ...]) -> None:
    """Print a row per experiment of a sweep."""
    title = "Attack success rate by group, and P@1, in %"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("variant", overflow="fold", min_width=12)
    for column in ("target", "nearest", "others", "P@1"):
        table.add_column(column, no_wrap=True)
    for variant in variants:
        report = variant.report
        names = (report.target, report.nearest, f"all but {report.target}", "all")
        parts = [report.group(name).estimates for name in names]
        metrics = ("asr", "asr", "asr", "precision")
        cells = [
            _percent(part[metric]) if metric in part else ""
            for part, metric in zip(parts, metrics, strict=True)
        ]
        table.add_row(variant.name, *cells)
    out_console.print(table)
