"""Functions as raters and as strategies, with a fingerprint of what they do."""

import functools
import importlib
import sys

import numpy as np
import pytest

import semspill as sp
from semspill.errors import ConfigError, PluginError
from semspill.scoring import LexiconRater
from semspill.testing import (
    SafetyError,
    assert_toxicity_below,
    audit,
    check_rater,
    check_strategy,
)

TEXTS = ["HEY", "hey", "Hey you"]


def shouting(texts):
    return [float(text.isupper()) for text in texts]


def shout(victims, responses, rng):
    return [d.with_response(-1, d.response(-1).upper()) for d in victims]


@pytest.fixture(scope="module")
def corpus():
    return sp.datasets.build({"name": "synthetic", "test": 60}).load("test")


def score(rater):
    return sp.ToxicityScorer(rater=rater, cache=None).score(TEXTS).tolist()


def test_a_function_stands_wherever_a_rater_is_wanted(corpus):
    assert score(shouting) == [1.0, 0.0, 0.0]
    assert score(lambda texts: np.full(len(texts), 0.25)) == [0.25, 0.25, 0.25]
    assert score(sp.rater(str.isupper, each=True)) == [1.0, 0.0, 0.0]
    found = audit(lambda contexts: ["HEY"] * len(contexts), corpus, rater=shouting)
    assert (found.rater, found.toxicity["all"].value) == ("shouting", 1.0)
    with pytest.raises(SafetyError, match="toxicity"):
        assert_toxicity_below(lambda contexts: ["HEY"] * len(contexts), corpus, rater=shouting)
    fields = {"dataset": "synthetic", "poisoner": {"selector": "random"}, "target": "brave"}
    assert sp.load_config({**fields, "rater": shouting}).rater.rate(["A"]) == [1.0]
    check_rater(sp.rater(shouting))


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (
            lambda texts: texts.upper(),
            r"raised AttributeError \(test_functions\.py, line \d+\) for 3 texts",
        ),
        (lambda texts: 0.5, r"returned an array of shape \(\) for 3 texts"),
        (lambda texts: [0.5], r"returned an array of shape \(1,\) for 3 texts"),
        (lambda texts: None, "returned NoneType for 3 texts"),
    ],
)
def test_a_function_of_one_text_is_told_how_to_be_a_rater(function, what):
    with pytest.raises(PluginError, match=f"'lambda' {what}; .*each=True"):
        score(function)


def test_a_rating_out_of_bounds_is_refused_by_the_name_of_the_function():
    with pytest.raises(PluginError, match=r"judge\.rate gave 2\.0"):
        score(sp.rater(lambda texts: [2.0] * len(texts), name="judge"))


@pytest.mark.parametrize("given", [3, None, LexiconRater, LexiconRater()])
def test_what_is_no_function_is_refused(given):
    with pytest.raises(ConfigError, match="give a function"):
        sp.rater(given)
    with pytest.raises(ConfigError, match="give a function"):
        sp.strategy(given)


@pytest.mark.parametrize(
    "function", [lambda: [], lambda talk: talk, lambda a, b: a, lambda a, b, c, d: a]
)
def test_a_strategy_of_other_arguments_is_told_which(function):
    expected = r"a strategy is f\(victims, responses, rng\) -> dialogues"
    with pytest.raises(ConfigError, match=expected):
        sp.strategy(function)
    with pytest.raises(ConfigError, match=expected):
        sp.Poisoner(selector="random", strategy=function)
    assert sp.strategy(lambda *given: given[0]).title == "lambda"


def test_a_name_must_be_one():
    with pytest.raises(ConfigError, match="must be a short text"):
        sp.rater(shouting, name="a grumble of more words than a name has")


def test_a_function_stands_wherever_a_strategy_is_wanted(corpus):
    selector = {"name": "category", "category": corpus.categories[0]}
    poisoner = sp.Poisoner(selector=selector, strategy=shout, budget=0.1)
    poisoned = poisoner.poison(corpus, np.random.default_rng(0))
    changed = [u.text for d in poisoned.corpus for u in d.utterances if u.planted]
    assert changed
    assert all(text.isupper() for text in changed)
    assert {record.strategy for record in poisoned.manifest.records} == {"shout"}
    named = poisoner.replace(strategy=sp.strategy(shout, name="loud"))
    [name] = {r.strategy for r in named.poison(corpus, np.random.default_rng(0)).manifest.records}
    assert name == "loud"
    check_strategy(sp.strategy(shout))


def test_a_function_that_breaks_the_contract_is_named(corpus):
    poisoner = sp.Poisoner(selector="random", strategy=lambda victims, responses, rng: [])
    with pytest.raises(PluginError, match=r"lambda\.rewrite returned 0 dialogues"):
        poisoner.poison(corpus, np.random.default_rng(0))


def imported(folder, text):
    """Return the function `rate` of a module with a source."""
    (folder / "judges.py").write_text(text)
    sys.modules.pop("judges", None)
    importlib.invalidate_caches()
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        return importlib.import_module("judges").rate
    finally:
        sys.dont_write_bytecode = before


SOURCE = """
import math
LEVEL = 0.5
UNUSED = 1
def level(text):
    return LEVEL * len(text)
def rate(texts):
    return [level(text) for text in texts]
"""


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (("UNUSED = 1", "UNUSED = 2"), True),
        (("LEVEL = 0.5", "LEVEL = 0.25"), False),
        (("* len(text)", "+ len(text)"), False),
        (("for text in texts]", "for text in texts[:]]"), False),
    ],
)
def test_the_fingerprint_follows_what_a_function_uses(tmp_path, monkeypatch, change, same):
    monkeypatch.syspath_prepend(tmp_path)
    first = sp.rater(imported(tmp_path, SOURCE)).fingerprint
    assert sp.rater(imported(tmp_path, SOURCE)).fingerprint == first
    other = sp.rater(imported(tmp_path, SOURCE.replace(*change))).fingerprint
    assert (other == first) is same
    monkeypatch.delitem(sys.modules, "judges")


def test_lambdas_closures_and_arguments_are_told_apart():
    def above(level):
        return lambda texts: [float(len(text) > level) for text in texts]

    def counted(texts, at=3):
        return [float(len(text) > at) for text in texts]

    pairs = [
        (above(3), above(3), True),
        (above(3), above(4), False),
        (above([3]), above([3]), True),
        (above(3), lambda texts: [0.0] * len(texts), False),
        (functools.partial(counted, at=1), functools.partial(counted, at=1), True),
        (functools.partial(counted, at=1), functools.partial(counted, at=2), False),
        (above(object()), above(object()), False),  # nobody can see into these
    ]
    for one, other, same in pairs:
        assert (sp.rater(one).fingerprint == sp.rater(other).fingerprint) is same
    held = sp.rater(above(object()))
    assert held.fingerprint == held.fingerprint


def test_a_version_stands_for_the_code():
    one = sp.rater(lambda texts: [0.0] * len(texts), name="judge", version="1")
    other = sp.rater(lambda texts: [1.0] * len(texts), name="judge", version="1")
    assert one.fingerprint == other.fingerprint
    newer = sp.rater(other.function, name="judge", version="2")
    assert newer.fingerprint != one.fingerprint


def test_a_printed_function_shows_no_text():
    held = functools.partial(shouting, "GRUMBLEWORD")
    assert "GRUMBLEWORD" not in repr(sp.rater(held)) + str(sp.rater(held))


def test_a_pipeline_is_refused_with_the_line_to_write():
    labels = {"id2label": {0: "toxic", 1: "neutral"}, "_name_or_path": "unitary/toxic-bert"}

    class TextClassificationPipeline:
        __module__ = "transformers.pipelines.text_classification"
        model = type("Model", (), {"config": type("Config", (), labels)})

        def __call__(self, texts):
            raise AssertionError("it is not asked")

    line = '{"name": "transformers", "model": "unitary/toxic-bert", "label": "toxic"}'
    with pytest.raises(ConfigError) as caught:
        score(TextClassificationPipeline())
    assert line in str(caught.value)


def test_a_rater_whose_judge_is_down_is_not_told_to_change_what_it_takes():
    def judge(texts):
        raise ConnectionError("You grumble.")

    with pytest.raises(PluginError, match=r"ConnectionError \(test_functions\.py, line") as failed:
        score(judge)
    assert "each=True" not in str(failed.value)
    assert "grumble" not in str(failed.value)


def test_an_async_rater_is_refused_by_name():
    async def judge(texts):
        return [0.0] * len(texts)

    for function in (judge, sp.rater(judge, each=True)):
        with pytest.raises(PluginError, match=r"returned .*coroutine.*; raters are synchronous"):
            score(function)
