"""What the site shows beside docs/: files of the repository, made reports and the notebook."""

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MADE = ROOT / "build" / "gallery"
OUTSIDE = "repository"
NO_BREAK = "\N{NO-BREAK SPACE}"
CODE = re.compile(r"(<(?:pre|code)\b.*?</(?:pre|code)>)", re.DOTALL)
TOGETHER = re.compile(r"(?<=\d) (?=%)|(?<=\d) / (?=\d)|(?<=\d), (?=[-+]?\d[\d.]*\])")
LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]+)?\))")
ALWAYS = (ROOT / "CHANGELOG.md",)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add what pages link to outside docs/, the gallery, and the notebook as a page."""
    pages = sorted(ROOT / uri_path(file.src_uri) for file in files.documentation_pages())
    for path in outside([*pages, *ALWAYS]) | set(ALWAYS):
        files.append(added(config, site_uri(path), path))
    for path in sorted(MADE.rglob("*.html")):
        files.append(added(config, f"gallery/{path.relative_to(MADE).as_posix()}", path))
    for path in sorted((DOCS / "notebooks").glob("*.ipynb")):
        ran = MADE / path.name
        cells = json.loads((ran if ran.is_file() else path).read_text(encoding="utf-8"))["cells"]
        page, pictures = notebook(path.stem, cells)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=page))
        for name, content in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Turn links between docs/ and the rest of the repository into links of the site."""
    here = page.file.src_uri

    def moved(link: re.Match[str]) -> str:
        path = target(ROOT / uri_path(here), link[2])
        if path is None or not (here.startswith(OUTSIDE) or not path.is_relative_to(DOCS)):
            return link[0]
        return link[1] + os.path.relpath(site_uri(path), os.path.dirname(here)) + link[3]

    return LINK.sub(moved, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Keep an interval, a pair of numbers, and a number with its percent sign on one line."""
    parts = CODE.split(html)  # code is copied, and keeps its own spaces
    parts[::2] = [
        TOGETHER.sub(lambda gap: gap[0].replace(" ", NO_BREAK), part) for part in parts[::2]
    ]
    return "".join(parts)


def added(config: MkDocsConfig, uri: str, path: Path) -> File:
    """Return a file that lies elsewhere on disk and need not be in the navigation."""
    inclusion = InclusionLevel.NOT_IN_NAV
    return File.generated(config, uri, abs_src_path=str(path), inclusion=inclusion)


def outside(pages: list[Path]) -> set[Path]:
    """Return the files outside docs/ that pages link to, and those that these link to."""
    found: set[Path] = set()
    waiting = [page for page in pages if page.is_file()]
    while waiting:
        page = waiting.pop()
        for link in LINK.finditer(page.read_text(encoding="utf-8")):
            path = target(page, link[2])
            if path and not path.is_relative_to(DOCS) and path not in found:
                found.add(path)
                waiting += [path] if path.suffix == ".md" else []
    return found


def target(page: Path, link: str) -> Path | None:
    """Return the file of the repository that a link leads to, if it is one."""
    path = Path(os.path.normpath(page.parent / link))
    return path if path.is_file() and path.is_relative_to(ROOT) else None


def site_uri(path: Path) -> str:
    """Return where the site has a file of the repository."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    return f"{OUTSIDE}/{path.relative_to(ROOT).as_posix()}"


def uri_path(uri: str) -> str:
    """Return where the repository has a file of the site."""
    inside = uri.removeprefix(f"{OUTSIDE}/")
    return inside if inside != uri else f"docs/{uri}"


def notebook(name: str, cells: list[dict[str, Any]]) -> tuple[str, dict[str, bytes]]:
    """Return a notebook as markdown, and the pictures that its cells drew by file name."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in cells:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                file = f"{name}-{len(pictures) + 1}.png"
                pictures[file] = base64.b64decode("".join(data["image/png"]))
                parts.append(f"![What the cell above draws]({file})")
            elif "text/markdown" in data:
                parts.append("".join(data["text/markdown"]))
            elif "text/html" in data:
                parts.append(f'<div class="frame">{plain_table("".join(data["text/html"]))}</div>')
            else:
                text = output.get("text") or data.get("text/plain", "")
                parts.append(f"```text\n{''.join(text).rstrip()}\n```")
    return "\n\n".join(parts) + "\n", pictures


def plain_table(html: str) -> str:
    """Return a table without the looks it brings along, so that it gets those of the site."""
    return re.sub("<table[^>]*>", "<table>", re.sub("<style.*?</style>", "", html, flags=re.DOTALL))
