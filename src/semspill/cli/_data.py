"""The commands that download data sets and check them."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.progress import track

from semspill.cli._app import MACHINE, app, err_console, flag, out_console, say_json
from semspill.cli._errors import DATA
from semspill.cli._tables import fitting
from semspill.corpus import Corpus
from semspill.datasets import Dataset, datasets
from semspill.datasets._base import load_corpus
from semspill.datasets._splits import SPLITS, NoSplitError
from semspill.errors import ConfigError, DataError
from semspill.experiment._load import read_fields
from semspill.experiment._paths import anchored

data = typer.Typer(help="Download data sets and check them.", no_args_is_help=True)
app.add_typer(data, name="data", rich_help_panel=MACHINE)

_COLUMNS = ("dialogues", "exchanges", "categories", "licence", "fingerprint")
_SHORT = 12


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
    typer.Option("--set", metavar="FIELD=VALUE", help="Set a field; may be given often."),
]
Splits = Annotated[
    list[str] | None,
    typer.Option("--split", metavar="SPLIT", help="Check only this one; may be given often."),
]


@data.command()
def fetch(name: Name, path: Place = None, overrides: Fields = None) -> None:
    """Download what a data set needs into the cache, checked and whole or not at all."""
    place = _dataset(name, path, overrides).fetch(progress=_bar)
    if place is None:
        out_console.print(f"{name} needs no download.", highlight=False)
    else:
        out_console.print(f"{name} is at {place}.", soft_wrap=True, highlight=False)


@data.command()
def verify(
    name: Name,
    path: Place = None,
    overrides: Fields = None,
    splits: Splits = None,
    as_json: Annotated[bool, flag("--json", help="Print one JSON object.")] = False,
) -> None:
    """Load every split, say what is in it, and compare it with the official data.

    Exit code 3 if a split cannot be loaded, two share a dialogue, or the data are not the
    official ones where those are known. A data set may lack the split `valid`.
    """
    dataset = _dataset(name, path, overrides)
    loaded: dict[str, Corpus] = {}
    problems: list[str] = []
    for split in splits or SPLITS:
        try:
            loaded[split] = load_corpus(dataset, split)
        except DataError as error:
            # Only a config that names `valid_split` needs it.
            if splits or split != "valid" or not isinstance(error, NoSplitError):
                problems.append(str(error))
    problems += [*_shared(loaded), *(dataset.departures(loaded) if loaded else ())]
    problems = list(dict.fromkeys(problems))  # one file may be all splits
    if as_json:
        rows = {split: _row(corpus) for split, corpus in loaded.items()}
        say_json({"ok": not problems, "splits": rows, "problems": problems})
    else:
        _show(loaded, problems)
        if not splits and "valid" not in loaded and not problems:
            out_console.print("no valid")
        verdict = "is not as promised" if problems else "loads"
        out_console.print(f"{name} {verdict}.", soft_wrap=True, highlight=False)
    if problems:
        raise typer.Exit(DATA)


def _bar(items: Any, /) -> Any:
    if not err_console.is_terminal:
        return iter(items)
    return track(items, console=err_console, transient=True, description="downloading")


def _dataset(name: str, path: str | None, overrides: list[str] | None) -> Dataset:
    """Return the data set with the fields given, with errors that name the field."""
    fields = read_fields(None, overrides or ())
    if path is not None:
        fields["path"] = path
    try:
        return anchored(datasets.build({"name": name, **fields}), Path.cwd(), where=f"{name}: ")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        if first["type"] == "missing":
            said = f"the field {place!r} is needed; give it with --set {place}=VALUE"
        else:
            said = ": ".join(filter(None, [place, first["msg"].rstrip(".")]))
        raise ConfigError(f"{name}: {said}.") from error


def _shared(loaded: dict[str, Corpus]) -> list[str]:
    """Return what is wrong where a dialogue is in two splits."""
    seen: dict[str, str] = {}
    problems = {}
    for split, corpus in loaded.items():
        for dialogue in corpus:
            other = seen.setdefault(dialogue.id, split)
            if other != split:
                problems[other, split] = (
                    f"Splits {other!r} and {split!r} share dialogues, such as {dialogue.id!r}."
                )
    return list(problems.values())


def _row(corpus: Corpus) -> dict[str, Any]:
    return {
        "dialogues": len(corpus),
        "exchanges": corpus.exchange_count,
        "categories": len(corpus.categories),
        "fingerprint": corpus.fingerprint,
        "licence": corpus.licence,
    }


def _show(loaded: dict[str, Corpus], problems: list[str]) -> None:
    rows = [_row(corpus) for corpus in loaded.values()]
    for row in rows:
        row["fingerprint"] = row["fingerprint"][:_SHORT]
    columns = [(name, [str(row[name]) for row in rows]) for name in _COLUMNS]
    if loaded:
        out_console.print(fitting(("split", list(loaded)), columns))
    for problem in problems:
        out_console.print(f"- {problem}", soft_wrap=True, highlight=False)
