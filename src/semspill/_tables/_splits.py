"""Splits of data sets: the three standard ones, and shares that a hash sets aside."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from semspill.corpus import Dialogue
from semspill.corpus._reading import Reading
from semspill.errors import DataError, did_you_mean

SPLITS = ("train", "valid", "test")

Share: TypeAlias = Annotated[float, Field(gt=0, lt=1)]


def _leaves_some(splits: dict[str, float | str]) -> dict[str, float | str]:
    if isinstance(splits.get("train"), float):
        raise ValueError("the share of 'train' is what the others leave; leave it out")
    if sum(shares_of(splits).values()) >= 1:
        raise ValueError("the shares must leave something for 'train'; lower them")
    return splits


def shares_of(splits: Mapping[str, float | str]) -> dict[str, float]:
    """Return the splits that are shares of `train`."""
    return {name: share for name, share in splits.items() if isinstance(share, float)}


Splits: TypeAlias = Annotated[dict[str, Share | str], AfterValidator(_leaves_some)]
"""A share of the dialogues of `train`, or what the data call a split, by its name."""


class NoSplitError(DataError):
    """A data set lacks a split that others have."""


def require_split(split: str, name: str) -> None:
    """Refuse a split that does not exist.

    Args:
        split: What was asked for.
        name: Name of the data set, for the message.

    Raises:
        DataError: With the nearest name.

    Example:
        >>> require_split("validation", "tiny")
        Traceback (most recent call last):
        ...
        semspill.errors.DataError: Dataset 'tiny' has no split 'validation'. Did you mean 'valid'?
        Its splits are: train, valid, test.
    """
    if split not in SPLITS:
        raise DataError(
            f"Dataset {name!r} has no split {split!r}.{did_you_mean(split, SPLITS)} "
            f"Its splits are: {', '.join(SPLITS)}."
        )


def source_of(split: str, splits: Mapping[str, float | str]) -> str:
    """Return the split of the data that holds a split: `train` where it is a share of that.

    Args:
        split: What was asked for.
        splits: Shares of `train`, and what the data call a split.
    """
    source = "train" if split in shares_of(splits) else split
    called = splits.get(source)
    return called if isinstance(called, str) else source


def of_split(
    found: Reading, splits: Mapping[str, float | str], seed: int, split: str
) -> tuple[Dialogue, ...]:
    """Return the dialogues of a split, which may be a share of those that were read.

    Args:
        found: What was read where `source_of` says.
        splits: Shares of `train`, and what the data call a split.
        seed: Decides which dialogues the shares take.
        split: What was asked for.
    """
    shares = shares_of(splits)
    if not shares or split not in ("train", *shares):
        return found.dialogues
    return tuple(one for one in found.dialogues if _drawn(one, found, shares, seed) == split)


def _drawn(dialogue: Dialogue, found: Reading, shares: Mapping[str, float], seed: int) -> str:
    """Return the split of a dialogue, by a hash of its speaker, id or texts alone."""
    key = ["text", *(turn.text for turn in dialogue.utterances)]
    if found.has_ids:
        key = ["id", dialogue.id]
    if dialogue.speaker is not None:
        key = ["speaker", dialogue.speaker]
    digest = hashlib.sha256(json.dumps([seed, *key]).encode()).digest()
    place = int.from_bytes(digest[:8]) / 2**64
    for split, share in shares.items():
        if place < share:
            return split
        place -= share
    return "train"
