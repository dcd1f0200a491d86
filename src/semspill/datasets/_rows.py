"""Read the rows of EmpatheticDialogues, whose files look like CSV and are not."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from semspill.corpus import Dialogue, Role, Utterance
from semspill.errors import DataError

_HEADER = ("conv_id", "utterance_idx", "context", "prompt", "speaker_idx", "utterance")


class _Row(NamedTuple):
    where: str
    conv: str
    place: int
    category: str
    situation: str
    text: str


def read_dialogues(lines: Iterable[bytes], file: str) -> Iterator[Dialogue]:
    """Yield the dialogues of one split, in the order of the file.

    A line is split on `,` and nothing else: quotes are plain characters, a comma of the text is
    written `_comma_`. Odd utterances are the speaker's, even ones the listener's. The situation is
    that of a dialogue's first row.

    Args:
        lines: The lines of the file, header first, UTF-8.
        file: Its name, for messages.

    Raises:
        DataError: A row is malformed; with file, line and reason.
    """
    seen: set[str] = set()
    talk: list[_Row] = []
    for row in _rows(lines, file):
        if talk and row.conv == talk[0].conv:
            _check_next(talk[-1], row)
        else:
            if talk:
                yield _dialogue(talk)
            if row.conv in seen:
                raise DataError(
                    f"{row.where}: conversation {row.conv!r} begins a second time; its rows must "
                    "follow one another."
                )
            seen.add(row.conv)
            talk = []
        talk.append(row)
    if talk:
        yield _dialogue(talk)


def _rows(lines: Iterable[bytes], file: str) -> Iterator[_Row]:
    numbered = enumerate(lines, 1)
    header = next((line for _, line in numbered), b"").decode("utf-8-sig", "replace")
    if tuple(header.rstrip("\r\n").split(",")[:6]) != _HEADER:
        raise DataError(
            f"{file}, line 1: the header must begin with {','.join(_HEADER)}; this is not a file "
            "of EmpatheticDialogues."
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
    conv, index, category, situation, _, text = fields[:6]
    if not (index.isascii() and index.isdecimal() and int(index) > 0):
        raise DataError(f"{where}: utterance_idx must be a number from 1, got {index!r}.")
    if not conv or not category:
        raise DataError(f"{where}: {'conv_id' if not conv else 'context'} is empty.")
    return _Row(where, conv, int(index), category, _plain(situation), _plain(text))


def _check_next(last: _Row, row: _Row) -> None:
    if row.place <= last.place:
        raise DataError(
            f"{row.where}: utterance_idx must grow within conversation {row.conv!r}, got "
            f"{row.place} after {last.place}."
        )
    if row.category != last.category:
        raise DataError(
            f"{row.where}: conversation {row.conv!r} changes its label from {last.category!r} to "
            f"{row.category!r}; it must keep one."
        )


def _dialogue(talk: list[_Row]) -> Dialogue:
    turns = tuple(Utterance(row.text, _role(row.place)) for row in talk)
    return Dialogue(talk[0].conv, talk[0].category, turns, talk[0].situation)


def _role(index: int) -> Role:
    return "speaker" if index % 2 else "listener"


def _plain(text: str) -> str:
    return text.replace("_comma_", ",").strip()
