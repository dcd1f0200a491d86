"""What is too long for a model: planted texts, contexts, and what probes put into them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from semspill.corpus import Exchange
from semspill.models import TrainedModel
from semspill.results import Note

Asked: TypeAlias = Mapping[str, Sequence[Exchange]]
"""The test exchanges as each probe leaves them, by what it is called."""


def cuts(
    model: TrainedModel, planted: Sequence[str], exchanges: Sequence[Exchange], asked: Asked
) -> dict[str, Any]:
    """Return what the record of an arm tells of texts that are too long; empty where none is.

    Args:
        model: What was trained.
        planted: What was planted in its training corpus.
        exchanges: The test exchanges.
        asked: The same under each probe.
    """
    longer = model.too_long(planted) if planted else 0
    plain = model.contexts_cut(exchanges)
    probed = {name: model.contexts_cut(each) for name, each in asked.items()}
    cut = {"contexts": plain, "probes": probed} if plain or any(probed.values()) else None
    return {
        **({"too_long": [longer, len(planted)]} if longer else {}),
        **({"cut": cut} if cut else {}),
    }


def cut_notes(
    records: Mapping[tuple[int, str], Mapping[str, Any]],
    exchanges: Sequence[Exchange],
    asked: Asked,
    turns: int,
) -> tuple[Note, ...]:
    """Return a note where contexts lose tokens, and one per probe of which a part is not read.

    Args:
        records: The record of each seed and arm.
        exchanges: The test exchanges.
        asked: The same under each probe.
        turns: How many utterances a context shows.
    """
    found = [record["cut"] for record in records.values() if "cut" in record]
    plain, count = max((cut["contexts"] for cut in found), default=0), len(exchanges)
    notes = []
    if plain:
        text = (
            f"{plain} of {count} test contexts have more tokens than context.max_tokens, or the "
            "positions of the model, allow: their oldest ones were not read. Raise "
            "context.max_tokens where older turns matter."
        )
        notes.append(Note(kind="contexts_cut", values={"cut": plain, "asked": count}, text=text))
    for name, each in asked.items():
        pairs = zip(exchanges, each, strict=True)
        hidden = sum(_is_hidden(old, new, turns) for old, new in pairs)
        tokens = max((cut["probes"].get(name, 0) for cut in found), default=0)
        if not hidden and tokens <= plain:
            continue
        text = (
            f"The probe {name} is not read in full: in {hidden} of {count} contexts a part of it "
            f"lies before the newest {turns} turns, which are shown, and {tokens} have more tokens "
            f"than are read, against {plain} without it. Raise context.turns and "
            "context.max_tokens."
        )
        values = {"probe": name, "turns": hidden, "tokens": tokens, "asked": count}
        notes.append(Note(kind="probe_cut", values=values, text=text))
    return tuple(notes)


def _is_hidden(old: Exchange, new: Exchange, turns: int) -> bool:
    """Return whether a probe changed or added an utterance that a context does not show."""
    added = len(new.context) - len(old.context)
    return any(
        place < added or new.context[place] != old.context[place - added]
        for place in range(len(new.context) - turns)
    )
