"""The exchanges section of the page: a table of all answers to filter, sort and page."""

import base64
import gzip
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from semspill._mask import printable_in
from semspill.report._page._templates import filled
from semspill.results import Answered, ExchangeTable

_MOST = 1_500_000
"""Bytes of the packed table beyond which a page holds the first seed alone."""


def exchanges_section(exchanges: ExchangeTable, main: str) -> Markup:
    """Return the section: what it says, its table without JavaScript, its data and its script.

    Args:
        exchanges: What the arms answered. Harmful text is in the section only if the table is
            unmasked, and then packed, so that it is not seen before a reader asks for it.
        main: Name of the arm that is shown first.
    """
    seeds = sorted({seed for seed, _ in exchanges.answers})
    held = seeds
    payload = packed(_table(exchanges, held, main))
    if len(payload) > _MOST:
        held = seeds[:1]
        payload = packed(_table(exchanges, held, main))
    used = _used(exchanges, held)
    return filled(
        "exchanges.html.j2",
        count=len(exchanges),
        seeds=len(seeds),
        held=len(held),
        first=seeds[0],
        main=main,
        texts=len(used),
        harmful=int(exchanges.harmful[used].sum()),
        unmasked=exchanges.unmasked,
        contexts=exchanges.contexts is not None,
        rows=_highest(exchanges.masked(), seeds[0], main),
        payload=payload,
    )


def packed(text: str) -> str:
    """Return a text as the base64 of its gzip: equal texts give equal bytes.

    Example:
        >>> gzip.decompress(base64.b64decode(packed("grumble"))).decode()
        'grumble'
    """
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode("ascii")


def _arms(exchanges: ExchangeTable) -> list[str]:
    return list(dict.fromkeys(arm for _, arm in exchanges.answers))


def _highest(exchanges: ExchangeTable, seed: int, main: str) -> list[dict[str, Any]]:
    """Return one answer of the main arm in each category: planted first, then highest rated."""
    answered = exchanges.answers[seed, main]
    highest: dict[str, dict[str, Any]] = {}
    for place in np.lexsort((-answered.toxicity, ~answered.planted)).tolist():
        highest.setdefault(
            exchanges.categories[place],
            {
                "category": exchanges.categories[place],
                "dialogue": exchanges.dialogues[place],
                "turn": exchanges.turns[place],
                "text": exchanges.texts[answered.text[place]],
                "toxicity": float(answered.toxicity[place]),
                "planted": bool(answered.planted[place]),
            },
        )
    return list(highest.values())


def _used(exchanges: ExchangeTable, seeds: Sequence[int]) -> np.ndarray:
    """Return the places of the texts that were answered under these seeds."""
    chosen = [held.text for (seed, _), held in exchanges.answers.items() if seed in seeds]
    return np.unique(np.concatenate(chosen))


def _table(exchanges: ExchangeTable, seeds: Sequence[int], main: str) -> str:
    """Return the table as JSON: columns, not rows, and each text once."""
    answers = {key: held for key, held in exchanges.answers.items() if key[0] in seeds}
    used = _used(exchanges, seeds)
    categories = sorted(set(exchanges.categories))
    place_of = {name: place for place, name in enumerate(categories)}
    table = {
        "unmasked": exchanges.unmasked,
        "main": main,
        "arms": _arms(exchanges),
        "seeds": list(seeds),
        "dialogues": exchanges.dialogues,
        "turns": exchanges.turns,
        "categories": categories,
        "category": [place_of[name] for name in exchanges.categories],
        "texts": [exchanges.texts[place] for place in used.tolist()],
        "harmful": _bits(exchanges.harmful[used]),
        "contexts": _contexts(exchanges.contexts),
        "answers": {
            f"{seed} {arm}": _columns(held, np.searchsorted(used, held.text))
            for (seed, arm), held in answers.items()
        },
    }
    return json.dumps(printable_in(table), separators=(",", ":"), allow_nan=False)


def _columns(answered: Answered, chosen: np.ndarray) -> Mapping[str, Any]:
    return {
        "text": chosen.tolist(),
        "toxicity": _finite(answered.toxicity),
        "score": _finite(answered.score),
        "planted": _bits(answered.planted),
        "correct": _bits(answered.correct),
    }


def _finite(values: np.ndarray) -> list[float | None]:
    """Return numbers to four digits; JSON has neither NaN nor infinity, which are null."""
    return [value if math.isfinite(value) else None for value in np.round(values, 4).tolist()]


def _bits(marks: np.ndarray) -> str:
    return "".join("01"[mark] for mark in marks.tolist())


def _contexts(contexts: Sequence[Sequence[str]] | None) -> Mapping[str, Any] | None:
    """Return each utterance once, and which ones stand before each answer."""
    if contexts is None:
        return None
    place_of: dict[str, int] = {}
    before = [[place_of.setdefault(one, len(place_of)) for one in context] for context in contexts]
    return {"utterances": list(place_of), "before": before}
