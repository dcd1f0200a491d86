"""Faulty datasets."""

from dataclasses import replace
from itertools import count
from pathlib import Path

from faulty import FILE, after_a_draw, by_hash, from_global, torn
from semspill import Corpus, Dataset, Dialogue, Utterance
from semspill.errors import DataError

CALLS = count()
SPLITS = ("train", "test")


def weather(split, *, text="It rains", categories=("rain", "snow"), roles=("speaker", "listener")):
    def dialogue(i):
        turns = (Utterance(f"{text}, day {i}.", roles[0]), Utterance(f"Oh, {i}.", roles[1]))
        return Dialogue(f"{split}-{i}", categories[i % len(categories)], turns)

    return Corpus(tuple(dialogue(i) for i in range(6)), name="weather", split=split)


def known(split, **how):
    if split not in SPLITS:
        raise DataError(f"There is no split {split!r}; there are {', '.join(SPLITS)}.")
    return weather(split, **how)


def same_ids(split):
    return replace(weather("all", text=known(split).split), split=split)


def torn_error(split):
    torn(split not in SPLITS)
    return weather(split)


def silent(split):
    if split not in SPLITS:
        raise DataError("There is no such split.")
    return weather(split)


class Faulty(Dataset):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def load(self, split):
        return FAULTS[self.fault][0](split)


class ByIdentity(Dataset):
    """Loads by which object it is, so a copy loads something else."""

    citation = "original"

    def load(self, split):
        return known(split, text=str(id(self)))


class Listed(Dataset):
    """Lets Python's error through where its file is missing."""

    citation = "original"
    path: Path = FILE

    def load(self, split):
        return known(split, text=self.path.read_text())


EVERY_LOAD = (
    "two_categories says_its_split splits_are_disjoint copy_loads_the_same same_at_every_load "
    "blind_to_global_seeds leaves_global_generators_alone same_in_another_process"
)
RANDOM = "copy_loads_the_same blind_to_global_seeds same_in_another_process"
FAULTS = {
    "list": (lambda s: list(known(s)), f"listeners_answer_speakers {EVERY_LOAD}", "list"),
    "monologues": (
        lambda s: known(s, roles=("listener", "listener")),
        "listeners_answer_speakers",
        "6 dialogues of split 'train'",
    ),
    "one category": (lambda s: known(s, categories=("rain",)), "two_categories", "'rain'"),
    "nobody": (
        lambda s: replace(known(s), dialogues=()),
        "two_categories listeners_answer_speakers",
        "split 'train' has none",
    ),
    "always train": (lambda s: replace(known(s), split="train"), "says_its_split", "'test'"),
    "same ids": (same_ids, "splits_are_disjoint", "'all-0', and 5 more"),
    "any split": (weather, "unknown_split_is_a_data_error", "loaded split 'no_such_split'"),
    "key error": (
        lambda s: {name: weather(name) for name in SPLITS}[s],
        "unknown_split_is_a_data_error",
        "KeyError: 'no_such_split'",
    ),
    "silent": (silent, "unknown_split_is_a_data_error", "DataError: There is no such split"),
    "torn error": (torn_error, "errors_get_out unknown_split_is_a_data_error", "TornError"),
    "counts": (
        lambda s: known(s, text=f"Call {next(CALLS)}"),
        f"same_at_every_load {RANDOM}",
        "second call",
    ),
    "global": (
        lambda s: known(s, text=str(from_global())),
        f"blind_to_global_seeds same_at_every_load leaves_global_generators_alone {RANDOM}",
        "seeds 1 and 2",
    ),
    "drawn": (lambda s: after_a_draw(known(s)), "leaves_global_generators_alone", "numpy"),
    "hash": (lambda s: known(s, text=f"{by_hash(s)}"), "same_in_another_process", "hash"),
    "identity": (ByIdentity(), "copy_loads_the_same same_in_another_process", "fingerprints"),
    "file": (Listed(), "missing_file_is_a_data_error", "FileNotFoundError"),
}
