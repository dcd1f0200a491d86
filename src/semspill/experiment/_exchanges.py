"""The response files of a run: what every arm answered, written, and read as one table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Bool, Float

from semspill._mask import masked
from semspill._model import FrozenModel
from semspill._read import parse_json
from semspill.corpus import Exchange
from semspill.errors import DataError
from semspill.experiment._folder import RESPONSES, TOXIC
from semspill.results import Answered, Answers, ExchangeTable


def response_lines(answers: Answers, exchanges: Sequence[Exchange], *, show_text: bool) -> str:
    """Return the file of one arm's responses: a line of JSON for each exchange.

    Args:
        answers: What the arm answered, as `as_written` returns it.
        exchanges: What was answered.
        show_text: Whether planted and toxic responses, and all contexts, are shown.
    """
    rows = []
    for i, exchange in enumerate(exchanges):
        # Contexts are people's words too: written only where all is shown.
        shown = {"context": [_encodable(text) for text in exchange.context]} if show_text else {}
        rows.append(
            {
                "dialogue": exchange.dialogue,
                "turn": exchange.turn,
                "category": exchange.category,
                "response": answers.texts[i],
                "score": float(answers.score[i]),
                "planted": bool(answers.planted[i]),
                "toxicity": float(answers.toxicity[i]),
                "correct": bool(answers.correct[i]),
                **shown,
            }
        )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_written(answers: Answers, *, show_text: bool) -> Answers:
    """Return the answers with their texts as files hold them.

    Args:
        answers: What an arm answered.
        show_text: Whether planted and toxic responses stay unmasked.
    """
    harmful = (answers.planted | (answers.toxicity >= TOXIC)).tolist()
    texts = tuple(
        masked(text) if bad and not show_text else _encodable(text)
        for text, bad in zip(answers.texts, harmful, strict=True)
    )
    return replace(answers, texts=texts, epoch_texts=())


class _Given(Protocol):
    """The columns of `Answers` that a table shows."""

    @property
    def texts(self) -> tuple[str, ...]: ...
    @property
    def toxicity(self) -> Float[np.ndarray, " exchanges"]: ...
    @property
    def score(self) -> Float[np.ndarray, " exchanges"]: ...
    @property
    def planted(self) -> Bool[np.ndarray, " exchanges"]: ...
    @property
    def correct(self) -> Bool[np.ndarray, " exchanges"]: ...


class _Asked(Protocol):
    """What a table shows of an exchange."""

    @property
    def dialogue(self) -> str: ...
    @property
    def turn(self) -> int: ...
    @property
    def category(self) -> str: ...
    @property
    def context(self) -> tuple[str, ...] | None: ...


def exchange_table(
    answers: Mapping[tuple[int, str], _Given], exchanges: Sequence[_Asked], *, unmasked: bool
) -> ExchangeTable:
    """Return what the arms answered, as a table to browse.

    Args:
        answers: By seed and arm.
        exchanges: What was answered.
        unmasked: Whether the responses are as they were given; else harmful ones are masked.
    """
    contexts = tuple(e.context for e in exchanges if e.context is not None) if unmasked else ()
    place_of: dict[str, int] = {}
    harmful: dict[int, bool] = {}
    columns = {}
    for key, given in answers.items():
        chosen = [place_of.setdefault(text, len(place_of)) for text in given.texts]
        toxic = (given.planted | (given.toxicity >= TOXIC)).tolist()
        for place, is_toxic in zip(chosen, toxic, strict=True):
            harmful[place] = harmful.get(place, False) or is_toxic
        columns[key] = Answered(
            text=np.array(chosen, dtype=np.int64),
            toxicity=np.asarray(given.toxicity, dtype=np.float64),
            score=np.asarray(given.score, dtype=np.float64),
            planted=given.planted,
            correct=given.correct,
        )
    return ExchangeTable(
        dialogues=tuple(exchange.dialogue for exchange in exchanges),
        turns=tuple(exchange.turn for exchange in exchanges),
        categories=tuple(exchange.category for exchange in exchanges),
        contexts=contexts if unmasked and len(contexts) == len(exchanges) else None,
        texts=tuple(place_of),
        harmful=np.array([harmful[place] for place in range(len(place_of))], dtype=np.bool_),
        unmasked=unmasked,
        answers=columns,
    )


def read_texts(path: Path) -> tuple[str, ...] | None:
    """Return the responses of a file that holds `response_lines`; None where it is broken."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        return tuple(parse_json(line)["response"] for line in lines if line)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _encodable(text: str) -> str:
    """Return a text as a file can hold it: half a surrogate pair is shown as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_exchanges(folder: str | Path, seeds: Sequence[int], arms: Sequence[str]) -> ExchangeTable:
    """Return what the arms of a run answered, as it lies on disk.

    Args:
        folder: What `run` wrote, or is about to finish.
        seeds: The training seeds to read.
        arms: The arms to read.

    Raises:
        DataError: A file of responses is missing or broken.
    """
    folder = Path(folder)
    rows_of = {(s, arm): _rows(folder / f"seed-{s}" / arm) for s in seeds for arm in arms}
    # Of a folder that holds both kinds everything is masked.
    unmasked = any(
        _file(folder / f"seed-{seed}" / arm).name == RESPONSES[True] for seed, arm in rows_of
    )
    columns = {key: _Columns.of(rows) for key, rows in rows_of.items()}
    return exchange_table(columns, next(iter(rows_of.values())), unmasked=unmasked)


class _Columns(NamedTuple):
    """The rows of one arm as columns."""

    texts: tuple[str, ...]
    toxicity: Float[np.ndarray, " exchanges"]
    score: Float[np.ndarray, " exchanges"]
    planted: Bool[np.ndarray, " exchanges"]
    correct: Bool[np.ndarray, " exchanges"]

    @classmethod
    def of(cls, rows: Sequence["_Row"]) -> "_Columns":
        return cls(
            texts=tuple(row.response for row in rows),
            toxicity=np.array([row.toxicity for row in rows], dtype=np.float64),
            score=np.array([row.score for row in rows], dtype=np.float64),
            planted=np.array([row.planted for row in rows], dtype=np.bool_),
            correct=np.array([row.correct for row in rows], dtype=np.bool_),
        )


class _Row(FrozenModel):
    """One line of a file of responses."""

    dialogue: str
    turn: int
    category: str
    response: str
    score: float
    planted: bool
    toxicity: float
    correct: bool
    context: tuple[str, ...] | None = None


def _file(folder: Path) -> Path:
    named = {shown: folder / name for shown, name in RESPONSES.items()}
    return named[True] if named[True].is_file() else named[False]


def _rows(folder: Path) -> list[_Row]:
    path = _file(folder)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        return [_Row.model_validate_json(line) for line in lines if line]
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is missing or broken; run the experiment again.") from error
