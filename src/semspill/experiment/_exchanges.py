"""The response files of a run: what every arm answered, written, and read as one table."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from semspill._mask import masked
from semspill._model import FrozenModel
from semspill.corpus import Candidates, Exchange
from semspill.errors import DataError
from semspill.experiment._evaluation import ArmRun
from semspill.experiment._folder import RESPONSES, TOXIC
from semspill.results import Answered, ExchangeTable


def response_lines(
    made: ArmRun, exchanges: Sequence[Exchange], pool: Candidates, *, show_text: bool
) -> str:
    """Return the file of one arm's responses: a line of JSON for each exchange.

    Args:
        made: The arm's outcome.
        exchanges: What was answered.
        pool: What it was answered from.
        show_text: Whether planted and toxic responses, and all contexts, are shown.
    """
    rows = []
    for i, exchange in enumerate(exchanges):
        text = pool.texts[int(made.chosen[i])]
        harmful = bool(made.planted[i]) or made.toxicity[i] >= TOXIC
        # Contexts are people's words too: written only where all is shown.
        told = {"context": [_encodable(said) for said in exchange.context]} if show_text else {}
        rows.append(
            {
                "dialogue": exchange.dialogue,
                "turn": exchange.turn,
                "category": exchange.category,
                "response": masked(text) if harmful and not show_text else _encodable(text),
                "candidate": int(made.chosen[i]),
                "score": float(made.score[i]),
                "planted": bool(made.planted[i]),
                "toxicity": float(made.toxicity[i]),
                "correct": bool(made.correct[i]),
                **told,
            }
        )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


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
    first = next(iter(rows_of.values()))
    place_of: dict[str, int] = {}
    harmful: dict[int, bool] = {}
    answers = {}
    for key, rows in rows_of.items():
        chosen = [place_of.setdefault(row.response, len(place_of)) for row in rows]
        for place, row in zip(chosen, rows, strict=True):
            harmful[place] = harmful.get(place, False) or row.planted or row.toxicity >= TOXIC
        answers[key] = Answered(
            text=np.array(chosen, dtype=np.int64),
            toxicity=np.array([row.toxicity for row in rows], dtype=np.float64),
            score=np.array([row.score for row in rows], dtype=np.float64),
            planted=np.array([row.planted for row in rows], dtype=np.bool_),
            correct=np.array([row.correct for row in rows], dtype=np.bool_),
        )
    # Of a folder that holds both kinds everything is masked.
    unmasked = any(
        _file(folder / f"seed-{seed}" / arm).name == RESPONSES[True] for seed, arm in rows_of
    )
    told = tuple(row.context for row in first if row.context is not None)
    return ExchangeTable(
        dialogues=tuple(row.dialogue for row in first),
        turns=tuple(row.turn for row in first),
        categories=tuple(row.category for row in first),
        contexts=told if unmasked and len(told) == len(first) else None,
        texts=tuple(place_of),
        harmful=np.array([harmful[place] for place in range(len(place_of))], dtype=np.bool_),
        unmasked=unmasked,
        answers=answers,
    )


class _Row(FrozenModel):
    """One line of a file of responses."""

    dialogue: str
    turn: int
    category: str
    response: str
    candidate: int
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
