"""The cleaner: takes the most suspicious exchanges out of training, the candidates, or both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from semspill._mask import named
from semspill._model import shown
from semspill.corpus import Corpus, Dialogue, HasCorpus
from semspill.defenses._base import Aid, Defense, Detector, DetectorField, Need
from semspill.defenses._manifest import CleaningManifest, Removal
from semspill.errors import ConfigError, DataError, PluginError
from semspill.sources import SourceField, sources
from semspill.sources._base import load_texts

Unit: TypeAlias = Literal["exchange", "heal", "tail", "dialogue"]
Where: TypeAlias = Literal["train", "pool", "both"]


@dataclass(frozen=True, eq=False)
class CleanedCorpus:
    """A cleaned corpus, and what was done to it."""

    corpus: Corpus
    """The same dialogues in the same order; what was taken out is marked in its utterances."""
    manifest: CleaningManifest
    """One record per exchange that was found suspicious."""
    suspicion: Float[np.ndarray, " exchanges"]
    """How suspicious each exchange is, higher is worse; NaN is no opinion."""
    removed: Bool[np.ndarray, " exchanges"]
    """Which exchanges were found suspicious."""

    def __repr__(self) -> str:
        return f"<CleanedCorpus: {int(self.removed.sum())} of {len(self.removed)} exchanges>"


class Cleaner(Defense):
    """Takes out the most suspicious exchanges, as a detector scores them.

    Example:
        >>> import numpy as np
        >>> import semspill as sp
        >>> corpus = sp.datasets.build("synthetic").load("train")
        >>> Cleaner(detector="frequency", share=0.01).clean(corpus, rng=np.random.default_rng(0))
        <CleanedCorpus: 40 of 4000 exchanges>
    """

    citation = "original"
    stage = "data"

    detector: DetectorField
    """What scores the exchanges."""
    share: float | None = Field(None, ge=0, lt=1)
    """Share of all exchanges that is taken out, the worst first; null with `threshold`."""
    threshold: float | None = None
    """Take out what is at least this suspicious; null with `share`."""
    unit: Unit = "exchange"
    """What goes with a suspicious response: the `exchange` alone, whose text later turns still
    hear; its `tail`, all responses from there on; the whole `dialogue`; or nothing, and it is
    replaced by a harmless one (`heal`)."""
    where: Where = "both"
    """Whether it is not trained on (`train`), not among the candidates (`pool`), or `both`."""
    healing: SourceField = Field(default_factory=lambda: sources.build("benign"))
    """What `heal` puts in place of suspicious responses."""

    def model_post_init(self, context: Any) -> None:
        """Refuse what does not fit together."""
        if (self.share is None) == (self.threshold is None):
            raise ConfigError(
                "A Cleaner takes out a share of the exchanges or what reaches a threshold; give "
                "one of the two, such as share=0.05."
            )
        if not isinstance(self.detector, Detector):
            raise ConfigError(
                f"{type(self.detector).__name__} is no Detector, so it scores no exchanges; give "
                "one, such as 'frequency'."
            )
        if self.unit == "heal" and self.where != "both":
            raise ConfigError("unit 'heal' replaces a response everywhere; it needs where 'both'.")

    @property
    def wanted(self) -> frozenset[Need]:
        """What its detector must be given."""
        return self.detector.wanted

    def clean(
        self, corpus: HasCorpus, aid: Aid | None = None, *, rng: np.random.Generator
    ) -> CleanedCorpus:
        """Return the corpus without its most suspicious exchanges; the same seed, the same ones.

        Args:
            corpus: The training corpus; the detector sees it without marks of planted text.
            aid: What the defender has besides.
            rng: Its children draw what is random in the detector, and among equal suspicions.

        Raises:
            ConfigError: The detector needs what `aid` does not hold.
            PluginError: The detector breaks its contract.
        """
        whole = corpus.corpus
        scoring, deciding, healing = rng.spawn(3)
        given = (aid or Aid()).of(self.detector)
        scores = checked_suspicion(self.detector, whole, given, scoring)
        return self._without(whole, scores, self._chosen(scores, deciding), healing)

    def control_of(
        self,
        corpus: HasCorpus,
        cleaned: CleanedCorpus,
        *,
        matched: bool = True,
        rng: np.random.Generator,
    ) -> CleanedCorpus:
        """Return the control: as many exchanges taken out in the same way, drawn at random.

        A detector has found something only as far as its effect exceeds that of its control.

        Args:
            corpus: What `clean` was given.
            cleaned: What it returned.
            matched: Whether as many are drawn in each category as were taken out there; else from
                all alike, which leaves a category that was emptied its data.
            rng: Draws them.
        """
        whole = corpus.corpus
        drawing, healing = rng.spawn(2)
        names = np.array([e.category if matched else "" for e in whole.exchanges], dtype=object)
        drawn = np.zeros(len(names), dtype=np.bool_)
        for name in dict.fromkeys(names.tolist()):
            places = np.flatnonzero(names == name)
            count = int(cleaned.removed[places].sum())
            drawn[drawing.permutation(places)[:count]] = True
        return self._without(whole, np.full(len(names), np.nan), drawn, healing)

    def _chosen(
        self, scores: Float[np.ndarray, " exchanges"], rng: np.random.Generator
    ) -> Bool[np.ndarray, " exchanges"]:
        known = ~np.isnan(scores)
        if self.threshold is not None:
            reached: Bool[np.ndarray, " exchanges"] = known & (scores >= self.threshold)
            return reached
        count = min(int((self.share or 0) * len(scores) + 1e-9), int(known.sum()))
        worst = np.lexsort((rng.permutation(len(scores)), -np.nan_to_num(scores, nan=-np.inf)))
        chosen = np.zeros(len(scores), dtype=np.bool_)
        chosen[worst[:count]] = True
        return chosen

    def _without(
        self,
        whole: Corpus,
        scores: Float[np.ndarray, " exchanges"],
        removed: Bool[np.ndarray, " exchanges"],
        rng: np.random.Generator,
    ) -> CleanedCorpus:
        exchanges = [e for e, out in zip(whole.exchanges, removed.tolist(), strict=True) if out]
        turns: dict[str, list[int]] = {}
        for exchange in exchanges:
            turns.setdefault(exchange.dialogue, []).append(exchange.turn)
        texts = load_texts(self.healing) if self.unit == "heal" and exchanges else ()
        dialogues = tuple(
            self._cleaned(dialogue, turns[dialogue.id], texts, rng)
            if dialogue.id in turns
            else dialogue
            for dialogue in whole
        )
        numbers = [None if np.isnan(one) else float(one) for one in scores[removed]]
        records = tuple(
            Removal.of(exchange, number)
            for exchange, number in zip(exchanges, numbers, strict=True)
        )
        manifest = CleaningManifest(cleaner=shown(self), exchanges=len(removed), records=records)
        cleaned = replace(whole, dialogues=dialogues)
        return CleanedCorpus(cleaned, manifest, scores, removed)

    def _cleaned(
        self,
        dialogue: Dialogue,
        turns: Sequence[int],
        texts: Sequence[str],
        rng: np.random.Generator,
    ) -> Dialogue:
        utterances = list(dialogue.utterances)
        if self.unit == "heal":
            for turn in turns:
                text = texts[int(rng.integers(len(texts)))]
                old = utterances[turn]
                utterances[turn] = replace(old, text=text, planted=False, original=None)
            return replace(dialogue, utterances=tuple(utterances))
        gone = {"exchange": turns, "tail": range(min(turns), len(utterances))}
        for turn in gone.get(self.unit, range(len(utterances))):
            if (old := utterances[turn]).role == "listener":
                learned = old.learned and self.where == "pool"
                offered = old.offered and self.where == "train"
                utterances[turn] = replace(old, learned=learned, offered=offered)
        return replace(dialogue, utterances=tuple(utterances))


def checked_suspicion(
    detector: Detector, corpus: Corpus, aid: Aid, rng: np.random.Generator
) -> Float[np.ndarray, " exchanges"]:
    """Return what a detector says of a corpus, of which it sees no marks.

    Args:
        detector: Scores the exchanges.
        corpus: The training corpus.
        aid: What the detector declares.
        rng: Draws what is random in it.

    Raises:
        DataError: The corpus has no exchanges.
        PluginError: There is not one number for each exchange.
    """
    if not corpus.exchange_count:
        raise DataError(f"Corpus {named(corpus.name)} has no exchanges to clean.")
    method = f"{type(detector).__name__}.suspicion"
    answer = np.asarray(detector.suspicion(unmarked(corpus), aid, rng))
    if answer.dtype.kind not in "fiub":
        raise PluginError(f"{method} must return an array of numbers, got {answer.dtype}.")
    if answer.shape != (corpus.exchange_count,):
        raise PluginError(
            f"{method} returned an array of shape {answer.shape} for {corpus.exchange_count} "
            "exchanges; return one number for each."
        )
    return answer.astype(np.float64)


def unmarked(corpus: Corpus) -> Corpus:
    """Return a corpus as a defender finds it: nothing is marked as planted or triggered."""
    return replace(corpus, dialogues=tuple(map(_unmarked, corpus)))


def _unmarked(dialogue: Dialogue) -> Dialogue:
    if not any(turn.planted or turn.triggered for turn in dialogue.utterances):
        return dialogue
    turns = tuple(
        replace(turn, planted=False, original=None, triggered=False) for turn in dialogue.utterances
    )
    return replace(dialogue, utterances=turns)
