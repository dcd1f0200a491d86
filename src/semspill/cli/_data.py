"""The commands that download data sets and check them."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from semspill._tables._splits import SPLITS, NoSplitError
from semspill.cli._app import MACHINE, AsJson, app, err_console, out_console, say, say_json
from semspill.cli._errors import DATA
from semspill.cli._tables import fitting
from semspill.corpus import Corpus
from semspill.corpus._reading import left_out_untold
from semspill.datasets import Dataset, datasets
from semspill.datasets._base import load_corpus
from semspill.errors import ConfigError, DataError
from semspill.experiment._load import read_fields
from semspill.experiment._paths import anchored

data = typer.Typer(help="Download data sets and check them.", no_args_is_help=True)
app.add_typer(data, name="data", rich_help_panel=MACHINE)


def _complete_dataset(incomplete: str) -> list[str]:
    return [name for name in datasets.names() if name.startswith(incomplete)]


Name = Annotated[
    str,
    typer.Argument(
        help="A data set, such as empathetic_dialogues.", autocompletion=_complete_dataset
    ),
]
Place = Annotated[
    str | None, typer.Option("--path", metavar="PATH", help="Short for --set path=PATH.")
]
Fields = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Set a field; repeatable."),
]


@data.command()
def fetch(name: Name, path: Place = None, overrides: Fields = None) -> None:
    """Download what a data set needs into the cache, checked and whole or not at all."""
    place = dataset_of(name, path, overrides).fetch(progress=_bar)
    where = "needs no download" if place is None else f"is at {place}"
    say(f"{name} {where}.")


@data.command()
def verify(
    name: Name, path: Place = None, overrides: Fields = None, as_json: AsJson = False
) -> None:
    """Load every split, count what is in it, and compare it with the official data.

    Exit code 3 if a split cannot be loaded, or the data are not the official ones where those are
    known. A data set may lack the split `valid`. What `on_error` leaves out is told, and no fault.
    """
    dataset = dataset_of(name, path, overrides)
    loaded: dict[str, Corpus] = {}
    problems: list[str] = []
    for split in SPLITS:
        try:
            with left_out_untold():
                loaded[split] = load_corpus(dataset, split)
        except DataError as error:
            # Only a config that names `valid_split` needs it.
            if split != "valid" or not isinstance(error, NoSplitError):
                problems.append(str(error))
    problems += dataset.departures(loaded) if loaded else ()
    problems = list(dict.fromkeys(problems))  # one file may be all splits
    left_out = _left_out(loaded)
    rows = {split: _row(corpus) for split, corpus in loaded.items()}
    if as_json:
        say_json({"ok": not problems, "splits": rows, "problems": problems, "left_out": left_out})
    else:
        if rows:
            names = next(iter(rows.values()))
            columns = [(key, [str(row[key])[:12] for row in rows.values()]) for key in names]
            out_console.print(fitting(("split", list(rows)), columns))
        verdict = f"{name} {'does not load as it should' if problems else 'loads'}."
        left = [
            f"Left out of {' and '.join(one['splits'])}, as on_error says: {one['what']}."
            for one in left_out
        ]
        for line in (*left, *(f"- {problem}" for problem in problems), verdict):
            say(line)
    if problems:
        raise typer.Exit(DATA)


def _left_out(loaded: dict[str, Corpus]) -> list[dict[str, Any]]:
    """Return what was left out, each once, with the splits that it was left out of."""
    splits: dict[str, list[str]] = {}
    for split, corpus in loaded.items():
        for left in corpus.left_out:
            splits.setdefault(str(left), []).append(split)
    return [{"what": what, "splits": names} for what, names in splits.items()]


def _bar(items: Any, /) -> Any:
    if not err_console.is_terminal:
        return iter(items)
    from rich.progress import track  # only here

    return track(items, console=err_console, transient=True, description="downloading")


def dataset_of(name: str, path: str | None, overrides: list[str] | None) -> Dataset:
    """Return the data set with the fields given, with errors that name the field.

    Args:
        name: Its registered name.
        path: Its field `path`; None to leave it out.
        overrides: Its other fields, each as `field=value`.

    Raises:
        ConfigError: It has no such field, or one has a value that is not allowed.
    """
    fields = read_fields(None, overrides or ())
    if path is not None:
        fields["path"] = path
    try:
        return anchored(datasets.resolve({"name": name, **fields}), Path.cwd(), where=f"{name}: ")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        text = first["msg"].removeprefix("Value error, ").rstrip(".")
        if first["type"] == "missing":
            text = f"this field is needed; give it with --set {place}=VALUE"
        raise ConfigError(": ".join(filter(None, [name, place, f"{text}."]))) from error


def _row(corpus: Corpus) -> dict[str, Any]:
    return {
        "dialogues": len(corpus),
        "exchanges": corpus.exchange_count,
        "categories": len(corpus.categories),
        "licence": corpus.licence,
        "fingerprint": corpus.fingerprint,
    }
