"""Write config.md, api.md, api/ and how-to/corpora.md from the code: docs/make_reference.py."""

import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

from reference.api import api_pages
from reference.config import config_page
from reference.corpora import corpora_page

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def missing() -> list[str]:
    """Return the components that pyproject.toml declares and the installed package lacks."""
    declared = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["entry-points"]
    return [
        f"{group}:{name}"
        for group, points in declared.items()
        for name in points
        if name not in entry_points(group=group).names
    ]


if __name__ == "__main__":
    if lacking := missing():
        sys.exit(f"Install the package again first; it lacks {', '.join(lacking)}.")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    pages = {"config.md": config_page(), "how-to/corpora.md": corpora_page(), **api_pages()}
    for name, page in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(page, encoding="utf-8")
