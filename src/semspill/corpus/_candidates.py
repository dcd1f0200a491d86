"""The pool of responses that a retrieval responder chooses from."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress
from typing import Literal

import numpy as np
from jaxtyping import Bool
from pydantic import Field, model_validator

from semspill._model import FrozenModel
from semspill.corpus._dialogue import Dialogue
from semspill.errors import ConfigError, DataError


@dataclass(frozen=True, eq=False)
class Candidates:
    """Distinct responses, and which of them were planted.

    Example:
        >>> Candidates.of(["Oh no.", "Great!", "Oh no."]).texts
        ('Oh no.', 'Great!')
    """

    texts: tuple[str, ...]
    """The responses, without repeats, in a fixed order: ties are won by the lowest index."""
    planted: Bool[np.ndarray, " candidates"]
    """Whether an adversary planted the response anywhere in the corpus."""
    planted_dropped: int = 0
    """How many distinct planted responses the filter kept out of the pool."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Candidates":
        """Return a pool of the distinct `texts`, none of them planted."""
        distinct = tuple(dict.fromkeys(texts))
        return cls(distinct, np.zeros(len(distinct), dtype=np.bool_))

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return f"<Candidates: {len(self)} texts, {int(self.planted.sum())} planted>"


class CandidateFilter(FrozenModel):
    """Which utterances of a corpus enter the pool: those that are offered and qualify."""

    roles: Literal["listener", "both"] = "listener"
    """Take only what listeners say, or what both sides say."""
    min_chars: int = Field(1, ge=1)
    """Shortest text that enters, in characters without surrounding space."""
    max_chars: int | None = Field(None, ge=1)
    """Longest text that enters, in characters; None for no limit."""

    @model_validator(mode="after")
    def _bounds_leave_room(self) -> "CandidateFilter":
        if self.max_chars is not None and self.max_chars < self.min_chars:
            raise ConfigError(
                f"max_chars is {self.max_chars}, less than min_chars, {self.min_chars}; nothing "
                "would pass"
            )
        return self

    def collect(self, dialogues: Iterable[Dialogue]) -> Candidates:
        """Return the distinct utterances that qualify, in order of first appearance.

        Raises:
            DataError: None qualifies.
        """
        planted: dict[str, bool] = {}
        first = 0 if self.roles == "both" else 1
        for dialogue in dialogues:
            for utterance in dialogue.utterances[first:]:
                if utterance.offered and (not first or utterance.role == "listener"):
                    planted[utterance.text] = (
                        planted.get(utterance.text, False) or utterance.planted
                    )
        sizes = np.fromiter(map(len, map(str.strip, planted)), np.int64, len(planted))
        keeps = (sizes >= self.min_chars) & (sizes <= (self.max_chars or np.inf))
        if not keeps.any():
            raise DataError(
                f"No response passes the candidate filter ({self!r}); widen its bounds or load "
                "a corpus that holds listener responses."
            )
        marks = np.fromiter(planted.values(), np.bool_, len(planted))
        texts = tuple(compress(planted, keeps.tolist()))
        return Candidates(texts, marks[keeps], int(marks[~keeps].sum()))
