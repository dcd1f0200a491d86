"""Commands that write pages of finished runs."""

from pathlib import Path
from typing import Annotated

import typer

from semspill.cli._app import RESULTS, AsJson, app, flag, say, say_json
from semspill.cli._completion import complete_run
from semspill.cli._places import argument, place
from semspill.cli._tables import print_comparison
from semspill.experiment import compare as compare_runs
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
    arms: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Arms to compare, of one run or of each; by default the main arm of each, or the "
            "defended one of a sweep of one defense.",
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...", help="What the page calls the runs; by default their folders' names."
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The run that the others are compared with; by default the first."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how runs or arms differ from the first, and how sure that is; put them on one page."""
    names, of = _listed(labels), _listed(arms) or []
    found = compare_runs(*runs, arms=of, labels=names, baseline=baseline)
    path = write_comparison(runs, out, arms=of, labels=names, baseline=baseline, comparison=found)
    if as_json:
        say_json({"out": str(path), **found.model_dump(mode="json")})
        return
    print_comparison(found)
    say(f"Comparison: {path}")


def _listed(typed: str | None) -> list[str] | None:
    return None if typed is None else [part.strip() for part in typed.split(",")]
