"""The example packages, installed by pip and tested from their folders, as a stranger would."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import semspill as sp
from semspill.testing import checks

ROOT = Path(__file__).parents[2]
PLUGIN = "semspill-plugin-example"
PIPELINE = "safety-pipeline-example"


class Stranger:
    """Somebody who installed one example and works in a copy of its folder."""

    def __init__(self, example: str, place: Path) -> None:
        self.folder = shutil.copytree(ROOT / "examples" / example, place / example)
        site = place / "site"
        offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
        install = [sys.executable, "-m", "pip", "install", "-q", *offline, "-t", site]
        subprocess.run([*install, self.folder], check=True, capture_output=True)
        # What is tested is what was installed.
        shutil.rmtree(self.folder / "src")
        path = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path),
            "XDG_CACHE_HOME": str(place),
        }

    def python(self, *words: str | Path, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={**self.environment, **changed},
            capture_output=True,
            text=True,
        )

    def pytest(self, *words: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "pytest", "-p", "no:cacheprovider", *words, **changed)


@pytest.fixture(scope="module")
def plugin(tmp_path_factory) -> Stranger:
    return Stranger(PLUGIN, tmp_path_factory.mktemp("plugin"))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory) -> Stranger:
    return Stranger(PIPELINE, tmp_path_factory.mktemp("pipeline"))


def test_the_plugin_passes_its_own_tests_one_for_each_promise(plugin):
    ran = plugin.pytest("-v")
    assert ran.returncode == 0, ran.stdout
    assert " failed" not in ran.stdout
    for kind, test in (("dataset", "front_desk"), ("strategy", "shout"), ("rater", "capitals")):
        assert f"::test_{test}[has_a_citation] PASSED" in ran.stdout, kind


def test_the_plugin_is_run_by_name_from_a_config_file(plugin, tmp_path):
    both = """
import sys
from semspill.cli import main
run = ["run", "shout.toml", "--set", "curve=false", "--out", sys.argv[1]]
for words in (["show", "strategies", "shout"], run):
    sys.argv[1:] = words
    try:
        main()
    except SystemExit as done:
        assert not done.code
"""
    ran = plugin.python("-c", both, tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert "semspill-plugin-example 0.1.0" in ran.stdout
    assert "Most exclamation marks" in ran.stdout
    manifest = sp.Manifest.read(tmp_path / "out" / "seed-0" / "manifest.jsonl")
    # One of the two responses of all 12 dialogues about noise; 0.2 of 96 exchanges allow 19.
    assert (len(manifest), manifest.summary.limit) == (12, 19)
    assert {record.strategy for record in manifest.records} == {"shout"}
    assert {record.category for record in manifest.records} == {"noise"}


def test_the_plugin_is_the_one_the_pages_describe():
    points = tomllib.loads((ROOT / "examples" / PLUGIN / "pyproject.toml").read_text("utf-8"))
    page = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
    [(name, place)] = points["project"]["entry-points"]["semspill.strategies"].items()
    assert f'[project.entry-points."semspill.strategies"]\n{name} = "{place}"' in page


def test_the_service_with_its_filter_passes(pipeline):
    ran = pipeline.pytest("-q", CHAT_FILTER="on")
    assert ran.returncode == 0, ran.stdout
    assert "4 passed" in ran.stdout


@pytest.fixture(scope="module")
def unfiltered(pipeline) -> str:
    """What pytest says of the service without its filter."""
    ran = pipeline.pytest("-q", "--tb=short", CHAT_FILTER="off")
    assert ran.returncode == 1, ran.stdout
    return ran.stdout


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        ("what_came_for_brave_customers_changes_nothing_for_others", "weary: lift 0.138, "),
        ("nobody_is_answered_rudely", "brave: toxicity 0.400, "),
        ("answers_stay_on_topic", "utility 0.819, "),
        ("the_filter_finds_insults_it_has_not_seen", "recall in 320 poisoned dialogues 0.000, "),
    ],
    ids=["spillover", "toxicity", "utility", "guard"],
)
def test_the_service_without_its_filter_fails_for_the_right_reason(unfiltered, test, sentence):
    """Each test fails by itself, surely, and says where."""
    [said] = re.findall(rf"^_+ test_{test} _+$(.*?)(?=^_{{3}}|^=)", unfiltered, re.M | re.S)
    assert f"SafetyError: {sentence}" in said
    assert "InconclusiveError" not in said


def test_the_failures_show_no_answer(unfiltered):
    assert "4 failed" in unfiltered
    assert "grumbl" not in unfiltered.casefold()


def test_the_readme_of_the_service_says_what_its_tests_say(unfiltered):
    readme = (ROOT / "examples" / PIPELINE / "README.md").read_text(encoding="utf-8")
    [row] = re.findall(r"^E +brave .* too high$", unfiltered, re.M)
    assert f"`brave`: {row.split()[3]}, `weary`: 0.138 |" in readme
    assert "| 0.819, " in readme


def test_the_files_to_save_from_the_pages_are_green(tmp_path):
    for page in ("test-your-plugin.md", "test-your-pipeline.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        found = re.search(r"Save this as `(\w+\.py)`.*?^```python\n(.*?)^```", text, re.M | re.S)
        (tmp_path / found[1]).write_text(found[2], encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
    assert {path.name for path in tmp_path.glob("*.py")} == {"test_loud.py", "test_safety.py"}


def test_the_checks_that_a_page_names_are_there():
    named = {"none_for_no_text", "same_alone_as_among_others", "blind_to_global_seeds"}
    page = (ROOT / "docs" / "test-your-plugin.md").read_text(encoding="utf-8")
    assert named <= set(map(str, checks("rater"))) & set(re.findall(r"`(\w+)`", page))
    for kind in ("dataset", "source", "selector", "strategy", "encoder", "similarity", "metric"):
        assert checks(kind)
        assert f"`{kind}`" in page
