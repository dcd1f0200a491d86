"""Make the reports of the gallery and run the notebook, into build/gallery/, for `make docs`.

Arguments are fields of every run, such as `dataset.train=400`, which override the gallery's own;
those of the data are the notebook's too.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

from semspill import compare, load_config, run, sweep
from semspill.experiment import target_matrix
from semspill.report import comparison_page

DOCS = Path(__file__).resolve().parent
DEMO = DOCS.parent / "examples" / "demo.toml"
NOTEBOOK = DOCS / "notebooks" / "first-look.ipynb"
DATA = r"\"echo\": 0.2}"  # the end of what it builds
RUNS = {
    "first": (),  # that of the tutorial; docs/make_pictures.py takes pictures of it
    "arms": (
        "arms=['clean', 'poison', 'train_only', 'pool_only', 'benign_swap']",
        "similarities=['centroid', 'confusion']",
    ),
    "inconclusive": ("seeds=[0]", "dataset.test=160", "poisoner.budget=0.04"),
}
SWEEPS = {
    "targets": ("poisoner.selector.category", "all", ("seeds=[0, 1]", "dataset.categories=6")),
    "compared": ("poisoner.budget", [0.03, 0.06, 0.12], ()),
}


def make(folder: Path, work: Path, fields: Sequence[str]) -> None:
    """Run what the gallery shows, with these fields, and keep the page of each."""
    cache = work / "shared"  # what several train alike is trained once
    for name, changed in RUNS.items():
        run(load_config(DEMO, (*changed, *fields)), out=work / name, cache=cache)
        shutil.copy(work / name / "report.html", folder / f"{name}.html")
    for name, (field, values, changed) in SWEEPS.items():
        variants = sweep(load_config(DEMO, (*changed, *fields)), {field: values}, cache=cache)
        matrices = [
            target_matrix(variants, of=of) for of in ("asr", "toxicity") if name == "targets"
        ]
        reports = {variant.name: variant.report for variant in variants}
        found = None if matrices else compare(*reports.values(), labels=list(reports))
        page = comparison_page(reports, matrices, comparison=found)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")


def execute(path: Path, work: Path, fields: Sequence[str]) -> nbformat.NotebookNode:
    """Return a notebook with its outputs; a cell that fails raises."""
    text = path.read_text(encoding="utf-8")
    assert text.count(DATA) == 1, f"{path.name} builds its data in another way"
    pairs = [field.removeprefix("dataset.").split("=") for field in fields if "dataset." in field]
    more = "".join(rf", \"{name}\": {value}" for name, value in pairs)
    notebook = nbformat.reads(text.replace(DATA, DATA[:-1] + more + "}"), as_version=4)
    place = {"metadata": {"path": str(work)}}
    # Sockets in a folder of its own: by default a kernel can be heard by others, and warns of it.
    unseen = Config({"KernelManager": {"transport": "ipc", "ip": str(work / "kernel")}})
    NotebookClient(notebook, timeout=300, resources=place, config=unseen).execute()
    return notebook


if __name__ == "__main__":
    folder = DOCS.parent / "build" / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        os.environ["XDG_CACHE_HOME"] = work
        make(folder, Path(work), sys.argv[1:])
        made = execute(NOTEBOOK, Path(work), sys.argv[1:])
        nbformat.write(made, folder / NOTEBOOK.name)
