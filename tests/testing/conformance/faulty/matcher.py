"""Faulty matchers."""

import numpy as np
from pydantic import PrivateAttr

from faulty import after_a_draw, by_hash, from_global, unseeded
from semspill.matching import Matcher, Matches


class Faulty(Matcher):
    """Counts what equals a planted text; keeps every promise but one."""

    citation = "original"
    fault: str

    def match(self, given, rng):
        found = np.array([text in given.planted for text in given.texts], dtype=bool)
        wrong = {
            "bare": found,
            "few": Matches(found[:1]),
            "share": Matches(found, false_matches=2.0),
            "margin": Matches(found, margin=np.zeros(1)),
        }
        if self.fault in wrong:
            return wrong[self.fault]
        if self.fault == "order":
            found &= np.arange(len(found)) < 10
        if self.fault == "together":
            found &= len(found) > 50
        if self.fault == "all" and not given.planted:
            found |= True
        if self.fault == "odd" and "" in given.texts:
            raise ValueError("nothing said")
        if self.fault in ANSWERS:
            bits = int(ANSWERS[self.fault]() * 1e6)
            odd = [bits >> len(text) % 16 & 1 == 1 for text in given.texts]
            found |= np.array(odd, dtype=bool) & bool(given.planted)
        return Matches(found)


class Attached(Matcher):
    """Keeps what it counts outside of its fields, so that a copy lacks it."""

    citation = "original"
    _counted: bool = PrivateAttr(False)

    def match(self, given, rng):
        found = [text in given.planted and self._counted for text in given.texts]
        return Matches(np.array(found, dtype=bool))

    def __reduce__(self):
        return Attached, ()


def attached():
    matcher = Attached()
    matcher._counted = True
    return matcher


ANSWERS = {
    "unseeded": unseeded,
    "global": from_global,
    "drawn": lambda: after_a_draw(0),
    "hash": lambda: by_hash("grumble"),
}
RANDOM = "same_rng_same_result same_in_another_process blind_to_global_seeds"
OTHERS = "judges_each_alone copies_find_the_same"
EVERY = (
    "a_truth_value_for_each tells_numbers_that_can_be judges_each_alone "
    "nothing_planted_nothing_found takes_odd_texts copies_find_the_same same_rng_same_result "
    "blind_to_global_seeds leaves_global_generators_alone same_in_another_process"
)
FAULTS = {
    "bare": (None, EVERY, "returned ndarray"),
    "few": (None, EVERY, "of shape (1,)"),
    "share": (None, "tells_numbers_that_can_be", "2.0"),
    "margin": (None, "tells_numbers_that_can_be", "shape (1,)"),
    "order": (None, "judges_each_alone", "another order"),
    "together": (None, "judges_each_alone", "among other responses"),
    "all": (None, "nothing_planted_nothing_found", "80 of 80"),
    "odd": (None, "takes_odd_texts", "nothing said"),
    "attached": (
        attached(),
        "copies_find_the_same same_in_another_process pickles comes_back_from_its_config",
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
