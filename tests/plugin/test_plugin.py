"""A real package with entry points, installed and used from a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder that pip installed the plugin into."""
    target = tmp_path_factory.mktemp("site")
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", target, HERE],
        check=True,
        capture_output=True,
    )
    return target


def python(installed: Path, code: str) -> object:
    """Run code with the plugin on the path; return what it prints, read as JSON."""
    path = os.pathsep.join([str(installed), *filter(None, [os.environ.get("PYTHONPATH")])])
    ran = subprocess.run(
        [sys.executable, "-c", "import json, semspill as sp\n" + code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_the_names_are_listed_and_nothing_is_imported(installed):
    said = python(
        installed,
        "import sys\n"
        "names = [sp.strategies.names(), sp.datasets.names(), sp.raters.names()]\n"
        "print(json.dumps([names, 'semspill_test_plugin' in sys.modules]))",
    )
    (strategies, datasets, raters), imported = said
    assert {"abandoned", "shout", "last_fixed"} <= set(strategies)
    assert "small_talk" in datasets
    assert "grumble" in raters
    assert not imported


def test_the_plugins_parts_work_by_name_and_mapping(installed):
    said = python(
        installed,
        """
import numpy as np
clean = sp.datasets.build({"name": "small_talk", "size": 3}).load("train")
class Grumbles(sp.ResponseSource):
    citation = "original"
    def load(self):
        return ("grumble",)
poisoned = sp.Poisoner(
    selector={"name": "category", "category": "calm"},
    strategy={"name": "shout", "most": 1},
    source=Grumbles(),
    budget=1.0,
).poison(clean, np.random.default_rng(0))
print(json.dumps({
    "texts": poisoned.responses().texts,
    "strategies": sorted({r.strategy for r in poisoned.manifest.records}),
    "described": poisoned.manifest.summary.poisoner["strategy"],
    "ratings": sp.raters.build("grumble").rate(["I grumble", "I hum"]).tolist(),
    "origin": sp.strategies.origin("shout"),
}))
""",
    )
    assert said == {
        "texts": ["IT IS.!"],
        "strategies": ["shout"],
        "described": {"name": "shout", "most": 1},
        "ratings": [1.0, 0.0],
        "origin": "semspill-test-plugin 1.2",
    }


def test_a_broken_plugin_is_named_and_breaks_only_itself(installed):
    message, cause, still = python(
        installed,
        """
try:
    sp.strategies.build("abandoned")
except sp.PluginError as error:
    said = [str(error), type(error.__cause__).__name__, sp.strategies.build("shout").most]
print(json.dumps(said))
""",
    )
    assert message == (
        "The poison strategy 'abandoned' from semspill-test-plugin 1.2 failed to import "
        "(semspill_test_plugin._broken:Abandoned): ModuleNotFoundError: "
        "No module named 'a_package_that_nobody_wrote'"
    )
    assert cause == "ModuleNotFoundError"
    assert still == 3


def test_an_imported_class_is_described_by_its_name_beside_a_broken_one(installed):
    """`abandoned` comes before `shout` in the alphabet and must not be in its way."""
    said = python(
        installed,
        "from semspill_test_plugin import Shout\n"
        "print(json.dumps(sp.strategies.describe(Shout(most=2))))",
    )
    assert said == {"name": "shout", "most": 2}


def test_a_misspelled_name_is_answered_without_importing_any_plugin(installed):
    message, imported = python(
        installed,
        """
import sys
try:
    sp.strategies.build("shuot")
except sp.RegistryError as error:
    print(json.dumps([str(error), "semspill_test_plugin" in sys.modules]))
""",
    )
    assert message.startswith("No poison strategy is named 'shuot'. Did you mean 'shout'? ")
    assert not imported
