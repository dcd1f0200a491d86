"""Read the rows of EmpatheticDialogues, whose files look like CSV and are not."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from semspill.corpus import Dialogue, Role, Utterance
from semspill.errors import DataError

_HEADER = ("conv_id", "utterance_idx", "context", "prompt", "speaker_idx", "utterance")
_DIGITS = 9


class _Row(NamedTuple):
    where: str
    conv: str
    place: int
    category: str
    situation: str
    person: str
    text: str


def read_dialogues(lines: Iterable[bytes], file: str) -> tuple[Dialogue, ...]:
    """Return the dialogues of one split, in the order of the file.

    A line is split on `,` and nothing else: quotes are plain characters, a comma of the text is
    written `_comma_`. Odd utterances are the speaker's, even ones the listener's. The situation is
    that of a dialogue's first row. `speaker_idx` of the first odd utterance is the dialogue's
    speaker, unless all dialogues of the file have the same one.

    Args:
        lines: The lines of the file, header first, UTF-8.
        file: Its name, for messages.

    Raises:
        DataError: A row is malformed; with file, line and reason.
    """
    dialogues = tuple(_dialogues(lines, file))
    if len({dialogue.speaker for dialogue in dialogues} - {None}) > 1:
        return dialogues
    # One id for all speakers is a role, as in copies that write 0 for speaker and 1 for listener.
    return tuple(replace(dialogue, speaker=None) for dialogue in dialogues)


def _dialogues(lines: Iterable[bytes], file: str) -> Iterator[Dialogue]:
    seen: set[str] = set()
    rows: list[_Row] = []
    for row in _rows(lines, file):
        if rows and row.conv == rows[0].conv:
            _check_next(rows[-1], row)
        else:
            if rows:
                yield _dialogue(rows)
            if row.conv in seen:
                raise DataError(
                    f"{row.where}: the conversation of this row begins a second time; its rows "
                    "must follow one another."
                )
            seen.add(row.conv)
            rows = []
        rows.append(row)
    if rows:
        yield _dialogue(rows)


def _rows(lines: Iterable[bytes], file: str) -> Iterator[_Row]:
    numbered = enumerate(lines, 1)
    header = next((line for _, line in numbered), b"").decode("utf-8-sig", "replace")
    if tuple(header.rstrip("\r\n").split(",")[:6]) != _HEADER:
        raise DataError(
            f"{file}, line 1: the header must begin with {','.join(_HEADER)}, without quotes; this "
            "is not an official file of EmpatheticDialogues."
        )
    for number, line in numbered:
        if line.strip():
            yield _row(line, f"{file}, line {number}")


def _row(line: bytes, where: str) -> _Row:
    try:
        fields = line.decode("utf-8").rstrip("\r\n").split(",")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: the row is not UTF-8 ({error.reason}).") from error
    if len(fields) not in (8, 9):
        raise DataError(
            f"{where}: the row has {len(fields)} fields; 8 or 9 are allowed, and a comma in the "
            "text must be written '_comma_'."
        )
    if _is_saved_again(fields):
        raise DataError(
            f"{where}: the row was saved again by another program, which put commas or quotes into "
            "its cells; give the official file, or write '_comma_' for each comma of a text and "
            "take the quotes around cells away."
        )
    conv, index, category, situation, person, text = fields[:6]
    if not (_is_number(index) and int(index) > 0):
        raise DataError(
            f"{where}: utterance_idx must be a number from 1 of at most {_DIGITS} digits, got "
            f"{len(index)} characters that are none."
        )
    if not conv or not category:
        raise DataError(f"{where}: {'conv_id' if not conv else 'context'} is empty.")
    return _Row(where, conv, int(index), category, _plain(situation), person.strip(), _plain(text))


def _is_saved_again(fields: list[str]) -> bool:
    """Return whether a row holds bare commas, or CSV's quotes, where the official files have none.

    Official rows may hold any quotes as plain characters; a worker's id is a number, and
    `selfeval`, where it is not empty, lists ratings with `|`.
    """
    person, ratings = fields[4], fields[6]
    cut = (person and not _is_number(person)) or (ratings and "|" not in ratings)
    return bool(cut) or any(map(_is_quoted, fields))


def _is_quoted(field: str) -> bool:
    """Return whether a field is a quoted cell of CSV whose own quotes are doubled."""
    inside = field[1:-1]
    wrapped = field.startswith('"') and field.endswith('"')
    return wrapped and '""' in inside and '"' not in inside.replace('""', "")


def _is_number(text: str) -> bool:
    return len(text) <= _DIGITS and text.isascii() and text.isdecimal()


def _check_next(last: _Row, row: _Row) -> None:
    if row.place <= last.place:
        raise DataError(
            f"{row.where}: utterance_idx must grow within a conversation, got {row.place} after "
            f"{last.place}."
        )
    if row.category != last.category:
        raise DataError(
            f"{row.where}: the conversation changes its label (context) after {last.where}; it "
            "must keep one."
        )


def _dialogue(rows: list[_Row]) -> Dialogue:
    turns = tuple(Utterance(row.text, _role(row.place)) for row in rows)
    people = (row.person for row in rows if _role(row.place) == "speaker")
    return Dialogue(
        rows[0].conv, rows[0].category, turns, rows[0].situation, next(people, "") or None
    )


def _role(index: int) -> Role:
    return "speaker" if index % 2 else "listener"


def _plain(text: str) -> str:
    return text.replace("_comma_", ",").strip()
