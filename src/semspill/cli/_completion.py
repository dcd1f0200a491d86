"""What the TAB key offers: kinds and names of components, config files, folders of runs."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from glob import escape, glob
from pathlib import Path
from typing import Any

import typer

from semspill.errors import RegistryError

_CONFIGS = (".toml", ".yaml", ".yml", ".json")


def complete_config(incomplete: str) -> list[str]:
    """Return config files, here and in folders right below, that begin with what was typed.

    A folder by itself is not offered: shells put a space behind what is.
    """
    return [path for path in _below(incomplete, "") if path.endswith(_CONFIGS)]


def complete_out(incomplete: str) -> list[str]:
    """Return the folders of interrupted runs, which the same command resumes."""
    return [path.removesuffix(".partial") for path in _below(incomplete, ".partial")]


def complete_run(incomplete: str) -> list[str]:
    """Return the folders of finished runs, one or two levels down."""
    return [path for path in _below(incomplete, "") if Path(path, "report.json").is_file()]


def complete_kind(incomplete: str) -> list[str]:
    """Return the kinds of components."""
    from semspill.cli._components import KINDS

    return [kind for kind in KINDS if kind.startswith(incomplete)]


def complete_name(ctx: Any, incomplete: str) -> list[str]:
    """Return the names of the components of the kind that was typed before."""
    # Any: what typer gives as `ctx` at the TAB key is of a class without a public name.
    from semspill.cli._components import kind_of

    try:
        names = kind_of(ctx.params["kind"]).names()
    except RegistryError:  # the kind is misspelled
        return []
    return [name for name in names if name.startswith(incomplete)]


def in_bash() -> bool:
    """Return whether bash asks what can be completed."""
    return os.environ.get("_SEMSPILL_COMPLETE") == "complete_bash"


@contextmanager
def joined_words() -> Iterator[None]:
    """Put together for click what bash takes apart at every `=`, and take apart what is offered."""
    if not in_bash():
        yield
        return
    words: list[str] = []
    for word in os.environ["COMP_WORDS"].split("\n")[: int(os.environ["COMP_CWORD"]) + 1]:
        if words and word and (word.startswith("=") or words[-1].endswith("=")):
            words[-1] += word
        else:
            words.append(word)
    os.environ |= {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    given = re.sub(r"^--[\w-]+=", "", words[-1])
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            yield
    finally:
        for line in said.getvalue().splitlines():
            typer.echo(line.removeprefix(given[: given.rfind("=") + 1]))


def _below(typed: str, end: str) -> list[str]:
    start = escape(typed)
    return sorted({*glob(f"{start}*{end}"), *glob(f"{start}*/*{end}")})
