"""Commands that write pages of finished runs."""

from pathlib import Path
from typing import Annotated

import typer

from semspill.cli._app import RESULTS, app, flag, out_console
from semspill.cli._completion import complete_run
from semspill.cli._places import argument, option
from semspill.experiment import write_comparison, write_page

_Out = Annotated[
    Path | None, option(metavar="FILE", help="File to write; by default report.html in RUN.")
]


@app.command(rich_help_panel=RESULTS)
def report(
    run: Annotated[
        Path,
        argument(
            metavar="RUN", help="Folder of a finished run or sweep.", autocompletion=complete_run
        ),
    ],
    out: _Out = None,
    show_text: Annotated[
        bool,
        flag(
            "--show-text",
            help="Put harmful responses into the page unmasked, where the run holds them. They "
            "can be abusive.",
        ),
    ] = False,
) -> None:
    """Write the page of a finished run again, for example of one by an older version."""
    path = write_page(run, out, show_text=show_text)
    out_console.print(f"Report: {path}", soft_wrap=True, highlight=False)


@app.command(rich_help_panel=RESULTS)
def compare(
    runs: Annotated[
        list[Path],
        argument(
            metavar="RUN",
            help="Folders of finished runs; a sweep is all its variants.",
            autocompletion=complete_run,
        ),
    ],
    out: Annotated[Path, option(metavar="FILE", help="File to write.")] = Path("comparison.html"),
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...", help="What the page calls the runs; by default their folders' names."
        ),
    ] = None,
) -> None:
    """Put several runs on one page: what differs between them, and what came out."""
    names = None if labels is None else [label.strip() for label in labels.split(",")]
    path = write_comparison(runs, out, labels=names)
    out_console.print(f"Comparison: {path}", soft_wrap=True, highlight=False)
