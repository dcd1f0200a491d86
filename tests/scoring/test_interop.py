"""Raters from garak and inspect_ai: the real packages where they are, and what is said if not."""

import asyncio
import importlib.metadata
import importlib.util
import sys
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

from semspill import raters
from semspill.errors import DataError, MissingExtraError, PluginError
from semspill.scoring import GarakRater, InspectRater, ToxicityScorer

needs_garak = pytest.mark.skipif(importlib.util.find_spec("garak") is None, reason="needs garak")
needs_inspect = pytest.mark.skipif(
    importlib.util.find_spec("inspect_ai") is None, reason="needs inspect-ai"
)


@pytest.fixture
def without(monkeypatch):
    """Neither package is installed."""

    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    for module in (sys.modules[cls.__module__] for cls in (GarakRater, InspectRater)):
        monkeypatch.setattr(module, "version", version)


@pytest.mark.parametrize(
    ("rater", "line"),
    [
        (GarakRater(detector="dan.DAN"), "pip install garak"),
        (InspectRater(scorer="some:scorer"), "pip install inspect-ai"),
    ],
    ids=["garak", "inspect"],
)
def test_a_missing_package_is_named_with_the_line_to_write(without, rater, line):
    assert line in rater.unavailable()
    with pytest.raises(MissingExtraError, match=line):
        rater.rate(["I see."])
    assert rater.rate([]).shape == (0,)


@pytest.fixture
def installed(monkeypatch):
    """Both packages, reduced to what raters call of them, as their documents describe it."""
    for module in (sys.modules[cls.__module__] for cls in (GarakRater, InspectRater)):
        monkeypatch.setattr(module, "version", lambda name: "1.0")

    def put(name, **members):
        module = types.ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)

    class Detector:
        def detect(self, attempt):
            assert attempt.prompt.lang == "*"
            for output in attempt.outputs:
                yield None if "zebra" in output.text else float("grumble" in output.text)

    def load_plugin(path):
        if path != "detectors.tests.Grumbles":
            raise ValueError(path)
        return Detector()

    def settle():
        sys.modules["garak._config"].is_loaded = True

    put("garak")
    put("garak._config", is_loaded=False, load_base_config=settle)
    put("garak._plugins", load_plugin=load_plugin)
    put(
        "garak.attempt",
        Attempt=lambda prompt: types.SimpleNamespace(prompt=prompt),
        Message=lambda text, lang=None: types.SimpleNamespace(text=text, lang=lang),
    )
    letters = {"C": 1.0, "P": 0.5, "I": 0.0}
    put("inspect_ai")
    put(
        "inspect_ai.model",
        ModelName=str,
        ChatMessageAssistant=lambda content: content,
        ModelOutput=types.SimpleNamespace(
            from_content=lambda model, text: types.SimpleNamespace(completion=text)
        ),
    )
    put(
        "inspect_ai.scorer",
        Target=str,
        value_to_float=lambda: lambda value: letters.get(value, value),
    )
    put("inspect_ai.solver", TaskState=types.SimpleNamespace)
    put("my_scorers", grumbles=lambda: grumbles, several=lambda: several, none=lambda: none)


async def grumbles(state, target):
    await asyncio.sleep(0)
    text = state.output.completion
    return types.SimpleNamespace(value="C" if "grumble" in text else "P" if "?" in text else "I")


async def several(state, target):
    return types.SimpleNamespace(value={"rude": 0.25, "long": 1})


async def none(state, target):
    return None


TEXTS = ["You grumble.", "I see.", "Why?"]


def test_a_detector_of_garak_rates(installed):
    rater = raters.build({"name": "garak", "detector": "tests.Grumbles"})
    assert rater.rate(TEXTS).tolist() == [1.0, 0.0, 0.0]
    assert rater.unavailable() is None
    assert sys.modules["garak._config"].is_loaded
    with pytest.raises(PluginError, match="no rating for 1 of 2 texts"):
        rater.rate(["zebra", "I see."])
    with pytest.raises(DataError, match=r"'tests\.Other' of garak cannot be loaded \(ValueError\)"):
        GarakRater(detector="tests.Other").rate(TEXTS)


def test_a_scorer_of_inspect_rates(installed):
    rater = raters.build({"name": "inspect", "scorer": "my_scorers:grumbles"})
    assert rater.rate(TEXTS).tolist() == [1.0, 0.0, 0.5]
    assert rater.replace(high="harmless").rate(TEXTS).tolist() == [0.0, 1.0, 0.5]
    assert rater.unavailable() is None

    async def notebook():
        return rater.rate(TEXTS[:1])

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps a loop in this one
        assert thread.submit(asyncio.run, notebook()).result().tolist() == [1.0]
    named = InspectRater(scorer="my_scorers:several", key="rude")
    assert named.rate(TEXTS).tolist() == [0.25] * 3
    with pytest.raises(PluginError, match="gave a dict of 2 entries"):
        named.replace(key=None).rate(TEXTS)
    with pytest.raises(PluginError, match="gave None"):
        InspectRater(scorer="my_scorers:none").rate(TEXTS)
    with pytest.raises(DataError, match="'my_scorers:other' cannot be imported"):
        InspectRater(scorer="my_scorers:other").rate(TEXTS)


def test_ratings_of_another_version_or_scorer_are_others(installed, monkeypatch, tmp_path):
    rater = GarakRater(detector="tests.Grumbles")
    before = rater.fingerprint
    monkeypatch.setattr(sys.modules[GarakRater.__module__], "version", lambda name: "2.0")
    assert rater.fingerprint != before
    (tmp_path / "scorers_here.py").write_text("one = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    scorer = InspectRater(scorer="scorers_here:one")
    assert scorer.reads() == (tmp_path / "scorers_here.py",)
    before = scorer.fingerprint
    (tmp_path / "scorers_here.py").write_text("one = 2\n")
    assert scorer.fingerprint != before
    assert InspectRater(scorer="nowhere.to_be:found").reads() == ()


@needs_garak
def test_a_real_detector_of_garak():
    # It looks for answers that do not refuse.
    rater = GarakRater(detector="mitigation.MitigationBypass")
    texts = ["As an AI language model, I cannot do that.", "The sky is blue."]
    assert ToxicityScorer(rater=rater, cache=None).score(texts).tolist() == [0.0, 1.0]


@needs_inspect
def test_a_real_scorer_of_inspect(tmp_path, monkeypatch):
    (tmp_path / "real_scorers.py").write_text(
        "from inspect_ai.scorer import Score, accuracy, pattern, scorer\n"
        "@scorer(metrics=[accuracy()])\n"
        "def rude():\n"
        "    async def score(state, target):\n"
        "        return Score(value='C' if 'grumble' in state.output.completion else 'I')\n"
        "    return score\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert InspectRater(scorer="real_scorers:rude").rate(TEXTS).tolist() == [1.0, 0.0, 0.0]
