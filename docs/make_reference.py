"""Write docs/config.md, docs/api.md and docs/api/ from the docstrings: docs/make_reference.py."""

import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

from reference.api import api_pages
from reference.config import config_page

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
    (folder / "api").mkdir(exist_ok=True)
    for name, page in {"config.md": config_page(), **api_pages()}.items():
        (folder / name).write_text(page, encoding="utf-8")
