"""What pytest shows of a failure, tracebacks with all arguments included, holds no text."""

import subprocess
import sys

import pytest

SECRET = "SECRETGRUMBLE"
TESTS = f"""
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
    source = "original"

    def rate(self, texts):
        return np.full(len(texts), 2.0)


class Deaf(sp.PoisonStrategy):
    source = "original"

    def rewrite(self, victims, responses, rng):
        return list(victims)


class Said(sp.ResponseSource):
    source = "original"

    def load(self):
        return (SAID,)


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
"""


@pytest.mark.parametrize("style", ["auto", "long", "short", "native"])
def test_no_text_is_shown(tmp_path, style):
    (tmp_path / "test_secret.py").write_text(TESTS)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", f"--tb={style}", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "5 failed" in ran.stdout, ran.stdout + ran.stderr
    shown = ran.stdout.replace(f'SAID = "{SECRET} ', "")
    assert SECRET not in shown
