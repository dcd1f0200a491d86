"""Faulty models."""

import numpy as np
from pydantic import PrivateAttr

from faulty import after_a_draw, by_hash, from_global, unseeded
from semspill import Model, Responses, TrainedModel


class Echo(TrainedModel):
    """Keeps every promise but one."""

    def __init__(self, fault, labels=None):
        self.fault = fault
        self.labels = labels
        self.told = 0

    def respond(self, exchanges, pool, rng, **options):
        last = [exchange.context[-1] for exchange in exchanges]
        if self.fault == "few":
            last = last[:-1]
        elif self.fault == "gold":
            last = [exchange.response for exchange in exchanges]
        elif self.fault == "told":
            last = [f"{text} {self.told}" for text in last]
        elif self.labels is not None:
            labels = self.labels.of_texts(last)
            last = [f"{label} {text}" for label, text in zip(labels, last, strict=True)]
        elif self.fault in ANSWERS:
            more = ANSWERS[self.fault]()
            last = [f"{text} {more}" for text in last]
        return Responses.of(last)

    def expect(self, texts):
        self.told = len(texts)


class Scoring(Echo):
    def score(self, exchanges, texts, **options):
        lengths = np.array([[float(len(text)) for text in row] for row in texts])
        if self.fault == "flat":
            return lengths.reshape(-1)
        return lengths / lengths.max() if self.fault == "together" else lengths


class Saved(Echo):
    def save(self, folder):
        pass


class Faulty(Model):
    """Trains nothing."""

    citation = "original"
    fault: str

    def train(self, corpus, rng, **options):
        if self.fault == "none":
            return "trained"
        kind = {"flat": Scoring, "together": Scoring, "saved": Saved}.get(self.fault, Echo)
        return kind(self.fault, options.get("response_labels"))

    def shows_response_labels(self):
        return self.fault == "labelled"

    def load(self, folder):
        return Echo("gold")


class Attached(Model):
    """Keeps what it answers with outside of its fields, so that a copy lacks it."""

    citation = "original"
    _by: str = PrivateAttr("grumble")

    def train(self, corpus, rng, **options):
        return Says(self._by)

    def __reduce__(self):
        return other, ()


class Says(TrainedModel):
    def __init__(self, text):
        self.text = text

    def respond(self, exchanges, pool, rng, **options):
        return Responses.of([self.text] * len(exchanges))


def other():
    model = Attached()
    model._by = "mutter"
    return model


ANSWERS = {
    "unseeded": unseeded,
    "global": from_global,
    "drawn": lambda: after_a_draw(""),
    "hash": lambda: by_hash("grumble"),
}
RANDOM = "same_rng_same_result same_in_another_process blind_to_global_seeds"
OTHERS = "blind_to_the_gold_response expecting_changes_nothing copies_train_the_same"
FAULTS = {
    "none": (
        None,
        "trains_a_model one_response_each scores_each_alone loads_what_it_saved "
        f"leaves_global_generators_alone {RANDOM} {OTHERS}",
        "str",
    ),
    "few": (None, "one_response_each", "got 0 responses"),
    "gold": (None, "blind_to_the_gold_response", "gold"),
    "told": (None, "expecting_changes_nothing", "other"),
    "attached": (Attached(), "copies_train_the_same same_in_another_process pickles", "copy"),
    "flat": (None, "scores_each_alone", "(12,)"),
    "together": (None, "scores_each_alone", "alone"),
    "labelled": (None, "answers_with_bare_responses", "label"),
    "saved": (None, "loads_what_it_saved", "other"),
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
