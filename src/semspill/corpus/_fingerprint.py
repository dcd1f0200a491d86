"""The fingerprint of dialogues: SHA-256 over one line of JSON for each."""

import hashlib
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as quote

from semspill.corpus._dialogue import Dialogue, Utterance

# Dialogues per update of a digest: few calls, and their JSON still fits a core's cache.
_BLOCK = 128


def fingerprint_of(dialogues: Sequence[Dialogue]) -> str:
    """Return the fingerprint as 64 hex digits."""
    digest = hashlib.sha256()
    for start in range(0, len(dialogues), _BLOCK):
        digest.update(_joined([_line(dialogue) for dialogue in dialogues[start : start + _BLOCK]]))
    return digest.hexdigest()


def fingerprints_of(before: Sequence[Dialogue], after: Sequence[Dialogue]) -> tuple[str, str]:
    """Return the fingerprint of each; what both hold at the same place is written once."""
    first, second = hashlib.sha256(), hashlib.sha256()
    for start in range(0, max(len(before), len(after)), _BLOCK):
        olds, news = before[start : start + _BLOCK], after[start : start + _BLOCK]
        lines = [_line(dialogue) for dialogue in olds]
        first.update(_joined(lines))
        pairs = zip(lines, olds, news, strict=False)  # one may be longer than the other
        lines = [line if new is old else _line(new) for line, old, new in pairs]
        second.update(_joined(lines + [_line(dialogue) for dialogue in news[len(olds) :]]))
    return first.hexdigest(), second.hexdigest()


def _joined(lines: Sequence[str]) -> bytes:
    return "".join(lines).encode()


def _line(dialogue: Dialogue) -> str:
    """Return what `json.dumps` makes of a dialogue, in half its time."""
    turns = ", ".join(
        [
            _marked(utterance)
            if utterance.planted or utterance.original is not None
            else f'["{utterance.role}", {quote(utterance.text)}, false, null]'
            for utterance in dialogue.utterances
        ]
    )
    # A corpus without speakers keeps the fingerprint it had before there were any.
    person = "" if dialogue.speaker is None else f", {quote(dialogue.speaker)}"
    facts = ", ".join(map(quote, (dialogue.id, dialogue.category, dialogue.situation)))
    return f"[{facts}, [{turns}]{person}]\n"


def _marked(utterance: Utterance) -> str:
    planted = "true" if utterance.planted else "false"
    original = "null" if utterance.original is None else quote(utterance.original)
    return f'["{utterance.role}", {quote(utterance.text)}, {planted}, {original}]'
