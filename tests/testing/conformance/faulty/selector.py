"""Faulty selectors."""

import numpy as np

from faulty import after_a_draw, by_hash, torn
from semspill import Selector


def brave(corpus):
    return [i for i, dialogue in enumerate(corpus) if dialogue.category == "brave"]


def turned_around(corpus, rng):
    object.__setattr__(corpus, "dialogues", corpus.dialogues[::-1])
    return [0] if len(corpus) else []


def by_first_word(corpus, rng):
    return [i for i, d in enumerate(corpus) if d.utterances[0].text.split()[0] and not i % 3]


def by_longest(corpus, rng):
    lengths = [len(dialogue.utterances[0].text) for dialogue in corpus]
    return [10 * max(lengths)] if max(lengths, default=0) > 9000 else brave(corpus)


def torn_error(corpus, rng):
    torn(not len(corpus))
    return brave(corpus)


def drawn_globally(corpus, rng):
    return np.random.permutation(len(corpus))  # noqa: NPY002  # what must not be done


def ordered_by_hash(corpus, rng):
    return sorted(range(len(corpus)), key=lambda i: by_hash(corpus[i].id))


class Faulty(Selector):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def select(self, corpus, rng):
        return FAULTS[self.fault][0](corpus, rng)


RANDOM = "same_rng_same_result blind_to_global_seeds same_in_another_process"
FAULTS = {
    "floats": (lambda c, g: np.array(brave(c), dtype=float), "whole_numbers", "float64"),
    "mask": (
        lambda c, g: [dialogue.category == "brave" for dialogue in c],
        "whole_numbers each_at_most_once",
        "np.flatnonzero",
    ),
    "columns": (lambda c, g: [[i] for i in brave(c)], "whole_numbers", "15 x 1"),
    "single": (lambda c, g: 0, "whole_numbers nothing_to_select", "single value"),
    "from one": (
        lambda c, g: [i + 1 for i in range(len(c))],
        "inside_the_corpus takes_odd_texts",
        "60, and the dialogues are 0 to 59",
    ),
    "from behind": (
        lambda c, g: [-1] if len(c) else [],
        "inside_the_corpus takes_odd_texts",
        "-1, and",
    ),
    "with replacement": (lambda c, g: brave(c) + brave(c)[:2], "each_at_most_once", "2 of 17"),
    "none": (lambda c, g: [], "at_least_one", "'synthetic'"),
    "turned around": (turned_around, "leaves_the_corpus", "order changed"),
    "first word": (by_first_word, "takes_odd_texts", "IndexError"),
    "longest": (by_longest, "takes_odd_texts", "100000, and the dialogues are 0 to 67"),
    "insists": (lambda c, g: [brave(c)[0]], "nothing_to_select", "IndexError"),
    "makes up": (lambda c, g: brave(c) or [0], "nothing_to_select", "[0]"),
    "torn error": (torn_error, "errors_get_out", "TornError"),
    "unseeded": (
        lambda c, g: np.random.default_rng().permutation(len(c)),
        RANDOM,
        "second call",
    ),
    "global": (
        drawn_globally,
        f"blind_to_global_seeds leaves_global_generators_alone {RANDOM}",
        "seeds 1 and 2",
    ),
    "drawn": (lambda c, g: after_a_draw(brave(c)), "leaves_global_generators_alone", "numpy"),
    "hash": (ordered_by_hash, "same_in_another_process", "hash"),
}
