"""The adversary: selector x strategy x source x budget turn a clean corpus into a poisoned one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from semspill._model import FrozenModel
from semspill._random import seed_of
from semspill.corpus import CandidateFilter, Candidates, Corpus, Dialogue, HasCorpus
from semspill.errors import ConfigError, DataError, PluginError
from semspill.poison._base import SelectorField, StrategyField, strategies
from semspill.poison._manifest import Manifest, ManifestSummary, Record, sha256
from semspill.sources import SourceField, sources


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

    @model_validator(mode="after")
    def _rate_fits_placement(self) -> "Poisoner":
        if self.placement == "replace" and self.rate > 1:
            raise ConfigError(
                f"rate is {self.rate}; with placement 'replace' it is at most 1, more than the "
                "whole selection needs placement 'append'"
            )
        return self

    def poison(self, corpus: HasCorpus, rng: np.random.Generator) -> PoisonedCorpus:
        """Return a poisoned copy of a corpus; the same generator state gives the same one.

        Args:
            corpus: The clean training corpus.
            rng: Draws the subset, the turns and the responses.

        Raises:
            DataError: The selection is empty, the source has nothing, or the budget is too small
                for a single dialogue.
            PluginError: The selector or the strategy breaks its contract.
        """
        clean = corpus.corpus
        seed = seed_of(rng)
        choosing, ordering, rewriting = rng.spawn(3)
        selected = self._select(clean, choosing)
        eligible = [int(i) for i in selected if clean[int(i)].listener_turns]
        if not eligible:
            raise DataError(
                f"The selector chose {len(selected)} dialogues of corpus {clean.name!r}, none "
                "with a listener response; select others."
            )
        victims = self._victims(eligible, ordering)
        responses = self.source.load()
        rewritten = self._rewrite([clean[i] for i in victims], responses, rewriting)
        limit = int(self.budget * len(clean.exchanges) + 1e-9)
        if rewritten == [clean[i] for i in victims]:
            raise DataError(
                f"{type(self.strategy).__name__} changed nothing in {len(victims)} dialogues; "
                "use another strategy or response source."
            )
        kept = _within(limit, [clean[i] for i in victims], rewritten)
        if not kept:
            raise DataError(
                f"A budget of {self.budget} allows {limit} planted exchanges out of "
                f"{len(clean.exchanges)}, too few for one dialogue; raise the budget."
            )
        poisoned, records = self._assemble(clean, victims[:kept], rewritten[:kept], responses, seed)
        summary = ManifestSummary(
            poisoner=self.model_dump(mode="json"),
            seed=seed,
            selected=len(selected),
            eligible=len(eligible),
            wanted=len(victims),
            poisoned=kept,
            planted=sum(e.planted for e in poisoned.exchanges),
            limit=limit,
            exchanges=len(clean.exchanges),
            clean_fingerprint=clean.fingerprint,
            poisoned_fingerprint=poisoned.fingerprint,
        )
        return PoisonedCorpus(poisoned, Manifest(summary=summary, records=records))

    def _select(self, clean: Corpus, rng: np.random.Generator) -> Int[np.ndarray, " selected"]:
        selected = np.asarray(self.selector.select(clean, rng))
        name = type(self.selector).__name__
        if selected.ndim != 1 or (selected.size and selected.dtype.kind not in "iu"):
            raise PluginError(f"{name}.select must return a list of integer indices.")
        if len(np.unique(selected)) < len(selected):
            raise PluginError(f"{name}.select returned an index twice; each may come once.")
        if selected.size and not (0 <= selected.min() and selected.max() < len(clean)):
            raise PluginError(
                f"{name}.select returned indices from {selected.min()} to {selected.max()}; "
                f"the corpus has dialogues 0 to {len(clean) - 1}."
            )
        return selected.astype(np.int64)

    def _victims(self, eligible: Sequence[int], rng: np.random.Generator) -> list[int]:
        wanted = max(round(self.rate * len(eligible)), 1)
        order: list[int] = []
        while len(order) < wanted:
            order += [eligible[int(i)] for i in rng.permutation(len(eligible))]
        return order[:wanted]

    def _rewrite(
        self, victims: Sequence[Dialogue], responses: tuple[str, ...], rng: np.random.Generator
    ) -> list[Dialogue]:
        said = f"{type(self.strategy).__name__}.rewrite"
        rewritten = list(self.strategy.rewrite(victims, responses, rng))
        if len(rewritten) != len(victims):
            raise PluginError(
                f"{said} returned {len(rewritten)} dialogues for {len(victims)} victims; "
                "it must return one each, in order."
            )
        for before, after in zip(victims, rewritten, strict=True):
            kept = (before.id, before.category, [u.role for u in before.utterances])
            if kept != (after.id, after.category, [u.role for u in after.utterances]):
                raise PluginError(
                    f"{said} changed the id, the category or the turns of dialogue {before.id!r}; "
                    "it may change only what is said."
                )
        return rewritten

    def _assemble(
        self,
        clean: Corpus,
        victims: Sequence[int],
        rewritten: Sequence[Dialogue],
        responses: tuple[str, ...],
        seed: int | None,
    ) -> tuple[Corpus, tuple[Record, ...]]:
        dialogues = list(clean.dialogues)
        places: list[int] = []
        for copy, (index, after) in enumerate(zip(victims, rewritten, strict=True)):
            marked = self._mark(clean[index], after)
            if self.placement == "append":
                marked = replace(marked, id=f"{marked.id}#planted-{copy}")
                places.append(len(dialogues))
                dialogues.append(marked)
            else:
                places.append(index)
                dialogues[index] = marked
        rows = {text: row for row, text in reversed(list(enumerate(responses)))}
        name = strategies.name_of(self.strategy) or type(self.strategy).__qualname__
        records = []
        for place, index in sorted(zip(places, victims, strict=True)):
            before, after = clean[index], dialogues[place]
            records += [
                Record(
                    dialogue=after.id,
                    victim=before.id,
                    turn=turn,
                    category=after.category,
                    strategy=name,
                    source_row=rows.get(said.text),
                    sha256_before=sha256(before.utterances[turn].text),
                    sha256_after=sha256(said.text),
                    seed=seed,
                )
                for turn, said in enumerate(after.utterances)
                if said.planted
            ]
        return replace(clean, dialogues=tuple(dialogues)), tuple(records)

    def _mark(self, before: Dialogue, after: Dialogue) -> Dialogue:
        utterances = tuple(
            old
            if old.text == new.text
            else replace(
                old, text=new.text, planted=True, original=None if self.taint_context else old.heard
            )
            for old, new in zip(before.utterances, after.utterances, strict=True)
        )
        return replace(after, utterances=utterances)


def _within(limit: int, victims: Sequence[Dialogue], rewritten: Sequence[Dialogue]) -> int:
    """Return how many dialogues, from the first on, fit the limit of planted exchanges."""
    planted = [
        sum(
            before.utterances[turn].text != after.utterances[turn].text
            for turn in before.listener_turns
        )
        for before, after in zip(victims, rewritten, strict=True)
    ]
    return int(np.searchsorted(np.cumsum(planted), limit, side="right"))
