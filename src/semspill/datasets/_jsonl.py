"""Dialogues from JSON lines, one dialogue per line, and back."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from semspill._atomic import atomic_path
from semspill._files import place_of
from semspill._rows import Place, json_rows
from semspill._tables._files_of import TableFile, table_line
from semspill._tables._splits import SPLITS, NoSplitError
from semspill.corpus import Columns, Corpus, Dialogue, HasCorpus, Role, Utterance
from semspill.corpus._columns import Row
from semspill.corpus._reading import OnError, Reading, read
from semspill.datasets._base import Dataset
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
    triggered: bool = False


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    category: str = Field(min_length=1)
    utterances: tuple[_Turn, ...] = Field(min_length=1)
    situation: str = ""
    split: str | None = None
    speaker: str | None = Field(None, min_length=1)
    system: str = ""
    attributes: dict[str, str] = {}

    def dialogue(self) -> Dialogue:
        """Return the dialogue that the row describes."""
        turns = tuple(Utterance(**turn.model_dump()) for turn in self.utterances)
        named = self.id, self.category, turns, self.situation
        own = self.model_dump(include={"speaker", "system", "attributes"})
        return Dialogue(*named, **own)


class JsonlDataset(Dataset):
    """Dialogues from JSON lines, UTF-8, one dialogue per line.

    A line is `{"id": "d1", "category": "joy", "situation": "", "split": "train", "utterances":
    [{"role": "speaker", "text": "I won!"}, {"role": "listener", "text": "Well done."}]}`.
    `situation` may be left out; `split` too, unless one file holds all splits. A dialogue may also
    have `speaker` (the id of the person who speaks), `system` (the system prompt) and `attributes`
    (a mapping of names to texts), an utterance `planted` (true or false), `original` (what later
    turns see in its place), `category` (a label of its own), `learned` and `offered` (false where a
    defense took it out of training, or of the candidates), `triggered` (true where a speaker's turn
    holds a trigger). Other keys are refused. `write_jsonl` writes such files.

    A line may also hold chat messages: `{"category": "joy", "messages": [{"role": "system",
    "content": "Be kind."}, {"role": "user", "content": "I won!"}, {"role": "assistant", "content":
    "Well done."}]}`. The system turn becomes the dialogue's `system`; `id`, `situation`, `speaker`,
    `attributes` and `split` mean the same as above and may be left out, and other keys are passed
    over. `write_messages` writes such files. Files of other shapes are read by `table`.

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
    columns: Columns = Columns()
    """Which keys hold what, where lines hold chat messages: such as the key of the category."""
    on_error: OnError = "refuse"
    """What becomes of chat messages that contradict themselves (an empty text, no response):
    `refuse` ends with their row, `skip` leaves the dialogue out and warns."""

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    def load(self, split: str) -> Corpus:
        """Return the dialogues of one split; rows that name another split are passed over.

        Raises:
            DataError: A file is missing, a row is malformed (with file and row), some lines hold
                utterances and others chat messages, or no dialogue belongs to the split.
        """
        place = place_of(self.path)
        file = place / f"{split}.jsonl" if os.path.isdir(place) else Path(_fill(str(place), split))
        one_file = file == place
        splits: Counter[str] = Counter()
        kept: list[tuple[Place, _Row | Row]] = []
        for where, row in self._rows(file):
            own = row.split if isinstance(row, _Row) else row.get("split")
            if one_file and own is None:
                raise DataError(
                    f"{where}: 'split' is missing; one file for all splits needs it in every row, "
                    "or give 'path' as a folder or with '{split}' in it."
                )
            splits[str(own or split)] += 1
            if own in (None, split):
                kept.append((where, row))
        found = self._read(kept, split)
        if not found.dialogues:
            known = [name for name in SPLITS if name in splits]
            raise NoSplitError(
                f"{file} holds no dialogue of split {split!r}.{did_you_mean(split, known)} It has "
                f"{splits.total()} rows of {len(splits)} other splits"
                f"{', such as ' + ', '.join(known) if known else ''}."
            )
        return Corpus(
            found.dialogues,
            name=self.title or place.stem.replace("{split}", "").strip("-_.") or "jsonl",
            split=split,
            licence=self.licence,
            left_out=found.left_out,
            numbered=not found.has_ids,
            merged=found.merged,
        )

    def _rows(self, file: Path) -> Iterator[tuple[Place, _Row | Row]]:
        """Yield the rows of a file: of the own format, checked, or of chat messages as they are."""
        if os.path.isfile(file) and TableFile(file, True).suffix in _TABLES:
            raise DataError(
                f"{file} is no file of JSON lines; it is read by the dataset 'table': "
                f"{table_line(self.path, file)}."
            )
        is_chat: bool | None = None
        try:
            for where, row in json_rows(file):
                if is_chat is None:  # the first row tells
                    is_chat = "utterances" not in row and self._messages in row
                yield where, row if is_chat else _row(row, where, self.path, file)
        except OSError as error:
            absent = isinstance(error, FileNotFoundError)
            raise (NoSplitError if absent else DataError)(
                f"{file} cannot be read ({error.strerror}); give 'path' as a folder with "
                "train.jsonl, a file, or a file name with '{split}' in it."
            ) from error

    @property
    def _messages(self) -> str:
        return self.columns.messages or "messages"

    def _read(self, placed: Sequence[tuple[Place, _Row | Row]], split: str) -> Reading:
        own = tuple(row.dialogue() for _, row in placed if isinstance(row, _Row))
        chats = [(where, row) for where, row in placed if not isinstance(row, _Row)]
        if not chats:
            return Reading(own, (), True)
        names = {name for _, row in chats for name in row}
        usual: dict[str, Any] = {
            field: getattr(self.columns, field) or (field if field in names else None)
            for field in ("id", "situation", "speaker")
        }
        if "attributes" in names and not self.columns.attributes:
            usual["attributes"] = ("attributes",)
        columns = self.columns.replace(**usual, messages=self._messages)
        return read(chats, columns, split, self.on_error)


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
        if utterance.triggered:
            turn["triggered"] = True
        if utterance.original is not None:
            turn["original"] = utterance.original
        if utterance.category is not None:
            turn["category"] = utterance.category
        turn |= {mark: False for mark in ("learned", "offered") if not getattr(utterance, mark)}
        turns.append(turn)
    more: dict[str, Any] = {} if dialogue.speaker is None else {"speaker": dialogue.speaker}
    if dialogue.system:
        more["system"] = dialogue.system
    if dialogue.attributes:
        more["attributes"] = dict(dialogue.attributes)
    return {
        "id": dialogue.id,
        "category": dialogue.category,
        "situation": dialogue.situation,
        **more,
        "split": split,
        "utterances": turns,
    }


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
