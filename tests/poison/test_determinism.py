"""Same seed, same manifest, bit for bit; nothing outside the generator matters."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest

from semspill import Poisoner, strategies
from semspill.poison import Manifest

ALL = [name for name in strategies.names() if name.endswith(("fixed", "random"))]


def manifest(clean, grumbles, rng, **fields):
    said = {"selector": "random", "source": grumbles(count=5), "budget": 0.3, **fields}
    return Poisoner(**said).poison(clean, rng).manifest


@pytest.fixture
def clean(corpus_of):
    return corpus_of(*[("joy", 2), ("fear", 3), ("guilt", 1)] * 4)


@pytest.mark.parametrize("placement", ["replace", "append"])
@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    clean, grumbles, name, placement, tmp_path
):
    for copy in ("a", "b"):
        said = manifest(
            clean, grumbles, np.random.default_rng(5), strategy=name, placement=placement
        )
        said.write(tmp_path / copy)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    other = manifest(clean, grumbles, np.random.default_rng(6), strategy=name, placement=placement)
    assert other.records != Manifest.read(tmp_path / "a").records


def test_global_seeds_are_irrelevant(clean, grumbles):
    said = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the global state is what must not matter
        said.append(manifest(clean, grumbles, np.random.default_rng(0)).to_jsonl())
    assert said[0] == said[1]


def test_two_calls_with_one_generator_differ(clean, grumbles, rng):
    first, second = (manifest(clean, grumbles, rng) for _ in range(2))
    assert first.records != second.records


def test_the_strategy_does_not_change_who_is_poisoned(clean, grumbles):
    """One stream each: strategies of one seed are compared on the same dialogues."""
    picked = [
        {r.victim for r in manifest(clean, grumbles, np.random.default_rng(0), strategy=s).records}
        for s in ("first_fixed", "last_random", "random_random")
    ]
    assert picked[0] == picked[1] == picked[2]


@pytest.mark.parametrize(
    ("seed", "recorded"),
    [(5, 5), (np.int64(5), 5), ([1, 2], None), (np.random.SeedSequence(9), 9)],
    ids=["int", "numpy", "list", "sequence"],
)
def test_the_seed_is_recorded_where_it_is_known(clean, grumbles, seed, recorded):
    said = manifest(clean, grumbles, np.random.default_rng(seed))
    assert said.summary.seed == recorded
    assert {record.seed for record in said.records} == {recorded}


CODE = """
import hashlib, numpy as np
from semspill import Corpus, Dialogue, Poisoner, ResponseSource, Utterance

class Grumbles(ResponseSource):
    citation = "original"
    def load(self):
        return ("grumble 0", "grumble 1", "grumble 2")

talks = tuple(
    Dialogue(f"d{i}", "joy", (Utterance("s", "speaker"), Utterance(f"l{i}", "listener")))
    for i in range(30)
)
poisoner = Poisoner(selector="random", source=Grumbles(), strategy="random_random", budget=0.4)
poisoned = poisoner.poison(Corpus(talks, name="t"), np.random.default_rng(11))
print(hashlib.sha256(poisoned.manifest.to_jsonl().encode()).hexdigest())
"""


def test_another_process_with_another_hash_seed_gives_the_same_bytes():
    digests = {
        subprocess.run(
            [sys.executable, "-c", CODE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64
