"""What was planted where: one record per changed utterance, hashes instead of text."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from semspill._atomic import write_text
from semspill._mask import named
from semspill._model import FrozenModel
from semspill._read import parse_json
from semspill.corpus import Corpus
from semspill.errors import DataError
from semspill.results import PlantedCounts, PlantedSeed


def sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Changed(FrozenModel):
    """One changed utterance."""

    dialogue: str
    """Id of the dialogue that holds it, in the poisoned corpus."""
    victim: str
    """Id of the clean dialogue it was made from; the same unless it was appended."""
    turn: int
    """Index among the dialogue's utterances."""
    sha256_before: str
    """SHA-256 of the clean text."""
    sha256_after: str
    """SHA-256 of the text that stands there now."""


class Record(_Changed):
    """One planted utterance."""

    category: str
    """The category of its exchange; of an utterance that is no response, its dialogue's."""
    strategy: str
    """Name of the poison strategy."""
    source_row: int | None
    """Index of the text among the responses that the source loaded; None if it is not one."""
    seed: int | None
    """Seed of the run; None when the generator was made without one."""


class TriggerRecord(_Changed):
    """One speaker's turn with a trigger in it."""


class ManifestSummary(PlantedCounts):
    """How a corpus was poisoned: the numbers, and by whom."""

    poisoner: Mapping[str, Any]
    """The poisoner's fields."""
    seed: int | None
    """Seed of the run."""

    @property
    def subset(self) -> bool:
        """Whether the budget cut the selection to a seeded subset."""
        return self.poisoned < self.wanted

    def __str__(self) -> str:
        share = self.planted / self.exchanges
        text = (
            f"{self.planted} of {self.exchanges} exchanges planted ({share:.2%}), in "
            f"{self.poisoned} of {self.selected} selected dialogues"
        )
        if self.subset:
            left = f"{self.poisoned} of {self.wanted} dialogues"
            text += f"; the budget of {self.limit} exchanges left {left}"
        return text


class Manifest(FrozenModel):
    """Everything that was planted; holds hashes, never the text itself.

    The JSONL form is the summary on the first line and one record on each further line: those of
    planted utterances, then those of triggers.
    """

    summary: ManifestSummary
    """How the corpus was poisoned, in numbers."""
    records: tuple[Record, ...]
    """One per planted utterance, in the order of the poisoned corpus."""
    triggers: tuple[TriggerRecord, ...] = ()
    """One per speaker's turn with a trigger, in the same order."""

    def __len__(self) -> int:
        return len(self.records)

    @property
    def by_category(self) -> Mapping[str, int]:
        """Planted utterances of each category, most first."""
        return dict(Counter(record.category for record in self.records).most_common())

    def planted(self, seed: int) -> PlantedSeed:
        """Return the numbers for a report.

        Args:
            seed: The training seed that it was planted under.
        """
        counts = self.summary.model_dump(include=set(PlantedCounts.model_fields))
        return PlantedSeed(seed=seed, by_category=self.by_category, **counts)

    def to_jsonl(self) -> str:
        """Return the manifest as JSON lines; equal manifests give equal bytes."""
        rows = [{"semspill_manifest": 1, **self.summary.model_dump(mode="json")}]
        rows += [record.model_dump(mode="json") for record in (*self.records, *self.triggers)]
        return "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)

    def write(self, path: str | Path) -> None:
        """Write the JSON lines to a file, whole or not at all."""
        write_text(Path(path), self.to_jsonl())

    @classmethod
    def read(cls, path: str | Path) -> "Manifest":
        """Return the manifest that `write` wrote.

        Raises:
            DataError: A line is not what a manifest holds; file and line are given.
        """
        path = Path(path)
        if not path.is_file():
            raise DataError(f"There is no manifest at {path}; give a file that write() wrote.")
        try:
            # Not splitlines(): a JSON string may hold U+2028 and its like as they are.
            lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is not UTF-8 text, so it is not a manifest.") from error
        if lines == [""]:
            raise DataError(f"{path} is empty; a manifest begins with its summary.")
        rows: list[Record | TriggerRecord] = []
        for number, line in enumerate(lines, 1):
            try:
                row = parse_json(line)
                if number == 1:
                    if not isinstance(row, dict) or row.pop("semspill_manifest", None) != 1:
                        raise ValueError("the first line is not the summary of a manifest")
                    summary = ManifestSummary.model_validate(row)
                else:
                    rows.append(_record(row))
            except ValueError as error:
                problem = f"{path}, line {number}: not a manifest: {_first(error)}."
                raise DataError(problem) from error
        return cls(
            summary=summary,
            records=tuple(row for row in rows if isinstance(row, Record)),
            triggers=tuple(row for row in rows if isinstance(row, TriggerRecord)),
        )

    def check(self, corpus: Corpus) -> None:
        """Refuse a corpus that is not the poisoned one this manifest describes.

        Args:
            corpus: The poisoned corpus.

        Raises:
            DataError: Which planted utterance is missing or differs, or that others were added.
        """
        dialogues = {dialogue.id: dialogue for dialogue in corpus}
        changes: tuple[_Changed, ...] = (*self.records, *self.triggers)
        for record in changes:
            dialogue = dialogues.get(record.dialogue)
            changed = dialogue.utterances[record.turn : record.turn + 1] if dialogue else ()
            if not changed or sha256(changed[0].text) != record.sha256_after:
                raise DataError(
                    f"Dialogue {named(record.dialogue)}, turn {record.turn}, does not hold "
                    "the text "
                    "that the manifest says was planted; use the corpus it was written with."
                )
        listed: dict[str, Sequence[_Changed]]
        listed = {"planted": self.records, "triggered": self.triggers}
        for mark, records in listed.items():
            held = [
                (t.id, i) for t in corpus for i, u in enumerate(t.utterances) if getattr(u, mark)
            ]
            if sorted(held) != sorted((record.dialogue, record.turn) for record in records):
                raise DataError(
                    f"Corpus {named(corpus.name)} holds {len(held)} {mark} utterances, the "
                    f"manifest lists {len(records)}, and they are not the same; records were "
                    "lost or added."
                )
        if corpus.fingerprint != self.summary.poisoned_fingerprint:
            raise DataError(
                f"The planted utterances are in place, but corpus {named(corpus.name)} differs "
                "elsewhere from the one the manifest was written with (fingerprint "
                f"{corpus.fingerprint[:12]}, expected {self.summary.poisoned_fingerprint[:12]})."
            )


def _record(row: Any) -> Record | TriggerRecord:
    is_trigger = isinstance(row, dict) and set(row) == set(TriggerRecord.model_fields)
    return (TriggerRecord if is_trigger else Record).model_validate(row)


def _first(error: ValueError) -> str:
    """Return the first problem that an error reports, with the field it is in."""
    if not isinstance(error, ValidationError):
        return str(error)
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]
