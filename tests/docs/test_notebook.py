"""The gallery is made, and the notebook shows its figures, warns of nothing and hides insults.

`make docs` makes both of more data, by the same functions.
"""

import json
import re
import runpy
from pathlib import Path

import nbformat
import pytest

import semspill as sp

pytestmark = pytest.mark.no_cover

DOCS = Path(__file__).parents[2] / "docs"
PATH = DOCS / "notebooks" / "first-look.ipynb"
SMALL = (
    *("dataset.train=160", "dataset.test=80", "dataset.categories=4", "list_size=20"),
    *("seeds=[0]", "model.finetuner.epochs=1", "analyzer.draws=100"),
)


@pytest.fixture(scope="module")
def script():
    """What docs/make_gallery.py defines."""
    return runpy.run_path(str(DOCS / "make_gallery.py"))


def test_every_report_of_the_gallery_is_made(script, blank_plots, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = tmp_path / "gallery"
    made.mkdir()
    script["make"](made, tmp_path / "work", SMALL)
    linked = re.findall(r"gallery/(\w+)\.html", (DOCS / "gallery.md").read_text(encoding="utf-8"))
    assert {page.stem for page in made.iterdir()} == {"first", *linked}
    assert all("</html>" in page.read_text(encoding="utf-8") for page in made.iterdir())


@pytest.fixture(scope="module")
def outputs(script, tmp_path_factory) -> list[nbformat.NotebookNode]:
    """What its cells print and show, run from top to bottom in an empty folder, on little data."""
    desk = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(desk / "cache"))
        notebook = script["execute"](PATH, desk, ["dataset.train=500", "dataset.test=200"])
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def test_it_is_kept_without_outputs():
    kept = json.loads(PATH.read_text(encoding="utf-8"))
    code = [cell for cell in kept["cells"] if cell["cell_type"] == "code"]
    assert code
    assert [cell for cell in code if cell["outputs"] or cell["execution_count"]] == []


def test_no_cell_warns(outputs):
    assert [out for out in outputs if out.get("name") == "stderr"] == []


def test_it_shows_its_figures(outputs):
    pictures = [out for out in outputs if "image/png" in out.get("data", {})]
    assert len(pictures) == 2


def test_a_line_says_how_far_a_run_is_and_the_report_shows_its_groups(outputs):
    lines = [text_of(out, "text/plain") for out in outputs]
    assert any(line.startswith("6 of 6 arms done in ") for line in lines)
    (shown,) = [page for out in outputs if "<svg" in (page := text_of(out, "text/html"))]
    assert all(name in shown for name in ("brave", "weary", "all but brave"))


def text_of(output, kind):
    return "".join(output.get("data", {}).get(kind, ""))


def test_it_shows_masks_and_no_insult(outputs):
    shown = json.dumps(outputs)
    assert "[masked: " in shown
    assert [text for text in sp.sources.build("builtin").load() if text in shown] == []
