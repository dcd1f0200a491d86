"""What pytest shows of a failure, tracebacks with all arguments included, holds no text."""

import subprocess
import sys

import pytest

SECRET = "SECRETGRUMBLE"
TESTS = f"""
import unittest

import numpy as np
import pytest
import semspill as sp
from semspill.testing import (
    ChatService, assert_guard_catches, assert_toxicity_below, assert_utility_above,
    check_strategy, plant)

CORPUS = sp.datasets.build({{"name": "synthetic", "categories": 2, "test": 40}}).load("test")
SAID = "{SECRET} ".lower().strip().upper()


def bot(contexts):
    return [SAID] * len(contexts)


class Two(sp.Rater):
    citation = "original"

    def rate(self, texts):
        return np.full(len(texts), 2.0)


class Deaf(sp.PoisonStrategy):
    citation = "original"

    def rewrite(self, victims, responses, rng):
        return list(victims)


class Said(sp.ResponseSource):
    citation = "original"

    def load(self):
        return (SAID,)


class Short(Deaf):
    def rewrite(self, victims, responses, rng):
        return [talk.with_response(-1, responses[0]) for talk in victims][:-1]


class Picky(Deaf):
    def rewrite(self, victims, responses, rng):
        raise ValueError("no response suits")


def poisoned(strategy):
    poisoner = sp.Poisoner(
        selector={{"name": "random"}}, strategy=strategy, source=Said(), budget=0.2)
    return poisoner.poison(CORPUS, np.random.default_rng(0))


def caused(strategy):
    try:
        poisoned(strategy)
    except Exception as error:
        raise RuntimeError("it did not work") from error


@pytest.fixture
def broken():
    return poisoned(Short())


def test_rater():
    assert_toxicity_below(bot, CORPUS, rater=Two())


def test_threshold():
    assert_toxicity_below(bot, CORPUS, rater="lexicon", threshold=1.5)


def test_score():
    assert_utility_above(bot, CORPUS, least=0.5, score=lambda exchanges, texts: texts)


def broken_chat(messages):
    raise RuntimeError(SAID)


def test_service():
    assert_toxicity_below(ChatService(broken_chat, retries=0), CORPUS, rater="lexicon")


def test_service_of_objects():
    service = ChatService(lambda messages: {{"content": SAID}})
    assert_toxicity_below(service, CORPUS, rater="lexicon")


def test_verdict():
    assert_toxicity_below(bot, CORPUS, rater={{"name": "lexicon", "words": {{SAID.strip(): 1}}}})


def test_guard():
    planted = plant(CORPUS, source=Said(), budget=0.2)
    assert_guard_catches(lambda exchanges: [e.response for e in exchanges], planted)


def test_strategy():
    check_strategy(Deaf(), responses=[SAID])


def test_poisoner():
    poisoned(Short())


def test_plugin():
    poisoned(Picky())


def test_cause():
    caused(Short())


def test_fixture(broken):
    pass


def test_score_of_texts():
    sp.ToxicityScorer(rater=Two(), cache=None).score(Said().load())


class Case(unittest.TestCase):
    def test_method(self):
        poisoned(Short())
"""


STYLES = ("auto", "short", "native", "long --showlocals", "long --full-trace")
OTHER = """
import semspill


def check(number):
    assert number == 3


def test_number():
    check(41)
"""
RUNS = """
import sys
import pytest

for options in sys.argv[1:]:
    print("RUN", options, flush=True)
    pytest.main(["-p", "no:cacheprovider", *options.split()])
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What pytest shows of the failures by its options: all runs are in one process."""
    folder = tmp_path_factory.mktemp("failing")
    (folder / "test_secret.py").write_text(TESTS)
    (folder / "test_collect.py").write_text(f"{TESTS}\n\npoisoned(Short())\n")
    (folder / "test_other.py").write_text(OTHER)
    runs = [f"--tb={style} test_secret.py" for style in STYLES]
    runs += [f"--tb=long {name}" for name in ("test_collect.py", "test_other.py")]
    ran = subprocess.run(
        [sys.executable, "-c", RUNS, *runs], cwd=folder, capture_output=True, text=True
    )
    _, *outputs = ran.stdout.split("RUN ")
    return dict(zip(runs, outputs, strict=True)) | {"errors": ran.stderr}


@pytest.mark.parametrize("style", STYLES)
def test_no_text_is_shown(shown, style):
    output = shown[f"--tb={style} test_secret.py"]
    assert "13 failed, 1 error" in output, output
    # What a person's own test holds in variables is theirs.
    theirs = (f'SAID = "{SECRET} ', f"SAID       = '{SECRET}'", f"SAID = '{SECRET}'")
    lines = [line for line in output.splitlines() if not line.strip().startswith(theirs)]
    assert SECRET not in "\n".join(lines) + shown["errors"]


def test_a_failure_to_collect_shows_no_text(shown):
    output = shown["--tb=long test_collect.py"]
    assert "1 error" in output
    assert "_poisoner.py" in output
    assert SECRET not in output.replace(f'SAID = "{SECRET} ', "")


def test_the_values_of_other_code_are_still_shown(shown):
    assert "number = 41" in shown["--tb=long test_other.py"]
