"""Faulty output guards."""

import zlib

import numpy as np
import torch
from pydantic import PrivateAttr

from faulty import after_a_draw, by_hash, from_global, unseeded
from semspill.defenses import OutputGuard


def by_context(number, exchanges, k):
    """Decisions that hang on a number and on each context."""
    seeds = [[int(number * 1e9), zlib.crc32(one.context[-1].encode())] for one in exchanges]
    return np.array([np.random.default_rng(seed).random(k) < 0.5 for seed in seeds])


class Faulty(OutputGuard):
    """Allows everything; keeps every promise but one."""

    citation = "original"
    needs = frozenset({"clean"})
    fault: str

    def fitted(self, model, corpus, aid, rng):
        if self.fault == "unready":
            return "ready"
        if self.fault == "alone" and len(corpus) == 1:
            return Faulty(fault="numbers")
        if self.fault == "nobody" and not len(aid.clean):
            raise ZeroDivisionError
        if self.fault == "marks" and any(one.planted for one in corpus.exchanges):
            return Faulty(fault="nothing")
        if self.fault == "retrains":
            with torch.no_grad():
                for weight in model.model.module.parameters():
                    weight.mul_(0.5)
        return self

    def allow(self, exchanges, responses):
        shape = responses.indices.shape
        if self.fault in RANDOM_ANSWERS:
            return by_context(RANDOM_ANSWERS[self.fault](), exchanges, shape[1])
        return ANSWERS.get(self.fault, allow_all)(exchanges, responses)


def allow_all(exchanges, responses):
    return np.ones(responses.indices.shape, dtype=bool)


def overwriting(exchanges, responses):
    responses.scores[:, 0] += 1
    return allow_all(exchanges, responses)


def unlike_gold(exchanges, responses):
    return np.array([["m" in e.response] * responses.indices.shape[1] for e in exchanges])


def not_a_question(exchanges, responses):
    return np.array([[text[0] != "?" for text in row] for row in responses.ranked])


class Attached(OutputGuard):
    """Keeps what it decides by outside of its fields, so that a copy lacks it."""

    citation = "original"
    _allowed: bool = PrivateAttr(True)

    def allow(self, exchanges, responses):
        return np.full(responses.indices.shape, self._allowed)

    def __reduce__(self):
        return other, ()


def other():
    guard = Attached()
    guard._allowed = False
    return guard


RANDOM_ANSWERS = {
    "unseeded": unseeded,
    "global": from_global,
    "hash": lambda: by_hash("grumble"),
}
ANSWERS = {
    "numbers": lambda e, r: np.ones(r.indices.shape),
    "nothing": lambda e, r: np.zeros(r.indices.shape, dtype=bool),
    "overwrites": overwriting,
    "gold": unlike_gold,
    "mean": lambda e, r: r.scores > r.scores.mean(),
    "first letter": not_a_question,
    "drawn": lambda e, r: after_a_draw(allow_all(e, r)),
}
RANDOM = "same_rng_same_result same_in_another_process blind_to_global_seeds"
OTHERS = "blind_to_marks copies_decide_the_same decides_alone"
SIZES = "works_on_a_tiny_corpus works_on_an_empty_corpus"
FAULTS = {
    "unready": (
        None,
        f"decides_on_each_response {RANDOM} {OTHERS} {SIZES} takes_odd_texts "
        "leaves_what_it_is_given_alone leaves_global_generators_alone",
        "fitted gave str",
    ),
    "numbers": (None, f"decides_on_each_response takes_odd_texts {SIZES}", "float64"),
    "retrains": (None, "leaves_what_it_is_given_alone", "changed the model"),
    "overwrites": (None, "leaves_what_it_is_given_alone", "indices or scores"),
    "marks": (None, "blind_to_marks", "marks"),
    "gold": (None, "blind_to_marks", "gold responses"),
    "mean": (None, "decides_alone", "alone"),
    "first letter": (None, "takes_odd_texts", "IndexError"),
    "alone": (None, "works_on_a_tiny_corpus", "float64"),
    "nobody": (None, "works_on_an_empty_corpus", "ZeroDivisionError"),
    "attached": (
        Attached(),
        "copies_decide_the_same same_in_another_process pickles",
        "copy",
    ),
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
