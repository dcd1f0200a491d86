"""Trusted exchanges that are mixed into what is trained on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from semspill._names import CategoryName
from semspill.corpus import Corpus, Dialogue
from semspill.defenses._base import Aid, Need, TrainingDefense
from semspill.defenses._detectors._loss import _losses
from semspill.errors import ConfigError, DataError
from semspill.labellers import fold_of

_HALVES = 2


class Mixing(TrainingDefense):
    """Trusted exchanges are learned along with the corpus; none of them becomes a candidate.

    They are picked at random, among given categories (kind answers to the people in question), or
    by loss gap, after the authors' Interleaving++: those first that a model trained on the
    untrusted corpus finds most unlikely, compared with a model that is trusted. The authors take
    the perplexity of a language model before and after its misalignment; here it is the negative
    log likelihood of the response among others, and the trusted model is trained on the other half
    of the trusted dialogues. It fails where trusted exchanges are few, or unlike the contexts that
    were poisoned.
    """

    citation = (
        "Bianchi et al. 2024, Safety-Tuned LLaMAs: Lessons From Improving the Safety of Large "
        "Language Models that Follow Instructions, arXiv:2309.07875 (mixing); Kaczér et al. 2026, "
        "In-Training Defenses against Emergent Misalignment in Language Models, arXiv:2508.06249 "
        "(by loss gap)"
    )
    needs = frozenset({"clean"})
    cost = "that of the further exchanges; by loss gap three trainings more"

    share: float = Field(0.1, gt=0, allow_inf_nan=False)
    """How many trusted exchanges are added, as a share of those of the corpus."""
    pick: Literal["random", "category", "loss_gap"] = "random"
    """Which of the trusted exchanges: any at random, those of `categories` at random, or those of
    the largest loss gap."""
    categories: tuple[CategoryName, ...] = ()
    """The categories that are picked from with `pick = "category"`."""
    negatives: int = Field(99, ge=1)
    """Responses that each one is compared with, for the loss gap."""

    def model_post_init(self, context: Any) -> None:
        """Refuse what does not fit together."""
        if bool(self.categories) != (self.pick == "category"):
            raise ConfigError(
                f"pick is {self.pick!r} with {len(self.categories)} categories; give categories "
                "with pick 'category', and only then."
            )

    @property
    def wanted(self) -> frozenset[Need]:
        """Trusted dialogues; by loss gap, also what trains a model."""
        return self.needs | ({"trainer"} if self.pick == "loss_gap" else set())

    def control(self) -> "Mixing | None":
        """Return the same with as many exchanges picked at random; None where they are."""
        return None if self.pick == "random" else Mixing(share=self.share)

    def prepare(self, corpus: Corpus, aid: Aid, rng: np.random.Generator) -> Corpus:
        """Return the corpus with trusted exchanges after its own.

        Raises:
            DataError: There are fewer trusted exchanges than are to be added, a category is not
                among them, or they lack the predicted labels that the corpus has.
        """
        assert aid.clean is not None, "needs declares it"
        count = int(self.share * corpus.exchange_count + 1e-9)
        if not count:
            return corpus
        clean = aid.clean
        if corpus.labels and not clean.labels:
            raise DataError(
                "The corpus has predicted labels and the trusted one has none; label it alike."
            )
        places = self._places(clean, count, corpus.exchange_count)
        drawn = rng.permutation(places)
        if self.pick == "loss_gap":
            gaps = self._gaps(clean, drawn, corpus, aid, rng)
            drawn = drawn[np.argsort(-gaps, kind="stable")]
        return _mixed(corpus, clean, drawn[:count])

    def _places(self, clean: Corpus, count: int, whole: int) -> Int[np.ndarray, " some"]:
        names = {clean.require_category(name) for name in self.categories}
        places = [
            place
            for place, exchange in enumerate(clean.exchanges)
            if exchange.learned and (not names or exchange.category in names)
        ]
        if len(places) < count:
            raise DataError(
                f"Mixing is to add {count} trusted exchanges and there are {len(places)} to pick "
                f"from; lower share to {np.floor(1e4 * len(places) / whole) / 1e4:g}, or trust "
                "more."
            )
        return np.array(places, dtype=np.int64)

    def _gaps(
        self,
        clean: Corpus,
        places: Int[np.ndarray, " some"],
        corpus: Corpus,
        aid: Aid,
        rng: np.random.Generator,
    ) -> Float[np.ndarray, " some"]:
        assert aid.trainer is not None, "wanted declares it"
        drawing, untrusted, *streams = rng.spawn(2 + _HALVES)
        others = drawing.integers(clean.exchange_count, size=(len(places), self.negatives))
        gaps = _losses(aid.trainer(corpus, untrusted), clean, places, others)
        half = np.array([fold_of(clean.exchanges[p].dialogue, _HALVES) for p in places.tolist()])
        for number, stream in enumerate(streams):
            own = half == number
            model = aid.trainer(_other_half(clean, number), stream)
            gaps[own] -= _losses(model, clean, places[own], others[own])
        return gaps


def _other_half(clean: Corpus, number: int) -> Corpus:
    kept = tuple(d for d in clean if fold_of(d.id, _HALVES) != number)
    labels = [e.label for e in clean.exchanges if fold_of(e.dialogue, _HALVES) != number]
    return replace(clean, dialogues=kept, labels=tuple(map(str, labels)) if clean.labels else ())


def _mixed(corpus: Corpus, clean: Corpus, picked: Int[np.ndarray, " some"]) -> Corpus:
    """Return a corpus with some exchanges of another one after its own, in that one's order."""
    turns: dict[str, set[int]] = {}
    for place in picked.tolist():
        exchange = clean.exchanges[place]
        turns.setdefault(exchange.dialogue, set()).add(exchange.turn)
    added = [_only(dialogue, turns[dialogue.id]) for dialogue in clean if dialogue.id in turns]
    labels = corpus.labels and corpus.labels + _labels(clean, turns)
    return replace(corpus, dialogues=(*corpus.dialogues, *added), labels=labels)


def _labels(clean: Corpus, turns: Mapping[str, set[int]]) -> tuple[str, ...]:
    held = (e for e in clean.exchanges if e.dialogue in turns and e.turn <= max(turns[e.dialogue]))
    return tuple(str(exchange.label) for exchange in held)


def _only(dialogue: Dialogue, turns: set[int]) -> Dialogue:
    """Return a dialogue up to the last of some responses, of which only these are learned."""
    utterances = [
        replace(turn, learned=place in turns, offered=False) if turn.role == "listener" else turn
        for place, turn in enumerate(dialogue.utterances[: max(turns) + 1])
    ]
    return replace(dialogue, id=f"trusted#{dialogue.id}", utterances=tuple(utterances))
