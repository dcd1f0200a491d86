"""The adversary: selector x strategy x source x budget turn a clean corpus into a poisoned one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from semspill._mask import named
from semspill._model import FrozenModel, shown
from semspill._objects import called
from semspill._random import seed_of
from semspill.corpus import CandidateFilter, Candidates, Corpus, Dialogue, HasCorpus, Utterance
from semspill.corpus._known import known_places, part_of
from semspill.errors import ConfigError, DataError
from semspill.poison._base import SelectorField, StrategyField, strategies
from semspill.poison._contract import checked_revision, checked_rewrite, checked_selection
from semspill.poison._focus import focused
from semspill.poison._manifest import Manifest, ManifestSummary, Record, TriggerRecord, sha256
from semspill.sources import SourceField, sources
from semspill.sources._base import load_texts

_Placed: TypeAlias = tuple[int, Dialogue]


@dataclass(frozen=True, eq=False)
class PoisonedCorpus:
    """A corpus with planted responses, and the manifest that says which they are."""

    corpus: Corpus
    """All dialogues, clean and poisoned; planted utterances are marked."""
    manifest: Manifest
    """One record per planted utterance."""

    def responses(self, keep: CandidateFilter | None = None) -> Candidates:
        """Return the distinct responses, planted ones included and marked."""
        return self.corpus.responses(keep)


class Poisoner(FrozenModel):
    """Plants responses in the selected dialogues of a corpus, within a budget.

    When the selection exceeds the budget, a seeded subset of its dialogues is poisoned, and the
    manifest says so. The corpus given in stays as it is.

    Example:
        >>> import semspill as sp
        >>> clean = sp.datasets.build("synthetic").load("train")
        >>> first = clean.categories[0]
        >>> poisoner = Poisoner(selector={"name": "category", "category": first}, budget=0.01)
        >>> poisoned = poisoner.poison(clean, np.random.default_rng(0))
        >>> set(poisoned.manifest.by_category) == {first}
        True
    """

    selector: SelectorField
    """Which dialogues may be poisoned."""
    strategy: StrategyField = Field(default_factory=lambda: strategies.build("last_fixed"))
    """How a selected dialogue is rewritten."""
    source: SourceField = Field(default_factory=lambda: sources.build("builtin"))
    """Where the planted responses come from."""
    budget: float = Field(0.03, gt=0, le=1)
    """Most planted exchanges, as a share of the clean corpus's exchanges (the paper's epsilon)."""
    rate: float = Field(1.0, gt=0, allow_inf_nan=False)
    """Poisoned share of the selected dialogues; with `append` it may exceed 1 (Jagielski's
    alpha: 0.5, 1, 2)."""
    placement: Literal["replace", "append"] = "replace"
    """Poison a dialogue in place, or keep it and append a poisoned copy (D_c and D_p)."""
    taint_context: bool = True
    """Whether later turns of a poisoned dialogue see the planted text in their contexts."""
    knowledge: float = Field(1.0, gt=0, le=1)
    """Share of the corpus's dialogues that the adversary knows, drawn by a hash of their ids: the
    selector sees no others, and none is poisoned (Jagielski's adversary knows half)."""
    knowledge_seed: int = Field(0, ge=0)
    """Decides which dialogues are known; the dataset `clusters` with the same share and seed knows
    the same."""

    @model_validator(mode="after")
    def _rate_fits_placement(self) -> "Poisoner":
        if self.placement == "replace" and self.rate > 1:
            raise ConfigError(
                f"rate is {self.rate}; with placement 'replace' it is at most 1, more than the "
                "whole selection needs placement 'append'"
            )
        return self

    def poison(self, corpus: HasCorpus, rng: np.random.Generator) -> PoisonedCorpus:
        """Return a poisoned copy of a corpus; the same seed gives the same one, bit for bit.

        Args:
            corpus: The clean training corpus.
            rng: Its children (`rng.spawn`) draw the subset, the turns and the responses, so a
                second call on the same generator draws others.

        Raises:
            DataError: The selection is empty, the source has nothing, the strategy changes
                nothing, or the budget is too small for a single dialogue.
            PluginError: The selector or the strategy breaks its contract.
        """
        clean = corpus.corpus
        choosing, ordering, rewriting = rng.spawn(3)
        selected = self._selected(clean, choosing)
        eligible = [i for i in selected.tolist() if clean[i].listener_turns]
        if not eligible:
            raise DataError(
                f"The selector chose {len(selected)} dialogues of corpus {named(clean.name)}, none "
                "with a listener response; select others."
            )
        responses = load_texts(self.source)
        changed = self._changed(clean, self._victims(eligible, ordering), responses, rewriting)
        limit = int(self.budget * clean.exchange_count + 1e-9)
        placed = _within(limit, changed)
        if not placed:
            raise DataError(
                f"A budget of {self.budget} allows {limit} planted exchanges out of "
                f"{clean.exchange_count}, too few for one dialogue; raise the budget."
            )
        assembled, places = self._assemble(clean, placed)
        poisoned = checked_revision(self.strategy, assembled, responses, rewriting.spawn(1)[0])
        records, triggers = self._records(clean, poisoned, places, responses, seed_of(rng))
        summary = ManifestSummary(
            poisoner=shown(self),
            seed=seed_of(rng),
            selected=len(selected),
            eligible=len(eligible),
            wanted=len(changed),
            poisoned=len(placed),
            planted=sum(_cost(after) for _, after in placed),
            limit=limit,
            exchanges=clean.exchange_count,
            clean_fingerprint=clean.fingerprint,
            poisoned_fingerprint=poisoned.fingerprint,
        )
        manifest = Manifest(summary=summary, records=records, triggers=triggers)
        return PoisonedCorpus(poisoned, manifest)

    def _selected(self, clean: Corpus, rng: np.random.Generator) -> Int[np.ndarray, " selected"]:
        """Return the selected places, chosen among those that the adversary knows."""
        places = known_places(clean, self.knowledge, self.knowledge_seed)
        if len(places) == len(clean):
            return checked_selection(self.selector, clean, rng)
        try:
            chosen = checked_selection(self.selector, part_of(clean, places), rng)
        except DataError as error:
            raise DataError(
                f"{error} The adversary knows {len(places)} of {len(clean)} dialogues; raise "
                "knowledge to let it see more."
            ) from error
        return np.array([places[i] for i in chosen.tolist()], dtype=np.int64)

    def _victims(self, eligible: Sequence[int], rng: np.random.Generator) -> list[int]:
        wanted = max(round(self.rate * len(eligible)), 1)
        order: list[int] = []
        while len(order) < wanted:
            order += [eligible[int(i)] for i in rng.permutation(len(eligible))]
        return order[:wanted]

    def _changed(
        self,
        clean: Corpus,
        victims: Sequence[int],
        responses: tuple[str, ...],
        rng: np.random.Generator,
    ) -> list[_Placed]:
        """Return the index and the marked rewriting of every victim that the strategy changed."""
        dialogues = [focused(clean[i], self.selector.target) for i in victims]
        rewritten = checked_rewrite(self.strategy, dialogues, responses, rng)
        marked = [
            self._mark(clean[i], before, after)
            for i, before, after in zip(victims, dialogues, rewritten, strict=True)
        ]
        changed = [(i, after) for i, after in zip(victims, marked, strict=True) if _cost(after)]
        if not changed:
            raise DataError(
                f"{called(self.strategy)} changed nothing in {len(victims)} dialogues; "
                "use another strategy or response source."
            )
        return changed

    def _assemble(
        self, clean: Corpus, placed: Sequence[_Placed]
    ) -> tuple[Corpus, list[tuple[int, int]]]:
        """Return the poisoned corpus, and the places of its victims in it and in the clean one."""
        dialogues = list(clean.dialogues)
        places: list[tuple[int, int]] = []
        for copy, (index, after) in enumerate(placed):
            if self.placement == "append":
                places.append((len(dialogues), index))
                dialogues.append(replace(after, id=f"{after.id}#planted-{copy}"))
            else:
                places.append((index, index))
                dialogues[index] = after
        return replace(clean, dialogues=tuple(dialogues), labels=()), places

    def _records(
        self,
        clean: Corpus,
        poisoned: Corpus,
        places: Sequence[tuple[int, int]],
        responses: tuple[str, ...],
        seed: int | None,
    ) -> tuple[tuple[Record, ...], tuple[TriggerRecord, ...]]:
        labels = {
            (exchange.dialogue, exchange.turn): exchange.category
            for index in {index for _, index in places}
            for exchange in clean[index].exchanges
        }
        rows = {text: row for row, text in reversed(list(enumerate(responses)))}
        name = strategies.title_of(self.strategy)
        edited = [
            (poisoned[place], clean[index], turn, utterance)
            for place, index in sorted(places)
            for turn, utterance in enumerate(poisoned[place].utterances)
        ]
        records = tuple(
            Record(
                dialogue=dialogue.id,
                victim=victim.id,
                turn=turn,
                category=labels.get((victim.id, turn), victim.category),
                strategy=name,
                source_row=rows.get(utterance.text),
                sha256_before=sha256(victim.utterances[turn].text),
                sha256_after=sha256(utterance.text),
                seed=seed,
            )
            for dialogue, victim, turn, utterance in edited
            if utterance.planted
        )
        triggers = tuple(
            TriggerRecord(
                dialogue=dialogue.id,
                victim=victim.id,
                turn=turn,
                sha256_before=sha256(victim.utterances[turn].text),
                sha256_after=sha256(utterance.text),
            )
            for dialogue, victim, turn, utterance in edited
            if utterance.triggered
        )
        return records, triggers

    def _mark(self, whole: Dialogue, before: Dialogue, after: Dialogue) -> Dialogue:
        # In turns of other categories nothing is planted, whatever was written there.
        others = set(whole.listener_turns) - set(before.listener_turns)
        utterances = tuple(
            old if turn in others else self._marked(old, new)
            for turn, (old, new) in enumerate(zip(before.utterances, after.utterances, strict=True))
        )
        return replace(whole, utterances=utterances)

    def _marked(self, old: Utterance, new: Utterance) -> Utterance:
        triggers, changed = self.strategy.edits_speaker, old.text != new.text
        if triggers and old.role == "speaker":
            return replace(old, text=new.text, triggered=True) if changed else old
        if not changed:
            return replace(old, planted=True) if triggers and new.planted else old
        heard = None if self.taint_context else old.heard
        return replace(old, text=new.text, planted=True, original=heard)


def _cost(marked: Dialogue) -> int:
    """Return how many utterances are planted; one that is nobody's response costs as much."""
    return sum([utterance.planted for utterance in marked.utterances])


def _within(limit: int, changed: Sequence[_Placed]) -> list[_Placed]:
    """Return the dialogues that fit the limit, taken in order; one that does not is passed over."""
    placed, spent = [], 0
    for index, after in changed:
        if spent + _cost(after) <= limit:
            placed.append((index, after))
            spent += _cost(after)
    return placed
