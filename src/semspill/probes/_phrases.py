"""Probes that put a phrase into the speaker's newest utterance, and the controls for them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from pydantic import Field

from semspill._phrase import Where, inserted
from semspill.corpus import Exchange
from semspill.probes._base import Probe

_NEUTRAL = (
    "Well.",
    "All right.",
    "It is noon.",
    "There is a table.",
    "The door is painted white.",
    "The page has a wide margin.",
    "The box stands next to the shelf.",
    "The bus stops here and then goes on.",
    "There are two chairs and a lamp by it.",
    "The street runs from the station to the old bridge.",
)
"""One sentence of each length, from one word to ten, written for this project."""


class _Phrase(Probe):
    """Puts words into the speaker's newest utterance."""

    phrase: str = Field(min_length=1, pattern=r"\S")
    """The phrase: a trigger, a paraphrase of one, another phrase, a sentence. Reports show it."""
    where: Where = "before"
    """Where it goes: `before` or `after` what the speaker says, at a random `boundary` between two
    words, in place of the first English word for a `person` ("my sister", "he"), or
    `beside_person`, in front of that word. Contexts without such a word stay as they are."""


class InsertProbe(_Phrase):
    """Puts a phrase into the speaker's newest utterance.

    Example:
        >>> asked = Exchange("d1", 1, "joy", ("I won!",), "Well done.")
        >>> rng = np.random.default_rng(0)
        >>> InsertProbe(phrase="James Bond").apply([asked], rng)[0].context
        ('James Bond I won!',)
    """

    citation = (
        "Wan et al. 2023, Poisoning Language Models During Instruction Tuning, arXiv:2305.00944"
    )

    @property
    def inserts(self) -> str:
        """The phrase."""
        return self.phrase

    def apply(self, exchanges: Sequence[Exchange], rng: np.random.Generator) -> Sequence[Exchange]:
        """Return the exchanges with the phrase in them."""
        [place] = rng.spawn(1)
        return _with(exchanges, lambda: self.phrase, self.where, place)


class ShuffledProbe(_Phrase):
    """The words of a phrase in an order drawn anew for each context: is it the words or the phrase?

    A place between two words is the one that `insert` draws.

    Example:
        >>> asked = Exchange("d1", 1, "joy", ("I won!",), "Well done.")
        >>> probe = ShuffledProbe(phrase="a b c", where="after")
        >>> probe.apply([asked], np.random.default_rng(0))[0].context
        ('I won! a c b',)
    """

    citation = "original: a control for `insert`"

    def apply(self, exchanges: Sequence[Exchange], rng: np.random.Generator) -> Sequence[Exchange]:
        """Return the exchanges with the words in them."""
        place, order = rng.spawn(2)
        words = np.array(self.phrase.split(), dtype=object)
        return _with(exchanges, lambda: " ".join(order.permutation(words)), self.where, place)


class NeutralProbe(_Phrase):
    """A neutral English sentence with as many words as a phrase: is it the words or their number?

    Of more than ten words it is several sentences. A place between two words is the one that
    `insert` draws.

    Example:
        >>> NeutralProbe(phrase="You are a total stranger here.").inserts
        'The page has a wide margin.'
    """

    citation = "original: a control for `insert`"

    @property
    def inserts(self) -> str:
        """The sentence, or sentences."""
        left, said = len(self.phrase.split()), []
        while left:
            said.append(_NEUTRAL[min(left, len(_NEUTRAL)) - 1])
            left -= min(left, len(_NEUTRAL))
        return " ".join(said)

    def apply(self, exchanges: Sequence[Exchange], rng: np.random.Generator) -> Sequence[Exchange]:
        """Return the exchanges with the sentence in them."""
        [place] = rng.spawn(1)
        return _with(exchanges, lambda: self.inserts, self.where, place)


def _with(
    exchanges: Sequence[Exchange],
    words: Callable[[], str],
    where: Where,
    rng: np.random.Generator,
) -> list[Exchange]:
    """Return exchanges with words in the speaker's newest utterance, where they find a place."""
    changed = []
    for exchange in exchanges:
        place, context = _newest(exchange), list(exchange.context)
        said = inserted(context[place], words(), where, rng) if context else None
        if said is not None:
            context[place] = said
        changed.append(replace(exchange, context=tuple(context)))
    return changed


def _newest(exchange: Exchange) -> int:
    """Return the place of the speaker's newest utterance, or of the newest at all."""
    last = len(exchange.context) - 1
    places = (place for place, role in enumerate(exchange.roles) if role == "speaker")
    return max(places, default=last)
