"""The fingerprint of dialogues: SHA-256 over one line of JSON for each."""

import hashlib
import json
from collections.abc import Iterable

from semspill.corpus._dialogue import Dialogue, Utterance


def fingerprint_of(dialogues: Iterable[Dialogue]) -> str:
    """Return the fingerprint as 64 hex digits."""
    digest = hashlib.sha256()
    for dialogue in dialogues:
        turns = [
            [turn.role, turn.text, turn.planted, turn.original, *_added(turn)]
            for turn in dialogue.utterances
        ]
        # A corpus without any of these keeps the fingerprint it had before.
        more: tuple[object, ...] = () if dialogue.speaker is None else (dialogue.speaker,)
        if dialogue.system:
            more = dialogue.speaker, dialogue.system
        if dialogue.attributes:
            more = dialogue.speaker, dialogue.system, sorted(dialogue.attributes.items())
        line = json.dumps((dialogue.id, dialogue.category, dialogue.situation, turns, *more))
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def _added(turn: Utterance) -> list[object]:
    """Return what an utterance has that it mostly has not: nothing keeps older fingerprints."""
    given: list[object] = [turn.category] if turn.category else []
    given += [] if turn.learned and turn.offered else [turn.learned, turn.offered]
    # An object, which no category is.
    return [*given, {"triggered": True}] if turn.triggered else given
