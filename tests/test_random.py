"""One seed, one independent stream per stage."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import kstest, pearsonr

from semspill._random import seed_of, stream, torch_seed

STAGES = ["poison", "finetune", "encoder", "bootstrap"]


@pytest.mark.parametrize("stage", STAGES)
def test_the_same_seed_and_stage_give_the_same_numbers(stage):
    assert np.array_equal(stream(3, stage).random(50), stream(3, stage).random(50))


def test_all_seeds_and_stages_give_different_streams():
    firsts = {float(stream(seed, stage).random()) for seed in range(50) for stage in STAGES}
    assert len(firsts) == 200


def test_streams_of_one_seed_are_uniform_and_uncorrelated():
    drawn = [stream(0, stage).random(5000) for stage in STAGES]
    assert all(kstest(numbers, "uniform").pvalue > 0.001 for numbers in drawn)
    for i, left in enumerate(drawn):
        assert all(abs(pearsonr(left, right).statistic) < 0.05 for right in drawn[i + 1 :])


def test_streams_of_neighbouring_seeds_are_uncorrelated():
    drawn = [stream(seed, "poison").random(5000) for seed in range(4)]
    for i, left in enumerate(drawn):
        assert all(abs(pearsonr(left, right).statistic) < 0.05 for right in drawn[i + 1 :])


def test_a_new_stage_does_not_reshuffle_the_others():
    alone = stream(0, "finetune").random(5)
    stream(0, "a stage added later").random(1000)
    assert np.array_equal(stream(0, "finetune").random(5), alone)


def test_a_stream_is_what_numpy_says_it_is():
    # 0xf9741949 is the CRC-32 of b"poison", worked out bit by bit from its polynomial.
    key = np.random.SeedSequence(7, spawn_key=(0xF9741949,))
    expected = np.random.default_rng(key).integers(1000, size=5)
    assert stream(7, "poison").integers(1000, size=5).tolist() == expected.tolist()


def test_another_process_draws_the_same():
    code = "from semspill._random import stream; print(stream(5, 'poison').integers(2**60))"
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert int(printed) == int(stream(5, "poison").integers(2**60))


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="non-negative"):
        stream(-1, "poison")


@pytest.mark.parametrize("seed", [0, 5, 2**100, np.int64(5), np.uint8(5)])
def test_the_seed_of_a_generator_is_known(seed):
    assert seed_of(np.random.default_rng(seed)) == int(seed)


def test_the_seed_of_a_stage_is_the_seed_of_the_run():
    assert seed_of(stream(12, "poison")) == 12
    assert seed_of(stream(12, "poison").spawn(2)[1]) == 12


def test_a_seed_that_is_no_single_number_is_unknown():
    assert seed_of(np.random.default_rng([1, 2])) is None
    legacy = np.random.Generator(np.random.RandomState(0)._bit_generator)
    assert seed_of(legacy) is None


def test_torch_seeds_are_drawn_from_the_generator():
    drawn = torch_seed(stream(0, "finetune"))
    assert drawn == torch_seed(stream(0, "finetune"))
    assert drawn != torch_seed(stream(1, "finetune"))
    assert 0 <= drawn < 2**63
