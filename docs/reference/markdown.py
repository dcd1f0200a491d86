"""Docstrings and tables as markdown."""

import inspect
import re
from collections.abc import Iterable, Sequence

GENERATED = "<!-- Made by docs/make_reference.py from the docstrings; do not edit. -->"
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
    lines: list[str] = []
    section = ""
    for line in inspect.cleandoc(doc or "").split("\n"):
        if line and not line.startswith(" "):
            section = line if line in (*SECTIONS, "Example:") else ""
            if section in SECTIONS:
                lines += [f"**{line[:-1]}**", ""]
            elif not section:
                lines.append(line)
        elif section != "Example:":
            lines.append(_item(line) if section else line)
    return "\n".join(lines).strip()


def _item(line: str) -> str:
    match = ITEM.match(line)
    return f"- `{match[1]}`: {match[2]}" if match else f"  {line.strip()}".rstrip()
