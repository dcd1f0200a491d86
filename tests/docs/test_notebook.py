"""The notebook for beginners shows its figures, warns of nothing and hides insults.

`make docs` runs it as it is; here it runs with fewer dialogues.
"""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

import semspill as sp

PATH = Path(__file__).parents[2] / "docs" / "notebooks" / "first-look.ipynb"
SIZE = r"\"echo\": 0.2}"
SMALL = r"\"echo\": 0.2, \"train\": 500, \"test\": 200}"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory) -> list[nbformat.NotebookNode]:
    """What its cells print and show, run from top to bottom in an empty folder, on little data."""
    desk = tmp_path_factory.mktemp("notebook")
    text = PATH.read_text(encoding="utf-8")
    assert text.count(SIZE) == 1
    notebook = nbformat.reads(text.replace(SIZE, SMALL), as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(desk / "cache"))
        place = {"metadata": {"path": str(desk)}}
        unseen = Config({"KernelManager": {"transport": "ipc", "ip": str(desk / "kernel")}})
        NotebookClient(notebook, timeout=300, resources=place, config=unseen).execute()
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
