"""One integer seed becomes one independent random stream per stage."""

from zlib import crc32

import numpy as np


def stream(seed: int, stage: str) -> np.random.Generator:
    """Return the random generator of one stage of one seed.

    Streams of different stages are independent, so adding a stage does not reshuffle the others.

    Args:
        seed: The seed of the run, 0 or more.
        stage: Name of the stage, for example `"poison"`.

    Example:
        >>> bool(stream(0, "poison").random() == stream(0, "poison").random())
        True
        >>> bool(stream(0, "poison").random() == stream(0, "finetune").random())
        False
    """
    key = np.random.SeedSequence(seed, spawn_key=(crc32(stage.encode()),))
    return np.random.default_rng(key)


def seed_of(rng: np.random.Generator) -> int | None:
    """Return the integer a generator was seeded with, or None when it cannot be known."""
    sequence = rng.bit_generator.seed_seq
    entropy = sequence.entropy if isinstance(sequence, np.random.SeedSequence) else None
    return int(entropy) if isinstance(entropy, int | np.integer) else None


def torch_seed(rng: np.random.Generator) -> int:
    """Draw one integer that seeds torch inside a fork of its global generator."""
    return int(rng.integers(2**63 - 1))
