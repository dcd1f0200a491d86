"""Dialogues from JSON lines, one dialogue per line, and back."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from semspill._atomic import atomic_path
from semspill._files import place_of
from semspill._rows import Place, json_rows
from semspill.corpus import Corpus, Dialogue, HasCorpus, Role, Utterance
from semspill.datasets._base import Dataset
from semspill.datasets._files_of import TableFile, table_line
from semspill.datasets._splits import SPLITS, NoSplitError
from semspill.errors import DataError, did_you_mean

_TABLES = (".csv", ".tsv", ".parquet", ".pq")


class _Turn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Role
    text: str
    planted: bool = False
    original: str | None = None
    category: str | None = Field(None, min_length=1)
    learned: bool = True
    offered: bool = True


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    category: str = Field(min_length=1)
    utterances: tuple[_Turn, ...] = Field(min_length=1)
    situation: str = ""
    split: str | None = None
    speaker: str | None = Field(None, min_length=1)
    system: str = ""

    def dialogue(self) -> Dialogue:
        """Return the dialogue that the row describes."""
        turns = tuple(Utterance(**turn.model_dump()) for turn in self.utterances)
        named = self.id, self.category, turns, self.situation
        return Dialogue(*named, speaker=self.speaker, system=self.system)


class JsonlDataset(Dataset):
    """Dialogues from JSON lines, UTF-8, one dialogue per line.

    A line is `{"id": "d1", "category": "joy", "situation": "", "split": "train", "utterances":
    [{"role": "speaker", "text": "I won!"}, {"role": "listener", "text": "Well done."}]}`.
    `situation` may be left out; `split` too, unless one file holds all splits. A dialogue may also
    have `speaker` (the id of the person who speaks) and `system` (the system prompt), an utterance
    `planted` (true or false), `original` (what later turns see in its place), `category` (a label
    of its own), `learned` and `offered` (false where a defense took it out of training, or of the
    candidates). Other keys are refused. `write_jsonl` writes
    such files.

    Example:
        >>> JsonlDataset(path="talks/{split}.jsonl").licence
        'unknown'
    """

    citation: ClassVar[str] = "original"

    path: Path
    """A folder with train.jsonl, valid.jsonl, test.jsonl; a file name with `{split}` in it; or one
    file whose rows say their `split`."""
    title: str | None = None
    """Name of the corpus; None for the name of the file or folder."""
    licence: str = "unknown"
    """The licence of the text."""

    def load(self, split: str) -> Corpus:
        """Return the dialogues of one split; rows that name another split are passed over.

        Raises:
            DataError: A file is missing, a row is malformed (with file and row), or no dialogue
                belongs to the split.
        """
        place = place_of(self.path)
        file = place / f"{split}.jsonl" if os.path.isdir(place) else Path(_fill(str(place), split))
        one_file = file == place
        splits: Counter[str] = Counter()
        dialogues = []
        for where, row in _rows(file, self.path):
            if one_file and row.split is None:
                raise DataError(
                    f"{where}: 'split' is missing; one file for all splits needs it in every row, "
                    "or give 'path' as a folder or with '{split}' in it."
                )
            splits[row.split or split] += 1
            if row.split in (None, split):
                dialogues.append(row.dialogue())
        if not dialogues:
            known = [name for name in SPLITS if name in splits]
            raise NoSplitError(
                f"{file} holds no dialogue of split {split!r}.{did_you_mean(split, known)} It has "
                f"{splits.total()} rows of {len(splits)} other splits"
                f"{', such as ' + ', '.join(known) if known else ''}."
            )
        name = self.title or place.stem.replace("{split}", "").strip("-_.") or "jsonl"
        return Corpus(tuple(dialogues), name=name, split=split, licence=self.licence)


def write_jsonl(corpus: HasCorpus, path: str | Path) -> None:
    """Write a corpus as JSON lines that `JsonlDataset` reads back with the same fingerprint.

    Planted text is written as it is: name the file so that its readers are warned.

    Args:
        corpus: A corpus, or a value that carries one.
        path: The file; it appears whole or not at all, and replaces an older one.
    """
    with (
        atomic_path(place_of(path)) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as out,
    ):
        for dialogue in corpus.corpus:
            row = _described(dialogue, corpus.corpus.split)
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def _described(dialogue: Dialogue, split: str) -> dict[str, Any]:
    turns = []
    for utterance in dialogue.utterances:
        turn: dict[str, Any] = {"role": utterance.role, "text": utterance.text}
        if utterance.planted:
            turn["planted"] = True
        if utterance.original is not None:
            turn["original"] = utterance.original
        if utterance.category is not None:
            turn["category"] = utterance.category
        turn |= {mark: False for mark in ("learned", "offered") if not getattr(utterance, mark)}
        turns.append(turn)
    more = {} if dialogue.speaker is None else {"speaker": dialogue.speaker}
    if dialogue.system:
        more["system"] = dialogue.system
    return {
        "id": dialogue.id,
        "category": dialogue.category,
        "situation": dialogue.situation,
        **more,
        "split": split,
        "utterances": turns,
    }


def _rows(file: Path, given: Path) -> Iterator[tuple[Place, _Row]]:
    if os.path.isfile(file) and TableFile(file, True).suffix in _TABLES:
        raise DataError(
            f"{file} is no file of JSON lines; it is read by the dataset 'table': "
            f"{table_line(given, file)}."
        )
    try:
        for where, row in json_rows(file):
            yield where, _row(row, where, given, file)
    except OSError as error:
        absent = isinstance(error, FileNotFoundError)
        raise (NoSplitError if absent else DataError)(
            f"{file} cannot be read ({error.strerror}); give 'path' as a folder with "
            "train.jsonl, a file, or a file name with '{split}' in it."
        ) from error


def _row(row: dict[str, Any], where: Place, given: Path, file: Path) -> _Row:
    if "utterances" not in row:
        raise DataError(
            f"{where}: a dialogue in semspill's own format has 'utterances', and this row has "
            "none; files of other shapes are read by the dataset 'table': "
            f"{table_line(given, file)}."
        )
    try:
        return _Row.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        *place, last = first["loc"]
        if first["type"] == "extra_forbidden":
            known = [*_Row.model_fields, *_Turn.model_fields]
            message = f"a key is not known.{did_you_mean(str(last), known)}"
        else:
            place, message = [*place, last], f"{first['msg'].split(' or instance')[0]}."
        within = "".join(f"{part}." for part in place).removesuffix(".")
        # The cause is left out: it shows what came.
        raise DataError(f"{where}: {within}{': ' if within else ''}{message}") from None


def _fill(pattern: str, split: str) -> str:
    # Not str.format: other braces in a path are plain characters.
    return pattern.replace("{split}", split)
