"""What an adversary knows of a corpus: a share of its dialogues, drawn by a hash of their ids."""

import hashlib
import json
from dataclasses import replace

from semspill.corpus._corpus import Corpus


def known_places(corpus: Corpus, share: float, seed: int) -> list[int]:
    """Return the places of the known dialogues, in corpus order.

    A dialogue is known or not whatever else is in the corpus, and those of a smaller share are
    among those of a larger one.

    Args:
        corpus: What a part is known of.
        share: The share that is known, 0 to 1; 1 is all of it.
        seed: Decides which.
    """
    if share >= 1:
        return list(range(len(corpus)))
    return [place for place, dialogue in enumerate(corpus) if _drawn(dialogue.id, seed) < share]


def part_of(corpus: Corpus, places: list[int]) -> Corpus:
    """Return the corpus of some dialogues; the very object where they are all of them."""
    if len(places) == len(corpus):
        return corpus
    return replace(corpus, dialogues=tuple(corpus[place] for place in places), labels=())


def _drawn(name: str, seed: int) -> float:
    digest = hashlib.sha256(json.dumps(["known", seed, name]).encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
