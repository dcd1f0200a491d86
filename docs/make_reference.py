"""Write docs/config.md, docs/api.md and docs/api/ from the docstrings: docs/make_reference.py."""

import sys
from pathlib import Path

from reference.api import api_pages
from reference.config import config_page

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    (folder / "api").mkdir(exist_ok=True)
    for name, page in {"config.md": config_page(), **api_pages()}.items():
        (folder / name).write_text(page, encoding="utf-8")
