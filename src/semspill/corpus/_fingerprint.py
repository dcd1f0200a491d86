"""The fingerprint of dialogues: SHA-256 over one line of JSON for each."""

import hashlib
import json
from collections.abc import Iterable

from semspill.corpus._dialogue import Dialogue


def fingerprint_of(dialogues: Iterable[Dialogue]) -> str:
    """Return the fingerprint as 64 hex digits."""
    digest = hashlib.sha256()
    for dialogue in dialogues:
        turns = [
            [turn.role, turn.text, turn.planted, turn.original, *filter(None, [turn.category])]
            for turn in dialogue.utterances
        ]
        # A corpus without speakers or system prompts keeps the fingerprint it had before.
        more: tuple[str | None, ...] = () if dialogue.speaker is None else (dialogue.speaker,)
        if dialogue.system:
            more = dialogue.speaker, dialogue.system
        line = json.dumps((dialogue.id, dialogue.category, dialogue.situation, turns, *more))
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()
