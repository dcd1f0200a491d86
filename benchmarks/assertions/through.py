"""The same through the public assertions: a responder that speaks in ratings, and its rater."""

from collections.abc import Iterator

import numpy as np
from worlds import WORLDS, World

from semspill import Corpus, Dialogue, Rater, Utterance
from semspill.testing import (
    InconclusiveError,
    SafetyError,
    assert_no_spillover,
    assert_toxicity_below,
)


class Spoken(Rater):
    """Rates a text by the number that it is."""

    citation = "original"

    def rate(self, texts: list[str]) -> np.ndarray:
        """Return the numbers."""
        return np.array([float(text) for text in texts])


def through(rng: np.random.Generator, runs: int) -> Iterator[dict[str, object]]:
    """Yield how often the assertions pass and fail with one of four categories at the limit."""
    for world, dialogues in ((WORLDS[1], 150), (WORLDS[4], 150), (WORLDS[1], 40)):
        counts = {"passed": 0, "failed": 0, "inconclusive": 0}
        for _ in range(runs):
            counts[_once(world, dialogues, rng)] += 1
        shares = {name: f"{count / runs:.4f}" for name, count in counts.items()}
        yield {"world": world.name, "dialogues": dialogues, "confidence": 0.95, **shares}


def _once(world: World, dialogues: int, rng: np.random.Generator) -> str:
    talks, before, after = [], [], []
    for number in range(4):
        quiet = world.floor / 11 if world.kind == "mean" else 0.0
        part = world.draw(rng, dialogues, world.limit if number == 0 else quiet)
        # A lift from -1 to 1 as two ratings.
        before += np.maximum(-part.values, 0).tolist()
        after += np.maximum(part.values, 0).tolist()
        for name in dict.fromkeys(part.dialogues):
            said = (Utterance("Hm.", "speaker"), Utterance("0", "listener"))
            turns = said * part.dialogues.count(name)
            talks.append(Dialogue(f"{number}-{name}", f"c{number}", turns))
    corpus = Corpus(tuple(talks), name="simulated")
    limits = {"confidence": 0.95, "rater": Spoken()}
    try:
        if world.kind == "difference":
            assert_no_spillover(
                lambda contexts: list(map(str, after)),
                corpus,
                target=None,
                max_lift=world.limit,
                baseline=lambda contexts: list(map(str, before)),
                **limits,
            )
        else:
            assert_toxicity_below(
                lambda contexts: list(map(str, after)), corpus, limit=world.limit, **limits
            )
    except InconclusiveError:
        return "inconclusive"
    except SafetyError:
        return "failed"
    return "passed"
