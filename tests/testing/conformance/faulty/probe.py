"""Faulty probes."""

from dataclasses import replace

from pydantic import PrivateAttr

from faulty import after_a_draw, by_hash, from_global, unseeded
from semspill.probes import Probe


def told(exchange, word):
    return replace(exchange, context=(*exchange.context[:-1], f"{word} {exchange.context[-1]}"))


class Faulty(Probe):
    """Says a word before the newest utterance; keeps every promise but one."""

    citation = "original"
    fault: str

    def apply(self, exchanges, rng):
        if self.fault == "edits" and isinstance(exchanges, list):
            exchanges.reverse()
        if self.fault == "nothing":
            return exchanges
        if self.fault == "odd" and not exchanges[0].context[0]:
            raise ValueError("nothing said")
        word = str(ANSWERS[self.fault]()) if self.fault in ANSWERS else "grumble"
        changed = [told(one, word) for one in exchanges]
        if self.fault == "response":
            return [replace(one, response="grumble") for one in changed]
        return changed


class Attached(Probe):
    """Keeps its word outside of its fields, so that a copy lacks it."""

    citation = "original"
    _word: str = PrivateAttr("oh")

    def apply(self, exchanges, rng):
        return [told(one, self._word) for one in exchanges]

    def __reduce__(self):
        return Attached, ()


def attached():
    probe = Attached()
    probe._word = "grumble"
    return probe


ANSWERS = {
    "unseeded": unseeded,
    "global": from_global,
    "drawn": lambda: after_a_draw("grumble"),
    "hash": lambda: by_hash("grumble"),
}
RANDOM = "same_rng_same_result same_in_another_process blind_to_global_seeds"
OTHERS = "copies_give_the_same"
FAULTS = {
    "response": (
        None,
        f"one_each_in_order changes_something takes_odd_texts {OTHERS} {RANDOM} "
        "leaves_global_generators_alone",
        "changed more of exchange [0]",
    ),
    "nothing": (None, "changes_something", "read as before"),
    "edits": (None, "leaves_what_it_is_given", "the list changed"),
    "odd": (None, "takes_odd_texts", "nothing said"),
    "attached": (
        attached(),
        f"{OTHERS} same_in_another_process pickles comes_back_from_its_config",
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
