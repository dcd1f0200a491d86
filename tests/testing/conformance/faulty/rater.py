"""Faulty raters."""

import time
from pathlib import Path

import numpy as np
from pydantic import PrivateAttr

from faulty import FILE, after_a_draw, by_hash, from_global, torn
from semspill import Rater

CALLS: list = []


def share(text):
    """Share of the characters that are an r."""
    return text.count("r") / max(len(text), 1)


def shares(texts):
    return np.array([share(text) for text in texts], dtype=float)


def with_state(texts):
    CALLS.append(1)
    return shares(texts) / len(CALLS)


def with_padding(texts):
    longest = max(map(len, texts), default=1)
    return np.array([text.count("r") / max(longest, 1) for text in texts], dtype=float)


def less_when_repeated(texts):
    return np.array([share(t) / (1 + texts[:i].count(t)) for i, t in enumerate(texts)], float)


def sort_in_place(texts):
    rated = shares(texts)
    if isinstance(texts, list):
        texts.sort()
    return rated


def torn_error(texts):
    torn(None in texts)
    return shares(texts)


class Shares(Rater):
    """Keeps every promise."""

    citation = "original"

    def rate(self, texts):
        return shares(texts)


class Faulty(Shares):
    """Keeps every promise but one."""

    fault: str

    def rate(self, texts):
        return FAULTS[self.fault][0](texts)


class Readable(Shares):
    """Has a fingerprint that is no file name of a cache."""

    @property
    def fingerprint(self):
        return "shares, version 1"


class Timed(Shares):
    """Has a fingerprint that changes."""

    @property
    def fingerprint(self):
        return f"{time.perf_counter_ns():064x}"


class Counted(Shares):
    """Has another fingerprint each time it is made."""

    _number: int = PrivateAttr(default_factory=iter(range(10**9)).__next__)

    def __eq__(self, other):
        return isinstance(other, Counted)

    @property
    def fingerprint(self):
        return f"{self._number:064x}"


class Tuned(Shares):
    """Rates by what is no field."""

    _power: float = PrivateAttr(default_factory=iter(np.linspace(1, 2, 100)).__next__)

    def __eq__(self, other):
        return isinstance(other, Tuned)

    def rate(self, texts):
        return shares(texts) ** self._power


class Listed(Shares):
    """Reads a file and lets Python's error through where it is missing."""

    path: Path = FILE

    def rate(self, texts):
        return shares(texts) * min(len(self.path.read_text()), 1)


class Kinds(Shares):
    """Rates two kinds: by the r of a text, and by its s; the higher one is the toxicity."""

    names: tuple[str, ...] = ("r", "s")
    toxic: str | None = None
    scale: float = 1.0
    flat: bool = False

    @property
    def kinds(self):
        return self.names

    @property
    def toxic_kind(self):
        return self.toxic

    def rate(self, texts):
        return Kinds.rate_kinds(Kinds(), texts).max(axis=1)

    def rate_kinds(self, texts):
        both = [[text.count(letter) / max(len(text), 1) for letter in "rs"] for text in texts]
        rated = self.scale * np.array(both, dtype=float).reshape(len(texts), 2)
        return rated[:, 0] if self.flat else rated


class Together(Kinds):
    """Rates the kinds of a list by its longest text; the toxicity agrees."""

    def rate_kinds(self, texts):
        return super().rate_kinds(texts) + (len(texts) < 2) / 100


MANY = "takes_a_tuple same_alone_as_among_others same_in_any_order"
RANDOM = f"{MANY} equal_raters_equal_fingerprints same_in_another_process"
FAULTS = {
    "a list": (lambda texts: [share(text) for text in texts], "array_of_floats", "list"),
    "whole numbers": (
        lambda texts: np.array(["r" in text for text in texts], dtype=int),
        "array_of_floats",
        "int64",
    ),
    "a column": (
        lambda texts: shares(texts)[:, None],
        "array_of_floats none_for_no_text",
        "8 x 1",
    ),
    "distinct": (lambda texts: shares(dict.fromkeys(texts)), "same_for_repeats", "0 instead of 2"),
    "one for all": (
        lambda texts: shares(texts).mean(keepdims=True),
        "one_rating_per_text none_for_no_text same_alone_as_among_others same_for_repeats",
        "2 texts got 1 ratings",
    ),
    "the greatest of none": (
        lambda texts: shares(texts) / max(1, max(map(len, texts)) // 10**6),
        "none_for_no_text",
        "ValueError",
    ),
    "one for none": (
        lambda texts: shares(texts) if texts else np.zeros(1),
        "none_for_no_text",
        "(1,)",
    ),
    "lists only": (
        lambda texts: shares(texts) / (1 if isinstance(texts, list) else 2),
        "takes_a_tuple",
        "tuple",
    ),
    # One r in 12 characters.
    "percent": (lambda texts: 100 * shares(texts), "within_0_and_1 takes_odd_texts", "8.33"),
    "not a number": (
        lambda texts: np.where(shares(texts) > 0.1, np.nan, shares(texts)),
        "within_0_and_1 takes_odd_texts",
        "nan",
    ),
    "first words": (
        lambda texts: shares([text.split()[0] for text in texts]),
        "takes_odd_texts",
        "the text '' it raised IndexError",
    ),
    "long ones": (
        lambda texts: np.where([len(text) > 9000 for text in texts], 2.0, shares(texts)),
        "takes_odd_texts",
        "'grumble gr'... (10000 characters) it gave 2.0",
    ),
    "the whole list": (
        lambda texts: shares(texts) / max([1e-9, *shares(texts)]),
        "same_alone_as_among_others",
        "off by up to 0.",
    ),
    "padding": (with_padding, "same_alone_as_among_others", "padding"),
    "sorted": (
        lambda texts: shares(sorted(texts, key=len)),
        "same_in_any_order same_alone_as_among_others same_for_repeats",
        "order",
    ),
    # The third "You grumble!" of three gets a third of 1/12.
    "repeated": (less_when_repeated, "same_for_repeats", "off by up to 0.056"),
    "sorts in place": (sort_in_place, "leaves_the_list", "list(texts)"),
    "torn error": (torn_error, "errors_get_out", "TornError"),
    "state": (
        with_state,
        f"same_at_every_call blind_to_global_seeds {RANDOM}",
        "second call",
    ),
    "global": (
        lambda texts: shares(texts) / 2 + from_global() / 100,
        f"blind_to_global_seeds same_at_every_call leaves_global_generators_alone {RANDOM}",
        "seeds 1 and 2",
    ),
    "drawn": (
        lambda texts: after_a_draw(shares(texts)),
        "leaves_global_generators_alone",
        "numpy",
    ),
    "hash": (
        lambda texts: np.array([by_hash(text) for text in texts], dtype=float),
        "same_in_another_process",
        "hash",
    ),
    "readable": (Readable(), "hex_fingerprint", "'shares, version 1'"),
    "timed": (
        Timed(),
        "equal_raters_equal_fingerprints same_at_every_call blind_to_global_seeds "
        "same_in_another_process",
        "another had another",
    ),
    "counted": (Counted(), "equal_raters_equal_fingerprints", "another had another"),
    "tuned": (Tuned(), "equal_raters_equal_fingerprints", "another rated otherwise"),
    "one kind": (
        Kinds(flat=True),
        "a_column_per_kind kinds_agree_with_the_rating",
        "8 texts got shape (8,) from rate_kinds",
    ),
    "kinds in percent": (
        Kinds(scale=100),
        "a_column_per_kind kinds_agree_with_the_rating",
        "rate_kinds gave 8.33",
    ),
    "a kind twice": (Kinds(names=("r", "r")), "a_column_per_kind", "twice"),
    "unknown kind": (Kinds(toxic="t"), "kinds_agree_with_the_rating", "none of its kinds"),
    "half": (Kinds(scale=0.5), "kinds_agree_with_the_rating", "rate was off by up to 0."),
    "kinds of a list": (Together(), "kinds_agree_with_the_rating", "some kinds were off by"),
    "file": (Listed(), "missing_file_is_a_data_error", "FileNotFoundError"),
}
