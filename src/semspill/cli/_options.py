"""What the commands that train take: options, and the executor that they describe."""

from pathlib import Path
from typing import Annotated

import typer

from semspill.cli._app import flag
from semspill.cli._completion import complete_config, complete_out, complete_override
from semspill.cli._places import argument, new_folder
from semspill.errors import ConfigError
from semspill.experiment.executors import Executor, executor_of

ConfigPath = Annotated[
    Path,
    argument(
        "CONFIG", "A .toml, .yaml or .json experiment config.", autocompletion=complete_config
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Set one field, such as poisoner.budget=0.01; repeatable.",
        autocompletion=complete_override,
    ),
]
DataFields = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Set a field of the dataset, such as columns.context=question; repeatable.",
    ),
]
Vary = Annotated[
    list[str],
    typer.Option(
        metavar="FIELD=VALUES",
        help="Values of one field, such as poisoner.budget=0.01,0.03, or "
        "poisoner.selector.category=all; repeatable.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        parser=new_folder,
        metavar="FOLDER",
        help="Folder to write; default: semspill-runs/CONFIG, for sweeps CONFIG-sweep.",
        autocompletion=complete_out,
    ),
]
Overwrite = Annotated[bool, flag("--overwrite", help="Replace the folder if it exists.")]
ShowText = Annotated[
    bool, flag("--show-text", help="Write harmful responses unmasked. They can be abusive.")
]
KeepModels = Annotated[
    bool,
    flag("--keep-models", help="Keep what was trained, with a card that says what was planted."),
]
Kind = Annotated[
    str,
    typer.Option(
        "--executor", metavar="NAME", help="Where models are trained: serial, processes or ray."
    ),
]
Workers = Annotated[
    int | None, typer.Option(metavar="N", help="Number of models trained in parallel.")
]
Address = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Address of a running Ray cluster.")
]
Gpus = Annotated[float, typer.Option(metavar="N", help="GPUs of each training, with ray.")]
Cache = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Folder of answers that experiments share; it holds harmful text.",
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        metavar="K/N", help="Train every N-th model only; `semspill merge` combines the shards."
    ),
]
DryRun = Annotated[
    bool, flag("--dry-run", help="Print what would be done; train and write nothing.")
]
Quiet = Annotated[
    bool, flag("--quiet", "-q", help="Show no progress, and print only the folder written.")
]
Json = Annotated[bool, flag("--json", help="Print JSON lines: every event, then the outcome.")]


def executor_named(name: str, workers: int | None, address: str | None, gpus: float) -> Executor:
    """Return the executor that the options describe.

    Raises:
        ConfigError: There is none of that name, or it takes no such option.
    """
    settings = {"workers": workers, "address": address, "gpus": gpus or None}
    given = {key: value for key, value in settings.items() if value is not None}
    executor = executor_of(name)
    unknown = sorted(given.keys() - type(executor).model_fields.keys())
    if unknown:
        raise ConfigError(f"The executor {name} takes no --{unknown[0]}; leave it out.")
    return executor.replace(**given)
