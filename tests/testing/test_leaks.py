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
    assert_guard_catches, assert_toxicity_below, assert_utility_above, check_strategy, plant)

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


SHOWN = ("auto", "short", "native", "long --showlocals", "long --full-trace")


def run(folder, *options):
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", "."],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("style", SHOWN)
def test_no_text_is_shown(tmp_path, style):
    (tmp_path / "test_secret.py").write_text(TESTS)
    shown = run(tmp_path, *f"--tb={style}".split())
    assert "10 failed, 1 error" in shown, shown
    # What a person's own test holds in variables is theirs.
    kept = (f'SAID = "{SECRET} ', f"SAID       = '{SECRET}'", f"SAID = '{SECRET}'")
    lines = [line for line in shown.splitlines() if not line.strip().startswith(kept)]
    assert SECRET not in "\n".join(lines)


def test_a_failure_to_collect_shows_no_text(tmp_path):
    (tmp_path / "test_secret.py").write_text(f"{TESTS}\n\npoisoned(Short())\n")
    shown = run(tmp_path, "--tb=long")
    assert "1 error" in shown
    assert "_poisoner.py" in shown
    assert SECRET not in shown.replace(f'SAID = "{SECRET} ', "")


def test_the_values_of_other_code_are_still_shown(tmp_path):
    (tmp_path / "test_other.py").write_text(
        "import semspill\n\n\ndef check(number):\n    assert number == 3\n\n\n"
        "def test_number():\n    check(41)\n"
    )
    assert "number = 41" in run(tmp_path, "--tb=long")
