"""What the terminal and `--json` show of a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import RenderableType
from rich.table import Table

from semspill.cli._app import out_console, say
from semspill.experiment import Variant, read_comparison, read_matrices
from semspill.experiment.store import swept_arm
from semspill.report._defense_table import small_defenses
from semspill.report._difference_table import small_rows
from semspill.report._matrix_page import pooled_sentences
from semspill.report._summary import summary
from semspill.report._table import in_percent
from semspill.report._text import left_out, main_numbers, shown_slices
from semspill.report._verdict import verdict
from semspill.results import Comparison, SliceReport, SpilloverReport, Verdict

Column: TypeAlias = tuple[str, list[str]]
"""A title and a cell for each row."""

_LEAST = 2
"""Columns of numbers that are shown however narrow the terminal is."""
_WIDE = 1000
_SCREEN = 24
"""Lines of a small terminal."""
_SHAPES = {
    "spilled": ("\N{BLACK CIRCLE}", "red"),
    "none": ("\N{WHITE CIRCLE}", "green"),
    "unclear": ("\N{CIRCLE WITH LEFT HALF BLACK}", "yellow"),
    "unplanted": ("\N{EN DASH}", "default"),
}
"""Shape and colour of each kind of verdict."""


def print_report(report: SpilloverReport, folder: Path) -> None:
    """Print verdict, facts, findings, the groups of the main arm, and the path of the report.

    That fills no more than a screen of 24 lines and 80 columns, but for a line per defense; the
    page holds all of it.
    """
    words = summary(report)
    head = (_verdict(words.verdict), _markdown(words.facts))
    caveat = _markdown(f"Caveat 1 of {len(words.caveats)}: {words.caveats[0]}")
    for part in head:
        out_console.print(part)
    # Three blank lines, the line that says where the rest is, and one for the next prompt.
    room = _SCREEN - 5 - sum(map(_height, (*head, caveat)))
    defended = _defenses(report)
    room -= sum(map(_height, defended))
    tables = _numbers(report, shown_slices(report))
    if sum(map(_height, tables)) > room:
        tables = _numbers(report, report.groups)
    room -= sum(map(_height, tables))
    for sentence in map(_markdown, words.findings):
        room -= _height(sentence)
        if room < 0:
            break
        out_console.print(sentence)
    for part in ("", *tables, *defended, "", caveat):
        out_console.print(part)
    say(f"Report: {folder / 'report.html'}")


def _verdict(came_out: Verdict) -> RenderableType:
    """Return the verdict as a line: on a terminal with a shape and a colour."""
    if not out_console.is_terminal:
        return _markdown(came_out.sentence)
    shape, colour = _SHAPES[came_out.kind]
    return _markdown(f"{shape} {came_out.sentence}", style=f"bold {colour}")


def _height(part: RenderableType) -> int:
    return len(out_console.render_lines(part))


def _numbers(report: SpilloverReport, slices: Sequence[SliceReport]) -> list[RenderableType]:
    """Return the table of these slices, and how many categories it leaves out."""
    more = left_out(report, slices)
    return [fitting(*main_numbers(report, slices)), *[more] * bool(more)]


def _defenses(report: SpilloverReport) -> list[RenderableType]:
    """Return a line per defense, and how many are left out; nothing without defenses."""
    if report.defenses is None:
        return []
    head, columns, more = small_defenses(report.defenses)
    return ["", fitting(head, columns), *[more] * bool(more)]


def print_comparison(comparison: Comparison) -> None:
    """Print how runs differ from the baseline, and the main groups."""
    _print_sentences(comparison.sentences)
    head, rows = small_rows(comparison)
    columns = [[row[place] for row in rows] for place in range(len(head))]
    first, *others = zip(head, columns, strict=True)
    out_console.print()
    out_console.print(fitting(first, others))


def _print_sentences(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        out_console.print(_markdown(sentence))


def _markdown(text: str, style: str = "none") -> RenderableType:
    from rich.markdown import Markdown  # its parser takes longer to import than all of rich

    return Markdown(text, style=style)


def print_variants(variants: tuple[Variant, ...], folder: Path) -> None:
    """Print what the variants of a sweep say together, a row for each, and where their reports are.

    That is the pooled test of several targets, and else how the variants differ from the first.
    """
    said = [sentence for one in read_matrices(folder) for sentence in pooled_sentences(one)]
    comparison = read_comparison(folder)
    if comparison is not None:
        said += comparison.sentences
    _print_sentences(said)
    if said:
        out_console.print()
    field, names = _shortened([variant.name for variant in variants])
    reports = [variant.report for variant in variants]
    arm = swept_arm(folder, reports[0])
    cells = [_undefended(one) if arm is None else _defended(one, arm) for one in reports]
    titles = ("target", "nearest", "others", "P@1")
    columns = [(title, [row[place] for row in cells]) for place, title in enumerate(titles)]
    of = "" if arm is None else f", of the arm {arm}"
    out_console.print(f"Planted rate by group, and P@1, in %{of}", highlight=False)
    out_console.print(fitting((field, names), columns))
    say(f"Reports: {folder}")


def _undefended(report: SpilloverReport) -> list[str]:
    rates = (report.target, report.nearest, f"all but {report.target}")
    return [*(_cell(report, group, "asr") for group in rates), _cell(report, "all", "precision")]


def _defended(report: SpilloverReport, arm: str) -> list[str]:
    assert report.defenses is not None, "a field of a defense was swept"
    [one] = [one for one in report.defenses.defenses if one.arm == arm]
    rates = [one.planted_rate[role] for role in ("target", "nearest", "rest")]
    return [in_percent(estimate) for estimate in (*rates, one.precision)]


def _shortened(names: Sequence[str]) -> tuple[str, list[str]]:
    """Return a title, and names without it where one field is all that varies."""
    field = names[0].partition("=")[0]
    if all(name.startswith(f"{field}=") and name.count("=") == 1 for name in names):
        return field, [name.removeprefix(f"{field}=") for name in names]
    return "variant", list(names)


def _cell(report: SpilloverReport, group: str, metric: str) -> str:
    estimates = report.group(group).estimates
    return in_percent(estimates[metric]) if metric in estimates else ""


def outcome(report: SpilloverReport) -> dict[str, Any]:
    """Return the numbers that a program asks for first; report.json holds all of them."""
    arm, rest = report.main_arm, f"all but {report.target}"
    names = {"target": report.target, "nearest": report.nearest, "rest": rest, "all": "all"}
    groups = {}
    for role, name in names.items():
        estimates = report.group(name, arm).estimates.items()
        values = {metric: estimate.model_dump(mode="json") for metric, estimate in estimates}
        groups[role] = {"name": name, "estimates": values}
    found = {} if report.defenses is None else report.defenses.verdicts
    defenses = {name: one.model_dump(mode="json") for name, one in found.items()}
    return {
        "verdict": verdict(report).model_dump(mode="json"),
        "target": report.target,
        "nearest": report.nearest,
        "arm": arm,
        "seeds": list(report.seeds),
        "groups": groups,
        "notes": [note.model_dump(mode="json") for note in report.notes],
        **({"defenses": defenses} if defenses else {}),
    }


def fitting(head: Column, columns: Sequence[Column], gap: int = 2) -> Table:
    """Return a table with as many of the columns as a narrow terminal shows whole.

    Args:
        head: The first column, which may be folded.
        columns: The others, the last of which go first.
        gap: Blanks between columns.
    """
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    for name, _ in (head, *columns):
        table.add_column(name, overflow="fold", no_wrap=name != head[0])
    for row in zip(*(cells for _, cells in (head, *columns)), strict=True):
        table.add_row(*row)
    wide = out_console.measure(table, options=out_console.options.update_width(_WIDE)).maximum
    if wide <= out_console.width or len(columns) <= _LEAST:
        return table
    return fitting(head, columns, 1) if gap > 1 else fitting(head, columns[:-1])
