"""An ordered, immutable collection of dialogues with a fingerprint."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import numpy as np

from semspill._mask import listing, named, printable
from semspill._names import composed
from semspill.corpus._candidates import CandidateFilter, Candidates
from semspill.corpus._dialogue import Dialogue, Exchange
from semspill.corpus._fingerprint import fingerprint_of
from semspill.corpus._from import _FromRows
from semspill.corpus._reading import LeftOut
from semspill.corpus._sound import sound
from semspill.errors import DataError, did_you_mean


@dataclass(frozen=True, eq=False)
class Corpus(_FromRows):
    """The dialogues of one split, in order.

    It is made of `Dialogue` objects, of data in memory (`from_messages`, `from_pandas`, `from_hf`)
    or by a dataset. Category names are normalized to Unicode's form NFC, so that those that look
    alike are alike.

    Raises:
        DataError: Two dialogues have the same id, or one holds a value that is of another type than
            it must be or no valid Unicode.

    Example:
        >>> from semspill.corpus import Utterance
        >>> dialogue = Dialogue("d1", "joy", (Utterance("I won!", "speaker"),
        ...                                   Utterance("Well done.", "listener")))
        >>> corpus = Corpus((dialogue,), name="tiny")
        >>> len(corpus), corpus.categories, corpus.responses().texts
        (1, ('joy',), ('Well done.',))
    """

    dialogues: tuple[Dialogue, ...]
    """All dialogues, in the order of the data set."""
    name: str
    """Name of the data set."""
    split: str = "train"
    """Which split of the data set this is."""
    licence: str = "unknown"
    """The licence of the text."""
    labels: tuple[str, ...] = ()
    """The category that a labeller predicts for each exchange; empty where none was asked."""
    left_out: tuple[LeftOut, ...] = ()
    """What a reader left out of it, because it contradicts itself; empty where nothing."""
    numbered: bool = False
    """Whether the ids of its dialogues are split and number of row, because the data have none:
    such an id says nothing of other splits."""
    merged: int = 0
    """Turns that a reader joined with the one before, because both have the same role."""
    revision: str | None = None
    """The commit of the hub that the data are of; None where they are not of the hub."""

    def __post_init__(self) -> None:
        called = f"Corpus {named(self.name)} ({self.split})"
        object.__setattr__(self, "dialogues", sound(self.dialogues, called))
        if len(set(map(attrgetter("id"), self.dialogues))) < len(self.dialogues):
            ids = [dialogue.id for dialogue in self.dialogues]
            [(twice, times)] = Counter(ids).most_common(1)
            first = ids.index(twice)
            raise DataError(
                f"{called} holds {times} dialogues with one id, the first at [{first}] and "
                f"[{ids.index(twice, first + 1)}]; ids must be unique."
            )

        if self.labels and len(self.labels) != self.exchange_count:
            raise DataError(
                f"{called} has {self.exchange_count} exchanges and {len(self.labels)} labels; give "
                "one each."
            )

    def __getstate__(self) -> dict[str, object]:
        # A copy in a worker counts anew what was counted here: it costs less than to send it.
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def __len__(self) -> int:
        return len(self.dialogues)

    def __getitem__(self, index: int) -> Dialogue:
        return self.dialogues[index]

    def __iter__(self) -> Iterator[Dialogue]:
        return iter(self.dialogues)

    def __repr__(self) -> str:
        return printable(
            f"<Corpus {self.name} {self.split}: {len(self)} dialogues, "
            f"{len(self.categories)} categories>"
        )

    @property
    def corpus(self) -> "Corpus":
        """This corpus itself, so that it can stand wherever a poisoned corpus can."""
        return self

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Number of dialogues of each category, in alphabetical order.

        A dialogue whose exchanges have several categories counts for each of them.
        """
        counts = Counter(name for dialogue in self.dialogues for name in dialogue.categories)
        return MappingProxyType(dict(sorted(counts.items())))

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that occur, in alphabetical order."""
        return tuple(self.sizes)

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges, in the order of the dialogues and their turns."""
        plain = (exchange for dialogue in self.dialogues for exchange in dialogue.exchanges)
        if not self.labels:
            return tuple(plain)
        return tuple(
            replace(exchange, label=label)
            for exchange, label in zip(plain, self.labels, strict=True)
        )

    @cached_property
    def exchange_count(self) -> int:
        """Number of exchanges, counted without making them."""
        return sum(
            utterance.role == "listener"
            for dialogue in self.dialogues
            for utterance in dialogue.utterances[1:]
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the content of every dialogue and its labels, as 64 hex digits."""
        content = fingerprint_of(self.dialogues)
        if not self.labels:
            return content
        return hashlib.sha256(json.dumps([content, self.labels]).encode()).hexdigest()

    def responses(self, keep: CandidateFilter | None = None) -> Candidates:
        """Return the distinct responses, in order of first appearance.

        Args:
            keep: Which utterances qualify; by default every listener response that is not blank.

        Raises:
            DataError: No response qualifies.
        """
        return (keep or CandidateFilter()).collect(self.dialogues)

    def sample(self, share: float, rng: np.random.Generator) -> "Corpus":
        """Return a part of the corpus that keeps every category's share, in the same order.

        Args:
            share: Share of each category's dialogues to keep, 0 < share <= 1; at least one stays.
                Of several categories, a dialogue is drawn by that of its first exchange.
            rng: Draws which ones.

        Raises:
            DataError: The share is not above 0.
        """
        if not share > 0:
            raise DataError(
                f"A share of {share} of corpus {named(self.name)} keeps nothing; give one above 0."
            )
        if share >= 1:
            return self
        places: dict[str, list[int]] = {}
        for index, dialogue in enumerate(self.dialogues):
            places.setdefault(dialogue.categories[0], []).append(index)
        chosen: list[int] = []
        for category in sorted(places):
            rows = places[category]
            order = rng.permutation(len(rows))[: max(round(share * len(rows)), 1)]
            chosen += [rows[int(i)] for i in order]
        kept = {name for i in chosen for name in self.dialogues[i].categories}
        for category in [name for name in self.categories if name not in kept]:
            held = [i for i, one in enumerate(self.dialogues) if category in one.categories]
            chosen.append(held[int(rng.integers(len(held)))])
        dialogues = tuple(self.dialogues[i] for i in sorted(set(chosen)))
        return replace(self, dialogues=dialogues, labels=())

    def require_category(self, category: str) -> str:
        """Return the name of a category as the corpus writes it.

        Raises:
            DataError: It does not occur; with the nearest names.
        """
        name = composed(category)
        if name not in self.sizes:
            raise DataError(
                f"Category {named(name)} is not in corpus {named(self.name)} ({self.split})."
                f"{did_you_mean(name, self.categories)} It has: {listing(self.categories)}."
            )
        return name


@runtime_checkable
class HasCorpus(Protocol):
    """What can be trained on: a corpus, or a value that carries one."""

    @property
    def corpus(self) -> Corpus:
        """The corpus to use."""
        ...
