"""Faulty similarities."""

from collections import Counter
from pathlib import Path

import numpy as np
import torch

from faulty import FILE, by_hash, from_global, torn, unseeded
from semspill import Similarity


def by_length(corpus, names=None):
    """Minus the difference in mean length of the responses, in characters."""
    lengths = [
        np.mean([len(e.response) for e in corpus.exchanges if e.category == name] or [0])
        for name in names or corpus.categories
    ]
    return -np.abs(np.subtract.outer(lengths, lengths))


def by_ratio(corpus, model, rng):
    words = [
        min(len(e.response.split()) for e in corpus.exchanges if e.category == name)
        for name in corpus.categories
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide.outer(np.array(words, dtype=float), np.array(words, dtype=float))


def first_words(corpus, model, rng):
    [dialogue.utterances[1].text.split()[0] for dialogue in corpus]
    return by_length(corpus)


def sort_in_place(corpus, model, rng):
    rows = by_length(corpus)
    object.__setattr__(corpus, "dialogues", corpus.dialogues[::-1])
    return rows


def train_the_model(corpus, model, rng):
    if hasattr(model, "module"):
        with torch.no_grad():
            for weight in model.module.parameters():
                weight.mul_(2).add_(1)
    return by_length(corpus)


def torn_error(corpus, model, rng):
    torn(not len(corpus))
    return by_length(corpus)


def drawn(corpus, model, rng):
    torch.rand(1)
    return by_length(corpus)


class SameLength(Similarity):
    """Minus the difference in mean length of the responses."""

    citation = "original"

    def measure(self, corpus, model, rng):
        return by_length(corpus)


class SetsTheFormat(SameLength):
    """The same; it reads contexts without their label, as it may."""

    def measure(self, corpus, model, rng):
        model.context = model.context.replace(label="none")
        return by_length(corpus)


class Faulty(Similarity):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def measure(self, corpus, model, rng):
        return FAULTS[self.fault][0](corpus, model, rng)


class Single(SameLength):
    """The same, with what it says of single exchanges."""

    fault: str = "none"

    def each(self, exchanges, corpus, model, rng):
        rows = np.ones((len(exchanges), len(corpus.categories)))
        return {
            "none": rows,
            "turned": rows.T,
            "infinite": rows * np.inf,
            "unseeded": rows * np.random.default_rng().random(),
        }[self.fault]


class Undescribed(Similarity):
    citation = "original"

    def measure(self, corpus, model, rng):
        return by_length(corpus)


class Listed(Similarity):
    """Reads a file and lets Python's error through where it is missing."""

    citation = "original"
    path: Path = FILE

    def measure(self, corpus, model, rng):
        return by_length(corpus) * len(self.path.read_text())


RANDOM = "order_of_categories takes_any_biencoder same_in_another_process"
FAULTS = {
    "lists": (lambda c, m, g: by_length(c).tolist(), "square_array", "list"),
    "whole numbers": (lambda c, m, g: by_length(c).astype(int), "square_array", "int64"),
    "dialogues": (
        lambda c, m, g: by_length(c, [dialogue.category for dialogue in c]),
        "square_array order_of_categories",
        "(60, 60) for 4",
    ),
    "infinite": (
        lambda c, m, g: np.where(by_length(c) == 0, np.nan, by_length(c)),
        "finite takes_odd_texts",
        "brave and brave is nan",
    ),
    "appearance": (
        lambda c, m, g: by_length(c, list(Counter(dialogue.category for dialogue in c))),
        "order_of_categories",
        "another order",
    ),
    "sorts": (sort_in_place, "leaves_the_corpus", "list(corpus)"),
    "trains": (train_the_model, "leaves_the_model", "deepcopy(model)"),
    "towers": (
        lambda c, m, g: by_length(c) * m.context_tower.dim,
        "takes_any_biencoder",
        "AttributeError",
    ),
    "kind of model": (
        lambda c, m, g: by_length(c) * (2 if type(m).__name__ == "TwoTower" else 3),
        "takes_any_biencoder",
        "kind of model",
    ),
    "first words": (first_words, "takes_odd_texts", "IndexError"),
    "ratio": (by_ratio, "takes_odd_texts", "brave and brave is nan"),
    "torn error": (torn_error, "errors_get_out", "TornError"),
    "unseeded": (
        lambda c, m, g: by_length(c) + unseeded(),
        f"same_rng_same_result blind_to_global_seeds {RANDOM}",
        "second call",
    ),
    "global": (
        lambda c, m, g: by_length(c) + from_global(),
        f"blind_to_global_seeds same_rng_same_result leaves_global_generators_alone {RANDOM}",
        "seeds 1 and 2",
    ),
    "drawn": (drawn, "leaves_global_generators_alone", "torch"),
    "hash": (
        lambda c, m, g: by_length(c) + by_hash("grumble"),
        "same_in_another_process",
        "hash",
    ),
    "turned": (Single(fault="turned"), "single_exchanges", "20 exchanges and 4 categories"),
    "infinite exchanges": (Single(fault="infinite"), "single_exchanges", "NaN or infinity"),
    "unseeded exchanges": (Single(fault="unseeded"), "single_exchanges", "second call"),
    "undescribed": (Undescribed(), "says_its_method", "it is ''"),
    "file": (Listed(), "missing_file_is_a_data_error", "FileNotFoundError"),
}
