"""The docs site: every page is in the navigation, it builds strictly and asks for nothing."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
# What hooks.py adds to the pages of docs/.
ADDED = {"repository/CHANGELOG.md", "notebooks/first-look.md"}
GALLERY = ("first", "arms", "inconclusive", "targets", "compared")
BUILD = """
import sys
from pathlib import Path
from mkdocs.commands.build import build
from mkdocs.config import load_config

config = load_config(sys.argv[1], site_dir=sys.argv[2])
config.hooks["docs/hooks.py"].MADE = Path(sys.argv[3])
config.plugins.on_startup(command="build", dirty=False)
build(config)
"""
needs_mkdocs = pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None,
    reason="mkdocs is not installed; `make docs` installs it",
)


def leaves(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [leaf for part in parts for leaf in leaves(part)]


def test_every_page_is_in_the_navigation_once():
    pages = {
        path.relative_to(DOCS).as_posix()
        for path in DOCS.rglob("*.md")
        if "reference" not in path.parts
    }
    shown = leaves(SITE["nav"])
    assert set(shown) == pages | ADDED
    assert len(shown) == len(set(shown))


def test_every_picture_is_small_and_shown():
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    pictures = sorted((DOCS / "pictures").iterdir())
    assert pictures
    for picture in pictures:
        assert f"pictures/{picture.name})" in text, picture.name
        assert picture.stat().st_size < 150_000, picture.name


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The site, with empty pages in place of the gallery's reports."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "gallery").mkdir()
    for name in GALLERY:
        (folder / "gallery" / f"{name}.html").write_text("<!doctype html>", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", BUILD, ROOT / "mkdocs.yml", folder / "site", folder / "gallery"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "site"


@needs_mkdocs
def test_the_site_asks_nobody_for_anything(built):
    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"""<(?:script|img|iframe)[^>]*\ssrc=["']?([^"' >]+)""", text)
        loaded += re.findall(r"<link[^>]*rel=\"?(?:stylesheet|preload|preconnect)[^>]*>", text)
        assert [one for one in loaded if "//" in one] == [], page.name


@needs_mkdocs
def test_pages_outside_docs_come_along_with_their_links(built):
    page = (built / "concepts" / "statistics.html").read_text(encoding="utf-8")
    assert 'href="../repository/benchmarks/calibration/index.html"' in page
    calibration = built / "repository" / "benchmarks" / "calibration"
    assert "results.html" in (calibration / "index.html").read_text(encoding="utf-8")
    assert (calibration / "results.csv").is_file()
    reproduction = built / "repository" / "benchmarks" / "reproduction" / "index.html"
    assert 'href="../../../reproduction.html"' in reproduction.read_text(encoding="utf-8")


@needs_mkdocs
def test_the_notebook_is_a_page_and_a_file(built):
    page = (built / "notebooks" / "first-look.html").read_text(encoding="utf-8")
    assert "A first look" in page
    assert (built / "notebooks" / "first-look.ipynb").is_file()


@needs_mkdocs
def test_numbers_that_belong_together_are_not_broken_into_lines():
    spec = importlib.util.spec_from_file_location("hooks", DOCS / "hooks.py")
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    told = hooks.on_page_content(
        "<td>12.6 [4.8, 35.9]</td><td>8.5 / 10.8</td><td>-1.2 [-2.3, +0.1]</td> of 3 %, 1, 2 and 3 "
        "<code>[0, 1]</code> <pre><code>[0, 1] / 2</code></pre> of 3 %"
    )
    assert told.replace("\N{NO-BREAK SPACE}", "~") == (
        "<td>12.6 [4.8,~35.9]</td><td>8.5~/~10.8</td><td>-1.2 [-2.3,~+0.1]</td> of 3~%, 1, 2 and 3 "
        "<code>[0, 1]</code> <pre><code>[0, 1] / 2</code></pre> of 3~%"
    )
