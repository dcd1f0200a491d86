"""How a poison strategy is tried: on which dialogues, with which responses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from semspill.corpus import Dialogue
from semspill.errors import DataError
from semspill.poison import PoisonStrategy
from semspill.sources import sources
from semspill.testing._conformance._check import Broken, first_line
from semspill.testing._conformance._probes import tiny_corpus


@dataclass(frozen=True)
class Given:
    """What a strategy is tried on."""

    victims: tuple[Dialogue, ...] = field(repr=False)
    """Dialogues of two listener turns each."""
    responses: tuple[str, ...] = field(repr=False)  # a traceback would show them
    """What may be planted, at least one text."""
    speakers: bool
    """Whether it may change what speakers say."""


def given_to_strategy(*, responses: Sequence[str] | None = None, speakers: bool = False) -> Given:
    """Return what a strategy is tried on.

    Raises:
        DataError: There is no response.
    """
    texts = sources.build("builtin").load() if responses is None else tuple(responses)
    if not texts:
        raise DataError(
            "The strategy got no responses to plant; give at least one, or leave `responses` out "
            "for those of the built-in source."
        )
    return Given(tiny_corpus().dialogues, texts, speakers)


def rewritten_by(
    strategy: PoisonStrategy, victims: Sequence[Dialogue], responses: Sequence[str]
) -> list[Dialogue]:
    """Return what comes for a new rng of always the same seed.

    Raises:
        Broken: It is no dialogues.
    """
    answer: object = strategy.rewrite(victims, responses, np.random.default_rng(0))
    rewritten: list[Dialogue] = []
    for item in answer if isinstance(answer, Iterable) else [answer]:
        if not isinstance(item, Dialogue):
            raise Broken(
                f"rewrite gave {type(item).__name__} where a Dialogue belongs",
                "Return a list of dialogues",
            )
        rewritten.append(item)
    return rewritten


def pairs(strategy: PoisonStrategy, given: Given) -> list[tuple[Dialogue, Dialogue]]:
    """Return each victim with what became of it, whatever the order."""
    after = {talk.id: talk for talk in rewritten_by(strategy, given.victims, given.responses)}
    return [(talk, after[talk.id]) for talk in given.victims if talk.id in after]


def speaker_changed(before: Dialogue, after: Dialogue) -> int | None:
    """Return the first turn at which the speaker said something else before; None if none."""
    for turn, (old, new) in enumerate(zip(before.utterances, after.utterances, strict=False)):
        if old.role == new.role == "speaker" and old.text != new.text:
            return turn
    return None


def must_take(
    strategy: PoisonStrategy, victims: Sequence[Dialogue], responses: Sequence[str], what: str
) -> list[Dialogue]:
    """Return what comes for some input.

    Raises:
        Broken: The strategy fails on it, or loses a dialogue of it.
    """
    try:
        rewritten = rewritten_by(strategy, victims, responses)
    except Broken:
        raise
    except Exception as error:
        said = f"given {what} it raised {type(error).__name__}: {first_line(error)}"
        raise Broken(said, f"Let it take {what}") from error
    if len(rewritten) != len(victims):
        raise Broken(
            f"given {what} it returned {len(rewritten)} dialogues for {len(victims)} victims",
            "Return one for each, and do not keep them by id or by text",
        )
    return rewritten
