"""Faulty training defenses."""

from dataclasses import replace

import numpy as np
import torch
from pydantic import PrivateAttr

from faulty import after_a_draw, by_hash, from_global, unseeded
from semspill.defenses import TrainingDefense
from semspill.errors import ConfigError


def shuffled(corpus, number):
    """The dialogues in an order that hangs on a number."""
    order = np.random.default_rng(int(number * 1e9)).permutation(len(corpus))
    return replace(corpus, dialogues=tuple(corpus[place] for place in order.tolist()))


class Idle(TrainingDefense):
    """Does nothing."""

    citation = "original"


class Faulty(TrainingDefense):
    """Keeps every promise but one."""

    citation = "original"
    needs = frozenset({"clean"})
    fault: str

    def prepare(self, corpus, aid, rng):
        if self.fault == "none" or (self.fault == "alone" and len(corpus) == 1):
            return None
        if self.fault == "nobody" and not len(aid.clean):
            raise ZeroDivisionError
        if self.fault == "marks" and any(one.planted for one in corpus.exchanges):
            return replace(corpus, dialogues=corpus.dialogues[1:])
        if self.fault == "changes" and len(corpus):
            object.__setattr__(corpus[0], "situation", "elsewhere")
        return shuffled(corpus, ANSWERS.get(self.fault, float)())

    def contexts(self, training, answering):
        if self.fault == "no format":
            raise ConfigError("No.")
        return training if self.fault == "one format" else (training, answering)

    def settings(self, model):
        return None if self.fault == "no model" else model


class Stepping(TrainingDefense):
    """Does something at every step."""

    citation = "original"
    fault: str

    def begin(self, module):
        def step(backward, batch):
            loss = backward()
            if self.fault == "moves":
                with torch.no_grad():
                    for weight in module.module.parameters():
                        weight.mul_(0.5)
            return None if self.fault == "no loss" else loss

        return None if self.fault == "nothing" else step


class Attached(TrainingDefense):
    """Keeps what it prepares by outside of its fields, so that a copy lacks it."""

    citation = "original"
    _by: float = PrivateAttr(0.1)

    def prepare(self, corpus, aid, rng):
        return shuffled(corpus, self._by)

    def __reduce__(self):
        return other, ()


class Same(TrainingDefense):
    """Is its own control."""

    citation = "original"

    def prepare(self, corpus, aid, rng):
        return shuffled(corpus, 0.1)

    def control(self):
        return self


def other():
    defense = Attached()
    defense._by = 0.2
    return defense


ANSWERS = {
    "unseeded": unseeded,
    "global": from_global,
    "drawn": lambda: after_a_draw(0.0),
    "hash": lambda: by_hash("grumble"),
}
RANDOM = "same_rng_same_result same_in_another_process blind_to_global_seeds"
OTHERS = "blind_to_marks copies_do_the_same"
SIZES = "works_on_a_tiny_corpus works_on_an_empty_corpus"
FAULTS = {
    "same": (Same(), "has_another_control", "control returned the same defense"),
    "idle": (Idle(), "overrides_a_method", "no method"),
    "none": (
        None,
        f"prepares_a_corpus leaves_the_corpora_alone leaves_global_generators_alone {RANDOM} "
        f"{OTHERS} {SIZES}",
        "prepare gave NoneType",
    ),
    "one format": (None, "gives_two_formats", "contexts gave ContextFormat"),
    "no format": (None, "gives_two_formats", "refused every label"),
    "no model": (
        None,
        f"gives_a_model leaves_global_generators_alone {RANDOM} copies_do_the_same",
        "settings gave NoneType",
    ),
    "moves": (Stepping(fault="moves"), "steps_leave_the_weights", "other weights"),
    "no loss": (
        Stepping(fault="no loss"),
        f"steps_leave_the_weights leaves_global_generators_alone {RANDOM} copies_do_the_same",
        "a step returned NoneType",
    ),
    "changes": (None, "leaves_the_corpora_alone", "changed a corpus"),
    "marks": (None, "blind_to_marks", "marks differ"),
    "alone": (None, "works_on_a_tiny_corpus", "NoneType"),
    "nobody": (None, "works_on_an_empty_corpus", "ZeroDivisionError"),
    "attached": (Attached(), "copies_do_the_same same_in_another_process pickles", "copy"),
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
