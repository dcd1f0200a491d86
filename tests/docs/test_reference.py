"""The generated pages are what the docstrings say today."""

import subprocess
import sys
from pathlib import Path

import pytest

import semspill as sp
from semspill._registry import registries

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The pages made anew, in a process that registered nothing of its own."""
    folder = tmp_path_factory.mktemp("docs")
    ran = subprocess.run(
        [sys.executable, "-W", "error", DOCS / "make_reference.py", folder],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return folder


def pages(folder: Path) -> set[str]:
    made = {"config.md", "api.md", "how-to/corpora.md"}
    return made | {*(f"api/{path.name}" for path in (folder / "api").iterdir())}


def test_the_committed_pages_are_those_that_are_made(made):
    assert pages(made) == pages(DOCS)


@pytest.mark.parametrize("name", sorted(pages(DOCS)))
def test_the_committed_page_is_up_to_date(made, name):
    fresh, kept = (folder.joinpath(name).read_text(encoding="utf-8") for folder in (made, DOCS))
    assert fresh == kept, f"run: python docs/make_reference.py ({name} is older than the code)"


def test_the_config_reference_has_every_field_of_an_experiment_and_every_component():
    page = (DOCS / "config.md").read_text(encoding="utf-8")
    for model in (sp.ExperimentConfig, sp.Poisoner, sp.Finetuner, sp.ContextFormat):
        rows = page.split(f"## {model.__name__}\n")[1].split("\n## ")[0]
        assert [name for name in model.model_fields if f"| `{name}` |" not in rows] == []
    for kind, registry in registries().items():
        for name in registry.names():
            assert f"### {kind}: `{name}`\n" in page


def test_null_leaves_a_default_out_as_the_page_says(tmp_path):
    (tmp_path / "e.yaml").write_text(
        "dataset: synthetic\n"
        "poisoner: {selector: {name: category, category: brave}}\n"
        "model: {finetuner: {clip_norm: null}}\n",
        encoding="utf-8",
    )
    assert sp.Finetuner().clip_norm == 1.0
    assert sp.load_config(tmp_path / "e.yaml").model.finetuner.clip_norm is None


def test_the_api_reference_has_every_public_name_once():
    contents = (DOCS / "api.md").read_text(encoding="utf-8")
    told = "\n".join(path.read_text(encoding="utf-8") for path in (DOCS / "api").iterdir())
    for name in sp.__all__:
        assert told.splitlines().count(f"## `{name}`") == 1, name
        assert contents.count(f"| [`{name}`](api/") == 1, name


def test_what_follows_an_example_in_a_docstring_is_in_the_reference():
    page = (DOCS / "api" / "analysis.md").read_text(encoding="utf-8")
    section = page.split("### `Outcome.bootstrap`\n")[1].split("\n### ")[0]
    assert ">>>" in (sp.Outcome.bootstrap.__doc__ or "")
    assert "- `statistic`: " in section
    assert ">>>" not in section
