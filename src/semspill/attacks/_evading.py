"""An attacker who asks the defender's own filter, and plants something else where it is cut."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeAlias

import numpy as np
from pydantic import Field

from semspill.corpus import Corpus, Dialogue
from semspill.defenses import Aid, Cleaner, defenses, shared
from semspill.encoders import EncoderField
from semspill.errors import ConfigError
from semspill.poison import PoisonStrategy, strategies
from semspill.poison._base import StrategyField

logger = logging.getLogger(__name__)

_Place: TypeAlias = tuple[str, int]
"""The id of a dialogue, and a turn of it."""


@dataclass(frozen=True, eq=False)
class Evaded:
    """A poisoned corpus, and how much of it the filter would cut."""

    corpus: Corpus
    """The poisoned corpus of which the least is cut, among those that were tried."""
    planted: int
    """How many responses are planted."""
    cut: tuple[int, ...]
    """How many of them the filter cuts: before anything was drawn again, and after each try."""

    @property
    def passed(self) -> int:
        """How many planted responses the filter leaves in `corpus`."""
        return self.planted - min(self.cut)

    def __repr__(self) -> str:
        return f"<Evaded: {self.passed} of {self.planted} planted responses pass>"


class EvadingStrategy(PoisonStrategy):
    """Plant as another strategy does, and draw again what a given filter would cut.

    The filter is asked about the whole poisoned corpus, as the defender will ask it, whatever part
    of it the adversary is otherwise said to know. What it cuts gets another response of the
    source, of those that were never cut and stand nowhere yet while there are any. That goes on
    until nothing planted is cut, or `tries` is used up; then the corpus counts of which the least
    was cut. With a source of many texts the attack becomes the texts that the filter misses; with
    `varied` it keeps its meaning. Of the categories that are poisoned it hides nothing.

    Example:
        >>> import semspill as sp
        >>> clean = sp.datasets.build({"name": "synthetic", "train": 400}).load("train")
        >>> poisoner = sp.Poisoner(
        ...     selector={"name": "category", "category": "brave"},
        ...     strategy={
        ...         "name": "evading",
        ...         "strategy": "each_fixed",
        ...         "against": {"name": "cleaner", "detector": "frequency", "share": 0.06},
        ...     },
        ...     source={"name": "varied", "case": False},
        ... )
        >>> poisoned = poisoner.poison(clean, np.random.default_rng(0))
        >>> len({record.sha256_after for record in poisoned.manifest.records})
        24
    """

    citation = (
        "original; cf. Huang et al. 2025, Virus: Harmful Fine-tuning Attack for Large Language "
        "Models Bypassing Guardrail Moderation, arXiv:2501.17433 (which optimizes tokens against "
        "a guard, where this draws again)"
    )
    strategy: StrategyField = Field(default_factory=lambda: strategies.build("each_distinct"))
    """What plants at first."""
    against: Annotated[Cleaner, defenses]
    """The filter that is to be passed: a detector, and how much the defender cuts."""
    encoder: EncoderField | None = None
    """For detectors that need an encoder; it is used as it comes, and sees no labels."""
    tries: int = Field(10, ge=1)
    """How often what is cut is drawn again, all of it at once."""

    def model_post_init(self, context: Any) -> None:
        """Refuse a filter that needs what this adversary does not have."""
        if not isinstance(self.against, Cleaner):
            raise ConfigError(
                f"{type(self.against).__name__} filters no data; give `against` a cleaner with the "
                "detector, such as { name = 'cleaner', detector = 'frequency', share = 0.06 }."
            )
        detector = type(self.against.detector).__name__
        if unmet := sorted(self.against.wanted - {"encoder"}):
            raise ConfigError(
                f"{detector} needs {' and '.join(unmet)}, which an evading adversary cannot give "
                "it; evade another detector."
            )
        if "encoder" in self.against.wanted and self.encoder is None:
            raise ConfigError(f"{detector} needs an encoder; give encoder, such as 'static'.")

    def rewrite(
        self, victims: Sequence[Dialogue], responses: Sequence[str], rng: np.random.Generator
    ) -> Sequence[Dialogue]:
        """Return the victims as the other strategy rewrites them."""
        return self.strategy.rewrite(victims, responses, rng)

    def revise(
        self, poisoned: Corpus, responses: Sequence[str], rng: np.random.Generator
    ) -> Corpus:
        """Return the corpus with other texts where the filter would cut planted ones."""
        evaded = self.evade(poisoned, responses, rng)
        logger.info(
            "evading: of %d planted responses the filter cuts %d at first, and %d at best",
            evaded.planted,
            evaded.cut[0],
            min(evaded.cut),
        )
        return evaded.corpus

    def evade(self, poisoned: Corpus, responses: Sequence[str], rng: np.random.Generator) -> Evaded:
        """Return the same, and how much the filter cut at each try.

        Args:
            poisoned: The whole corpus; planted utterances are marked.
            responses: What may be planted, at least one text.
            rng: The only source of randomness.
        """
        asking, drawing = rng.spawn(2)
        corpus = self.strategy.revise(poisoned, responses, drawing)
        encoder = None if self.encoder is None else self.encoder.load(asking.spawn(1)[0])
        aid = shared(Aid(encoder=encoder))
        best = corpus
        counts: list[int] = []
        refused: set[str] = set()
        for _ in range(self.tries + 1):
            cut = self._cut(corpus, aid, asking.spawn(1)[0])
            if not counts or len(cut) < min(counts):
                best = corpus
            counts.append(len(cut))
            if not cut:
                break
            refused |= set(cut.values())
            corpus = _redrawn(corpus, cut, _fresh(corpus, responses, refused), drawing)
        planted = sum(exchange.planted for exchange in poisoned.exchanges)
        return Evaded(best, planted, tuple(counts))

    def _cut(self, corpus: Corpus, aid: Aid, rng: np.random.Generator) -> dict[_Place, str]:
        """Return the planted responses that the filter cuts, by their places."""
        removed = self.against.clean(corpus, aid, rng=rng).removed.tolist()
        return {
            (exchange.dialogue, exchange.turn): exchange.response
            for exchange, out in zip(corpus.exchanges, removed, strict=True)
            if out and exchange.planted
        }


def _fresh(corpus: Corpus, responses: Sequence[str], refused: set[str]) -> Sequence[str]:
    """Return the responses that were never cut and stand nowhere in a corpus.

    Where there are none, it is those that were never cut; and where all were, it is all.
    """
    passing = [text for text in responses if text not in refused]
    standing = {exchange.response for exchange in corpus.exchanges}
    return [text for text in passing if text not in standing] or passing or responses


def _redrawn(
    corpus: Corpus, cut: dict[_Place, str], texts: Sequence[str], rng: np.random.Generator
) -> Corpus:
    """Return a corpus with other texts at some places, none twice while there are others."""
    rows: list[int] = []
    while len(rows) < len(cut):
        rows += rng.permutation(len(texts)).tolist()
    instead = {place: texts[row] for place, row in zip(cut, rows, strict=False)}
    changed = {dialogue for dialogue, _ in cut}

    def with_others(dialogue: Dialogue) -> Dialogue:
        turns = tuple(
            replace(turn, text=instead.get((dialogue.id, place), turn.text))
            for place, turn in enumerate(dialogue.utterances)
        )
        return replace(dialogue, utterances=turns)

    dialogues = (with_others(one) if one.id in changed else one for one in corpus)
    return replace(corpus, dialogues=tuple(dialogues))
