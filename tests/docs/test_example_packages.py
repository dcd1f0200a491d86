"""The example packages, installed by pip and tested from their folders, as a stranger would."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import semspill as sp

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

    def pytest(self, *runs: tuple[dict[str, str], list[str]]) -> list[tuple[int, str]]:
        """Run pytest once for each pair of variables and options, all in one process.

        Returns:
            How each ended, and what it said.
        """
        ran = self.python("-c", PYTEST, json.dumps(runs))
        assert ran.returncode == 0, ran.stderr
        parts = re.split(r"^ENDED (\d+)\n", ran.stdout, flags=re.M)
        return list(zip(map(int, parts[1::2]), parts[::2], strict=False))


# A process for each would import everything again, which takes longer than the tests.
PYTEST = """
import json, os, sys
import pytest
for variables, options in json.loads(sys.argv[1]):
    os.environ.update(variables)
    print(f"ENDED {int(pytest.main(['-p', 'no:cacheprovider', *options]))}", flush=True)
"""
BY_NAME = """
import sys
from semspill.cli import main
from semspill.report import _page
_page.draw = lambda report: {}  # most of the time of so small a run
run = ["run", "shout.toml", "--set", "curve=false", "--out", sys.argv[-1]]
for words in (["show", "strategies", "shout"], run):
    sys.argv[1:] = words
    try:
        main()
    except SystemExit as done:
        assert not done.code
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory) -> Stranger:
    return Stranger(PLUGIN, tmp_path_factory.mktemp("plugin"))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory) -> Stranger:
    return Stranger(PIPELINE, tmp_path_factory.mktemp("pipeline"))


@pytest.fixture(scope="module")
def used(plugin, tmp_path_factory) -> tuple[str, Path]:
    """What the plugin's own tests and two commands say, in this order, and a run's folder."""
    out = tmp_path_factory.mktemp("run") / "out"
    ran = plugin.python("-c", PYTEST + BY_NAME, json.dumps([({}, ["-v"])]), out)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout, out


def test_the_plugin_passes_its_own_tests_one_for_each_promise(used):
    said, _ = used[0].split("\nENDED 0\n")
    assert " failed" not in said
    for kind, test in (("dataset", "front_desk"), ("strategy", "shout"), ("rater", "capitals")):
        assert f"::test_{test}[has_a_citation] PASSED" in said, kind


def test_the_plugin_is_run_by_name_from_a_config_file(used):
    _, said = used[0].split("\nENDED 0\n")
    assert "semspill-plugin-example 0.1.0" in said
    assert "Most exclamation marks" in said
    manifest = sp.Manifest.read(used[1] / "seed-0" / "manifest.jsonl")
    # One of the two responses of all 12 dialogues about noise; 0.2 of 96 exchanges allow 19.
    assert (len(manifest), manifest.summary.limit) == (12, 19)
    assert {record.strategy for record in manifest.records} == {"shout"}
    assert {record.category for record in manifest.records} == {"noise"}


def test_the_plugin_is_the_one_the_pages_describe():
    points = tomllib.loads((ROOT / "examples" / PLUGIN / "pyproject.toml").read_text("utf-8"))
    page = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
    [(name, place)] = points["project"]["entry-points"]["semspill.strategies"].items()
    assert f'[project.entry-points."semspill.strategies"]\n{name} = "{place}"' in page


@pytest.fixture(scope="module")
def service(pipeline) -> list[tuple[int, str]]:
    """How the service's tests end without its filter and then with it, as its workflow runs them.

    In this order, because both write the same page.
    """
    command = commands_of(PIPELINE, ".github/workflows/safety.yml")[-1]
    assert command.startswith("pytest ")
    without = ({"CHAT_FILTER": "off"}, ["-q", "--tb=short"])
    return pipeline.pytest(without, ({"CHAT_FILTER": "on"}, ["-q", *command.split()[1:]]))


def test_the_service_with_its_filter_passes_as_its_workflow_runs_it(pipeline, service):
    code, said = service[1]
    assert code == 0, said
    assert "4 passed" in said
    junit = (pipeline.folder / "safety.xml").read_text(encoding="utf-8")
    assert junit.count('name="semspill_outcome" value="pass"') == 4
    assert "No spillover outside brave: passed" in (pipeline.folder / "safety.html").read_text(
        "utf-8"
    )


@pytest.fixture(scope="module")
def unfiltered(service) -> str:
    """What pytest says of the service without its filter."""
    code, said = service[0]
    assert code == 1, said
    return said


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        (
            "what_came_for_brave_customers_changes_nothing_for_others",
            "weary: toxicity lift 0.138, ",
        ),
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


def test_the_files_to_save_from_the_pages_say_what_the_pages_say(tmp_path, chat_url):
    for page in ("test-your-plugin.md", "test-your-pipeline.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        found = re.search(r"Save this as `(\w+\.py)`.*?^```python\n(.*?)^```", text, re.M | re.S)
        (tmp_path / found[1]).write_text(found[2], encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--tb=line", "."],
        cwd=tmp_path,
        env={
            **os.environ,
            "XDG_CACHE_HOME": str(tmp_path),
            "CHAT_URL": chat_url,
            "CHAT_MODEL": "support-2",
            "CHAT_RELEASE": "abc123",
        },
        capture_output=True,
        text=True,
    )
    outcomes = re.findall(r"^(test_\w+\.py)::\S+ (\w+)", ran.stdout, re.M)
    assert {each for each in outcomes if each[0] == "test_loud.py"} == {("test_loud.py", "PASSED")}
    # It asks the service, which insults people: the test is no green test of nothing.
    safety = [outcome for file, outcome in outcomes if file == "test_safety.py"]
    assert safety == ["FAILED", "FAILED"], ran.stdout
    assert len(re.findall(r"SafetyError: weary: ", ran.stdout)) >= 2
    assert "grumble" not in ran.stdout.casefold()
    assert "(version abc123)" in (tmp_path / "safety.html").read_text(encoding="utf-8")


def test_the_workflow_sets_what_the_page_s_tests_read_and_keeps_what_they_write():
    page = (ROOT / "docs" / "test-your-pipeline.md").read_text(encoding="utf-8")
    workflow = (ROOT / "examples" / PIPELINE / ".github/workflows/safety.yml").read_text("utf-8")
    read = set(re.findall(r"os\.environ(?:\.get\(|\[)[\"'](CHAT_\w+)", page))
    assert read == {name for name in yaml.safe_load(workflow)["env"] if name != "SEMSPILL"}
    [job] = yaml.safe_load(workflow)["jobs"].values()
    with_ = [step["with"] for step in job["steps"] if "with" in step]
    assert with_[-1]["path"].split() == ["safety.xml", "safety.html"]
    assert [one["path"] for one in with_ if "key" in one] == ["answers", "answers"]


WORKFLOWS = [
    (PIPELINE, ".github/workflows/safety.yml", "test-your-pipeline.md"),
    (PLUGIN, ".github/workflows/test.yml", "test-your-plugin.md"),
]


def commands_of(example: str, workflow: str) -> list[str]:
    text = (ROOT / "examples" / example / workflow).read_text(encoding="utf-8")
    [job] = yaml.safe_load(text)["jobs"].values()
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.mark.parametrize(("example", "workflow", "page"), WORKFLOWS, ids=[PIPELINE, PLUGIN])
def test_a_workflow_is_the_one_of_its_page_and_uses_released_actions(example, workflow, page):
    text = (ROOT / "examples" / example / workflow).read_text(encoding="utf-8")
    shown = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert f"```text\n{text.rstrip()}\n```" in shown
    read = yaml.safe_load(text)
    # YAML takes a bare `on` for true.
    assert read[True] == ["push", "pull_request"]
    [job] = read["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used[0].startswith("actions/checkout@v")
    assert all(re.fullmatch(r"actions/[a-z/-]+@v\d+", one) for one in used)


@pytest.mark.parametrize(("example", "workflow", "page"), WORKFLOWS, ids=[PIPELINE, PLUGIN])
def test_a_workflow_installs_semspill_with_what_needs_it(example, workflow, page):
    """On a runner that has nothing: semspill is on no index, so a name alone would not do."""
    torch, install, *_ = commands_of(example, workflow)
    assert torch.startswith("pip install --no-deps torch ")
    pip = f"{sys.executable} -m pip install --dry-run -q --ignore-installed --report -"
    offline = "--no-deps --no-build-isolation --no-index --disable-pip-version-check"
    ran = subprocess.run(
        ["bash", "-c", install.replace("pip install", f"{pip} {offline}", 1)],
        cwd=ROOT / "examples" / example,
        env={**os.environ, "SEMSPILL": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    found = {one["metadata"]["name"]: one["metadata"] for one in json.loads(ran.stdout)["install"]}
    assert set(found) == {"semspill", example}
    # All else that the tests need comes with semspill, or is pytest.
    needs = [line for one in found.values() for line in one["requires_dist"] if "extra" not in line]
    public = {re.split(r"[^\w-]", line)[0] for line in needs} - {"semspill"}
    wanted = {re.split(r"[^\w-]", line)[0] for line in found[example]["requires_dist"]}
    assert wanted <= public | {"pytest", "semspill"}
