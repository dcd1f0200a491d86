"""Faulty response sources."""

from itertools import count
from pathlib import Path

from faulty import FILE, after_a_draw, by_hash, from_global, torn, unseeded
from semspill import ResponseSource

TEXTS = ("grumble", "grumble grumble", "grumble, twice")
CALLS = count()
SETTINGS: dict = {}


class Faulty(ResponseSource):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def load(self):
        return FAULTS[self.fault][0]()


class Configured(ResponseSource):
    """Needs what is no field."""

    citation = "original"

    def load(self):
        return SETTINGS["texts"]


class Listed(ResponseSource):
    """Reads a file and lets Python's error through where it is missing."""

    citation = "original"
    path: Path = FILE

    def load(self):
        return tuple(sorted(set(filter(str.strip, self.path.read_text().splitlines()))))


class Torn(Listed):
    """Raises the right kind of error, which no worker can send."""

    def load(self):
        torn(not self.path.exists())
        return TEXTS


class Anyway(Listed):
    """Needs no file though it names one."""

    def load(self):
        return TEXTS


RANDOM = "same_at_every_load same_in_another_process blind_to_global_seeds"
FAULTS = {
    "list": (lambda: list(TEXTS), "tuple_of_texts", "list"),
    "numbers": (lambda: (*TEXTS, 3), "tuple_of_texts", "int"),
    "none": (tuple, "at_least_one", "none"),
    "twice": (lambda: (*TEXTS, "grumble grumble"), "none_twice", "[1] and [3]"),
    "blank": (lambda: (*TEXTS, " \n"), "none_blank", "[3]"),
    "counts": (lambda: (f"{next(CALLS)}",), RANDOM, "second"),
    "unseeded": (lambda: (f"{unseeded()}",), RANDOM, "second"),
    "global": (
        lambda: (f"{from_global()}",),
        f"blind_to_global_seeds leaves_global_generators_alone {RANDOM}",
        "seeds 1 and 2",
    ),
    "drawn": (lambda: after_a_draw(TEXTS), "leaves_global_generators_alone", "numpy"),
    "hash": (lambda: (f"{by_hash('grumble')}",), "same_in_another_process", "hash"),
    "set": (lambda: tuple({f"{i}" for i in range(100)}), "same_in_another_process", "sort"),
    "file": (Listed(), "missing_file_is_a_data_error", "FileNotFoundError"),
    "torn": (Torn(), "missing_file_is_a_data_error", "TornError"),
    "no file": (Anyway(), "missing_file_is_a_data_error", "all the same"),
}
