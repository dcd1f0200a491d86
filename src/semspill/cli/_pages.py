"""Commands that write pages of finished runs."""

from pathlib import Path
from typing import Annotated

import typer

from semspill.cli._app import RESULTS, app, flag, say
from semspill.cli._completion import complete_run
from semspill.cli._places import argument, place
from semspill.experiment import write_comparison, write_page


@app.command(rich_help_panel=RESULTS)
def report(
    run: Annotated[
        Path, argument("RUN", "Folder of a finished run or sweep.", autocompletion=complete_run)
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            parser=place, metavar="FILE", help="File to write; by default report.html in RUN."
        ),
    ] = None,
    contexts: Annotated[
        bool,
        flag(
            "--contexts",
            help="Show what was said before each answer, from the test split; planted and toxic "
            "responses stay masked.",
        ),
    ] = False,
    show_text: Annotated[
        bool,
        flag("--show-text", help="Show harmful responses where the run holds them unmasked."),
    ] = False,
) -> None:
    """Rewrite the page of a finished run: with contexts, or after an upgrade."""
    path = write_page(run, out, contexts=contexts, show_text=show_text)
    say(f"Report: {path}")


@app.command(rich_help_panel=RESULTS)
def compare(
    runs: Annotated[
        list[Path],
        argument("RUN", "Folders of finished runs or sweeps.", autocompletion=complete_run),
    ],
    out: Annotated[Path, typer.Option(parser=place, metavar="FILE", help="File to write.")] = Path(
        "comparison.html"
    ),
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...", help="What the page calls the runs; by default their folders' names."
        ),
    ] = None,
) -> None:
    """Compare several runs on one page: their differences and findings."""
    names = None if labels is None else [label.strip() for label in labels.split(",")]
    path = write_comparison(runs, out, labels=names)
    say(f"Comparison: {path}")
