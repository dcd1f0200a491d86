"""A real package with entry points, installed and used from a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Each prints one line; nothing is imported by the first two.
CODE = """
import json, sys
import numpy as np
import semspill as sp

names = [sp.strategies.names(), sp.datasets.names(), sp.raters.names()]
print(json.dumps([names, 'semspill_test_plugin' in sys.modules]))

try:
    sp.strategies.build("shuot")
except sp.RegistryError as error:
    print(json.dumps([str(error), "semspill_test_plugin" in sys.modules]))

# `abandoned` comes before `shout` in the alphabet and must not be in its way.
from semspill_test_plugin import Shout
print(json.dumps(sp.strategies.describe(Shout(most=2))))

try:
    sp.strategies.build("abandoned")
except sp.PluginError as error:
    cause = type(error.__cause__).__name__
    print(json.dumps([str(error), cause, sp.strategies.build("shout").most]))

class Grumbles(sp.ResponseSource):
    citation = "original"
    def load(self):
        return ("grumble",)

poisoned = sp.Poisoner(
    selector={"name": "category", "category": "calm"},
    strategy={"name": "shout", "most": 1},
    source=Grumbles(),
    budget=1.0,
).poison(sp.datasets.build({"name": "small_talk", "size": 3}).load("train"),
         np.random.default_rng(0))
print(json.dumps({
    "texts": poisoned.responses().texts,
    "strategies": sorted({r.strategy for r in poisoned.manifest.records}),
    "described": poisoned.manifest.summary.poisoner["strategy"],
    "ratings": sp.raters.build("grumble").rate(["I grumble", "I hum"]).tolist(),
    "origin": sp.strategies.origin("shout"),
}))
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> dict[str, object]:
    """What the code prints, with the plugin installed by pip into a folder on the path."""
    target = tmp_path_factory.mktemp("site")
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    install = [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", target, HERE]
    subprocess.run(install, check=True, capture_output=True)
    path = os.pathsep.join([str(target), *filter(None, [os.environ.get("PYTHONPATH")])])
    ran = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    names = ("names", "misspelled", "described", "broken", "parts")
    return dict(zip(names, map(json.loads, ran.stdout.splitlines()), strict=True))


def test_the_names_are_listed_and_nothing_is_imported(printed):
    (strategies, datasets, raters), imported = printed["names"]
    assert {"abandoned", "shout", "last_fixed"} <= set(strategies)
    assert "small_talk" in datasets
    assert "grumble" in raters
    assert not imported


def test_a_misspelled_name_is_answered_without_importing_any_plugin(printed):
    message, imported = printed["misspelled"]
    assert message.startswith("No poison strategy is named 'shuot'. Did you mean 'shout'? ")
    assert not imported


def test_an_imported_class_is_described_by_its_name_beside_a_broken_one(printed):
    assert printed["described"] == {"name": "shout", "most": 2}


def test_a_broken_plugin_is_named_and_breaks_only_itself(printed):
    message, cause, still = printed["broken"]
    assert message == (
        "The poison strategy 'abandoned' from semspill-test-plugin 1.2 failed to import "
        "(semspill_test_plugin._broken:Abandoned): ModuleNotFoundError: "
        "No module named 'a_package_that_nobody_wrote'"
    )
    assert cause == "ModuleNotFoundError"
    assert still == 3


def test_the_plugins_parts_work_by_name_and_mapping(printed):
    assert printed["parts"] == {
        "texts": ["IT IS.!"],
        "strategies": ["shout"],
        "described": {"name": "shout", "most": 1},
        "ratings": [1.0, 0.0],
        "origin": "semspill-test-plugin 1.2",
    }
