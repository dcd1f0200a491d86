"""What a cleaner took out: one record per suspicious exchange, hashes instead of text."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semspill._atomic import write_text
from semspill._model import FrozenModel
from semspill.corpus import Exchange
from semspill.poison._manifest import sha256


class Removal(FrozenModel):
    """One exchange that was found suspicious."""

    dialogue: str
    """Id of its dialogue."""
    turn: int
    """Index of the response among the utterances of that dialogue."""
    category: str
    """Its category."""
    suspicion: float | None
    """What the detector said; None where none was asked."""
    sha256: str
    """SHA-256 of the response."""

    @classmethod
    def of(cls, exchange: Exchange, suspicion: float | None) -> "Removal":
        """Return the record of an exchange."""
        return cls(
            dialogue=exchange.dialogue,
            turn=exchange.turn,
            category=exchange.category,
            suspicion=suspicion,
            sha256=sha256(exchange.response),
        )


class CleaningManifest(FrozenModel):
    """Everything that a cleaner found suspicious; holds hashes, never the text itself."""

    cleaner: Mapping[str, Any]
    """The cleaner's fields."""
    exchanges: int
    """Exchanges of the corpus before."""
    records: tuple[Removal, ...]
    """One per suspicious exchange, in the order of the corpus."""

    def __len__(self) -> int:
        return len(self.records)

    @property
    def by_category(self) -> Mapping[str, int]:
        """Suspicious exchanges of each category, most first."""
        return dict(Counter(record.category for record in self.records).most_common())

    def to_jsonl(self) -> str:
        """Return the manifest as JSON lines: the cleaner first, then one record per line."""
        head = {"semspill_cleaning": 1, "cleaner": self.cleaner, "exchanges": self.exchanges}
        rows = [head, *(record.model_dump(mode="json") for record in self.records)]
        return "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)

    def write(self, path: str | Path) -> None:
        """Write the JSON lines to a file, whole or not at all."""
        write_text(Path(path), self.to_jsonl())
