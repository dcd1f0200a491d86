"""What `semspill run --dry-run` says."""

from contextlib import nullcontext
from pathlib import Path

import typer

from semspill.cli._app import err_console, out_console, say_json
from semspill.cli._errors import USAGE
from semspill.experiment import ExperimentConfig, forecast


def dry_run(
    config: ExperimentConfig, folder: Path, *, overwrite: bool, show_text: bool, as_json: bool
) -> None:
    """Print what a run would do and take; exit code 2 where it would refuse the folder.

    Args:
        config: What would be run.
        folder: Where it would be written.
        overwrite: Whether the folder might be replaced.
        show_text: Whether responses would be written unmasked.
        as_json: Whether the forecast is printed as one JSON object.
    """
    waiting = "measuring: a training is begun and thrown away"
    with err_console.status(waiting) if err_console.is_terminal else nullcontext():
        found = forecast(config, out=folder, overwrite=overwrite, show_text=show_text)
    if as_json:
        seconds = round(found.seconds, 1)
        say_json({"event": "forecast", "seconds": seconds, **found.model_dump(mode="json")})
    else:
        out_console.print(str(found), soft_wrap=True, highlight=False)
    if found.refused:
        raise typer.Exit(USAGE)
