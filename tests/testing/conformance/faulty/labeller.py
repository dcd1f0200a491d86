"""Faulty labellers."""

import numpy as np
from pydantic import PrivateAttr

from faulty import after_a_draw, by_hash, from_global, unseeded
from semspill.labellers import Labeller, Labels


class Even(Labels):
    """Finds every category as probable as the others; keeps every promise but one."""

    def __init__(self, fault, categories, first):
        self.fault, self.first = fault, first
        self.categories = categories[1:] if fault == "missing" else categories

    def probabilities(self, exchanges):
        rows = np.ones((len(exchanges), len(self.categories)))
        rows[:, 0] += self.first
        if self.fault == "response" and len(rows):
            rows[:, 1] += [len(exchange.response) for exchange in exchanges]
        if self.fault == "category" and len(rows):
            rows[:, 1] += [len(exchange.category) for exchange in exchanges]
        if self.fault == "together" and len(rows):
            rows[:, 1] += len(rows)
        if self.fault in ANSWERS and len(rows):
            rows[:, 1] += ANSWERS[self.fault]()
        if self.fault == "flat":
            return rows[:, 0]
        return rows if self.fault == "sum" else rows / rows.sum(axis=1, keepdims=True)


class Faulty(Labeller):
    """Fits nothing."""

    citation = "original"
    fault: str

    def fit(self, corpus, rng):
        return Even(self.fault, corpus.categories, 0)


class Attached(Labeller):
    """Keeps what it labels by outside of its fields, so that a copy lacks it."""

    citation = "original"
    _first: float = PrivateAttr(1.0)

    def fit(self, corpus, rng):
        return Even("", corpus.categories, self._first)

    def __reduce__(self):
        return other, ()


def other():
    labeller = Attached()
    labeller._first = 2.0
    return labeller


ANSWERS = {
    "unseeded": unseeded,
    "global": from_global,
    "drawn": lambda: after_a_draw(0),
    "hash": lambda: by_hash("grumble"),
}
RANDOM = "same_rng_same_result same_in_another_process blind_to_global_seeds"
OTHERS = "blind_to_the_response blind_to_the_category labels_each_alone copies_fit_the_same"
FAULTS = {
    "flat": (
        None,
        "rows_of_probabilities",
        "shape (0,)",
    ),
    "sum": (None, "rows_of_probabilities", "add up"),
    "missing": (None, "knows_the_categories", "1 are missing"),
    "response": (None, "blind_to_the_response", "otherwise"),
    "category": (None, "blind_to_the_category", "without dialogue, turn and category"),
    "together": (None, "labels_each_alone", "alone"),
    "attached": (Attached(), "copies_fit_the_same same_in_another_process pickles", "copy"),
    "unseeded": (None, f"{RANDOM} {OTHERS}", "second"),
    "global": (
        None,
        f"blind_to_global_seeds leaves_global_generators_alone {RANDOM} {OTHERS}",
        "seeds 1 and 2",
    ),
    "drawn": (None, "leaves_global_generators_alone", "numpy"),
    "hash": (None, "same_in_another_process", "hash"),
}
FAULTS = {name: (wrong or (lambda: None), *rest) for name, (wrong, *rest) in FAULTS.items()}
