"""Write docs/config.md and docs/api.md from the docstrings: python docs/make_reference.py."""

import sys
from pathlib import Path

from reference.api import api_page
from reference.config import config_page

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    (folder / "config.md").write_text(config_page(), encoding="utf-8")
    (folder / "api.md").write_text(api_page(), encoding="utf-8")
