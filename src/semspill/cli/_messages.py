"""The command that writes training files for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from semspill.cli._app import EXPERIMENTS, AsJson, app, flag, say, say_json
from semspill.cli._options import ConfigPath, Overrides
from semspill.cli._places import new_folder
from semspill.experiment import load_config, write_training


class Form(StrEnum):
    """What a row holds."""

    messages = "messages"
    prompt_completion = "prompt_completion"


class Rows(StrEnum):
    """What a row is."""

    dialogue = "dialogue"
    exchange = "exchange"


@app.command("write-messages", rich_help_panel=EXPERIMENTS)
def write_messages(
    config: ConfigPath,
    out: Annotated[
        Path,
        typer.Option(parser=new_folder, metavar="FOLDER", help="Folder to write; must not exist."),
    ],
    overrides: Overrides = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="One of the config's seeds; default: the first.")
    ] = None,
    format: Annotated[
        Form, typer.Option(help="messages, for most programs, or prompt_completion, for TRL.")
    ] = Form.messages,
    rows: Annotated[
        Rows | None, typer.Option(help="Whether a row is a dialogue or an exchange.")
    ] = None,
    labelled: Annotated[
        bool, flag("--labelled", help="Add id and category to each row, to read them back.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write what each arm would be trained on as chat messages, to fine-tune other models.

    Planted text is written unmasked, in files whose names say so.
    """
    written = write_training(
        load_config(config, overrides or ()),
        out,
        seed=seed,
        format=format.value,
        rows=None if rows is None else rows.value,
        labelled=labelled,
    )
    if as_json:
        say_json({"out": str(out), **written.model_dump(mode="json")})
        return
    for made in written.files.values():
        say(f"{out / made.file}: {made.rows:,} rows, {made.planted:,} planted responses")
