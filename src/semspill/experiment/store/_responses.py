"""The response files of a run: what every arm answered, one line of JSON for each exchange."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from semspill._harmful import UNMASKED
from semspill._mask import masked
from semspill._read import parse_json
from semspill.corpus import Exchange
from semspill.results import Answered, Answers, ExchangeTable

RESPONSES = {False: "responses.jsonl", True: f"responses.{UNMASKED}.jsonl"}
"""Name of the file of an arm's responses, masked and unmasked."""
PAGES = {False: "report.html", True: f"report.{UNMASKED}.html"}
"""Name of the page, of masked and of unmasked responses."""
CONTEXTS_PAGE = "report.contexts.html"
"""Name of the page that shows contexts and masks responses."""
TOXIC = 0.5
"""Responses rated this toxic or more are masked, planted or not."""


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


def read_rows(path: Path) -> list[dict[str, Any]] | None:
    """Return the lines of a file that holds `response_lines`; None where it is broken."""
    try:
        rows = [parse_json(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    except (OSError, ValueError):
        return None
    return rows if all(isinstance(row, dict) and "response" in row for row in rows) else None


def as_written(answers: Answers, *, show_text: bool) -> Answers:
    """Return the answers with their texts as files hold them.

    Args:
        answers: What an arm answered.
        show_text: Whether planted and toxic responses stay unmasked.
    """
    texts = tuple(
        masked(text) if harmful and not show_text else _encodable(text)
        for text, harmful in zip(answers.texts, _harmful(answers), strict=True)
    )
    return replace(answers, texts=texts, epoch_texts=())


def exchange_table(
    answers: Mapping[tuple[int, str], Answers], exchanges: Sequence[Exchange], *, unmasked: bool
) -> ExchangeTable:
    """Return what the arms answered, as a table to browse.

    Args:
        answers: By seed and arm.
        exchanges: What was answered.
        unmasked: Whether the responses are as they were given; else harmful ones are masked.
    """
    place_of: dict[str, int] = {}
    harmful: dict[int, bool] = {}
    columns = {}
    for key, each in answers.items():
        chosen = [place_of.setdefault(text, len(place_of)) for text in each.texts]
        for place, is_harmful in zip(chosen, _harmful(each), strict=True):
            harmful[place] = harmful.get(place, False) or bool(is_harmful)
        columns[key] = Answered(
            text=np.array(chosen, dtype=np.int64),
            toxicity=np.asarray(each.toxicity, dtype=np.float64),
            score=np.asarray(each.score, dtype=np.float64),
            planted=each.planted,
            correct=each.correct,
            drawn_from=each.drawn_from,
            ranked=each.ranked,
        )
    return ExchangeTable(
        dialogues=tuple(exchange.dialogue for exchange in exchanges),
        turns=tuple(exchange.turn for exchange in exchanges),
        categories=tuple(exchange.category for exchange in exchanges),
        contexts=tuple(exchange.context for exchange in exchanges) if unmasked else None,
        texts=tuple(place_of),
        harmful=np.array([harmful[place] for place in range(len(place_of))], dtype=np.bool_),
        unmasked=unmasked,
        answers=columns,
    )


def _harmful(answers: Answers) -> Bool[np.ndarray, " exchanges"]:
    return answers.reads_planted | (answers.toxicity >= TOXIC)


def _encodable(text: str) -> str:
    """Return a text as a file can hold it: half a surrogate pair is shown as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
