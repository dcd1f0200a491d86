"""Faulty detectors."""

import numpy as np
from pydantic import PrivateAttr

from faulty import after_a_draw, by_hash, from_global, unseeded
from semspill.defenses import Detector


class Faulty(Detector):
    """Finds every exchange as suspicious as the others; keeps every promise but one."""

    citation = "original"
    needs = frozenset({"clean"})
    fault: str

    def suspicion(self, corpus, aid, rng):
        scores = np.zeros(len(corpus.exchanges))
        if self.fault == "short":
            return scores[1:] if len(corpus) > 1 else scores
        if self.fault == "alone":
            return scores if len(corpus) > 1 else np.zeros(0)
        if self.fault == "nobody" and not len(corpus):
            return np.zeros(1)
        if self.fault == "untrusting" and not len(aid.clean):
            raise ZeroDivisionError
        if self.fault == "marks":
            return np.array([float(exchange.planted) for exchange in corpus.exchanges])
        if self.fault == "changes" and len(corpus):
            object.__setattr__(corpus[0], "situation", "elsewhere")
        return scores + ANSWERS.get(self.fault, float)()


class Attached(Detector):
    """Keeps what it scores by outside of its fields, so that a copy lacks it."""

    citation = "original"
    _score: float = PrivateAttr(1.0)

    def suspicion(self, corpus, aid, rng):
        return np.full(len(corpus.exchanges), self._score)

    def __reduce__(self):
        return other, ()


def other():
    detector = Attached()
    detector._score = 2.0
    return detector


ANSWERS = {
    "unseeded": unseeded,
    "global": from_global,
    "drawn": lambda: after_a_draw(0.0),
    "hash": lambda: by_hash("grumble"),
}
RANDOM = "same_rng_same_result same_in_another_process blind_to_global_seeds"
OTHERS = "blind_to_marks copies_give_the_same"
FAULTS = {
    "short": (None, "one_number_each works_on_an_empty_corpus", "shape"),
    "alone": (None, "works_on_a_tiny_corpus", "shape (0,)"),
    "nobody": (None, "works_on_an_empty_corpus", "0 exchanges got numbers of shape (1,)"),
    "untrusting": (None, "works_on_an_empty_corpus", "ZeroDivisionError"),
    "marks": (None, "blind_to_marks", "marks differ"),
    "changes": (None, "leaves_the_corpus_alone", "changed"),
    "attached": (Attached(), "copies_give_the_same same_in_another_process pickles", "copy"),
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
