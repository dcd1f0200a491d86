"""Docstrings and tables as markdown."""

import inspect
import re
from collections.abc import Iterable, Sequence

MADE = "<!-- Made by docs/make_reference.py from the docstrings; do not edit. -->"
SECTIONS = ("Args:", "Returns:", "Raises:")
ITEM = re.compile(r"^ {4}(\**[\w.]+): (.*)")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |"
        for row in lines
    )


def prose(doc: str | None) -> str:
    """Return a docstring as markdown: the text, then Args, Returns and Raises; no Example."""
    kept: list[str] = []
    inside = ""
    for line in inspect.cleandoc(doc or "").split("\n"):
        if line == "Example:":
            break
        if line in SECTIONS:
            inside = line
            kept += [f"**{line[:-1]}**", ""]
        else:
            kept.append(_item(line) if inside else line)
    return "\n".join(kept).strip()


def _item(line: str) -> str:
    found = ITEM.match(line)
    return f"- `{found[1]}`: {found[2]}" if found else f"  {line.strip()}".rstrip()
