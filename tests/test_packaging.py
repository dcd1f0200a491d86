"""How semspill is got: its citation file, workflows, container and `make demo`."""

import fnmatch
import os
import re
import shutil
import subprocess
from importlib.metadata import metadata, version
from pathlib import Path

import pytest
import yaml

import semspill as sp

ROOT = Path(__file__).parents[1]
# Of the Citation File Format 1.2.0: what must be there, and what may be.
NEEDED = {"cff-version", "message", "title", "authors"}
ALLOWED = NEEDED | {
    *("abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords"),
    *("license", "license-url", "preferred-citation", "references", "repository"),
    *("repository-artifact", "repository-code", "type", "url", "version"),
}
PEOPLE = ({"name"}, {"family-names", "given-names"})


@pytest.fixture(scope="module")
def citation():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_citation_file_has_the_structure_of_its_format(citation):
    assert NEEDED <= set(citation) <= ALLOWED
    assert (citation["cff-version"], citation["type"]) == ("1.2.0", "software")
    for cited in (citation, *citation["references"]):
        assert {"authors", "title", "type"} <= set(cited)
        assert cited["authors"]
        assert all(any(kind <= set(each) for kind in PEOPLE) for each in cited["authors"])
        texts = [cited["title"], *(text for each in cited["authors"] for text in each.values())]
        assert all(isinstance(text, str) and text for text in texts)


def test_the_citation_file_says_what_the_package_says(citation):
    assert (citation["title"], citation["version"]) == ("semspill", version("semspill"))
    assert citation["license"] == metadata("semspill")["License-Expression"]
    paper = sp.strategies.build("last_fixed").citation
    assert [cited["title"] for cited in citation["references"]] == [paper]


def workflow(name):
    text = (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")
    read = yaml.safe_load(text)
    assert "secrets." not in text
    assert read["permissions"] == {"contents": "read"}
    for job in read["jobs"].values():
        assert job["runs-on"]
        assert all(len({"uses", "run"} & set(step)) == 1 for step in job["steps"])
    return read[True], read["jobs"]  # YAML 1.1 takes the key `on` for true


def commands(job):
    return [step["run"] for step in job["steps"] if "run" in step]


def test_the_workflow_of_every_push_runs_all_checks():
    begins, jobs = workflow("ci.yml")
    assert {"push", "pull_request"} == set(begins)
    assert any(".ci/run" in run for job in jobs.values() for run in commands(job))


def test_a_tag_builds_tries_and_only_then_publishes_the_package():
    begins, jobs = workflow("release.yml")
    assert begins == {"push": {"tags": ["v*"]}}
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert [job for job in jobs if "permissions" in jobs[job]] == ["publish"]
    built = commands(jobs["build"])
    assert built.index("python -m build") < next(n for n, run in enumerate(built) if "*.whl" in run)


def test_the_container_copies_what_is_there_and_runs_without_rights():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert [name for name in copied if f"!{name}" not in let_in] == []
    # What the build of the package reads.
    assert {"pyproject.toml", "README.md", "LICENSE", "src"} <= set(copied)
    assert [line for line in lines if line.startswith("USER ")] == ["USER semspill"]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(("torch", "indexes"), [("", []), ("cpu", ["*/whl/cpu"])])
def test_make_demo_installs_the_build_of_pytorch_that_is_asked_for(torch, indexes):
    """And says on a line of its own what it is doing before each step that takes long."""
    command = ["make", "--dry-run", "--always-make", "demo", f"TORCH={torch}"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    ran = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=True)
    said = ran.stdout
    lines = said.splitlines()
    installs = [n for n, line in enumerate(lines) if "pip install" in line and "upgrade" in line]
    found = re.findall(r"--index-url (\S+) torch", said)
    assert len(found) == len(indexes)
    assert all(map(fnmatch.fnmatch, found, indexes))
    rest = next(n for n, line in enumerate(lines) if "--editable" in line)
    assert all(n < rest for n in installs)
    for n, line in enumerate(lines):
        if "--editable" in line or "--index-url" in line or "semspill run" in line:
            assert lines[n - 1].startswith("echo "), line
            assert "--quiet" not in line


def test_the_page_on_installing_names_every_extra():
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(metadata("semspill").get_all("Provides-Extra"))
