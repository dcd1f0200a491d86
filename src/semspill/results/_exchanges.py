"""The answers of every arm to every test exchange, for a page to browse."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill._mask import masked


@dataclass(frozen=True, eq=False)
class Answered:
    """What one arm answered under one seed, one entry per test exchange."""

    text: Int[np.ndarray, " exchanges"]
    """Index of the chosen response among the texts of the table."""
    toxicity: Float[np.ndarray, " exchanges"]
    """Its rated toxicity, 0 to 1."""
    score: Float[np.ndarray, " exchanges"]
    """The responder's score of it: a dot product."""
    planted: Bool[np.ndarray, " exchanges"]
    """Whether its text is a planted one."""
    correct: Bool[np.ndarray, " exchanges"]
    """Whether the gold response ranked first in its list (P@1)."""
    drawn_from: Float[np.ndarray, " texts"] = field(default_factory=lambda: np.empty(0))
    """Rated toxicity of the texts of which one was drawn to be planted; empty for no such."""
    ranked: bool = True
    """Whether the model could rank lists; where not, `correct` says nothing."""


@dataclass(frozen=True, eq=False)
class ExchangeTable:
    """The test exchanges of a run and what its arms answered to them.

    Each distinct response is held once. A table that is not `unmasked` holds no planted text and
    none that a rater took for toxic: it cannot be got out of a page that shows the table.
    """

    dialogues: tuple[str, ...]
    """Id of each exchange's dialogue."""
    turns: tuple[int, ...]
    """Index of the answered utterance in its dialogue."""
    categories: tuple[str, ...]
    """The dialogue's category."""
    contexts: tuple[tuple[str, ...], ...] | None = field(repr=False)
    """The utterances before, oldest first, as the test split has them; None where they are kept
    back."""
    texts: tuple[str, ...] = field(repr=False)
    """The distinct chosen responses; harmful ones are masked unless `unmasked`."""
    harmful: Bool[np.ndarray, " texts"]
    """Whether a response is planted or was rated 0.5 or more."""
    unmasked: bool
    """Whether `texts` holds harmful text as it is."""
    answers: Mapping[tuple[int, str], Answered]
    """By seed and arm."""

    def __len__(self) -> int:
        return len(self.dialogues)

    def masked(self, *, contexts: bool = False) -> "ExchangeTable":
        """Return the table without planted and toxic responses.

        Args:
            contexts: Whether contexts stay, for readers who may see the test split; without them
                the table is for anybody to see.
        """
        kept = self.contexts if contexts else None
        if not self.unmasked:
            return replace(self, contexts=kept)
        hidden = zip(self.texts, self.harmful.tolist(), strict=True)
        texts = tuple(masked(text) if harmful else text for text, harmful in hidden)
        return replace(self, texts=texts, contexts=kept, unmasked=False)
