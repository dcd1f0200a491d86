"""What several detectors need is computed once: encodings, nearest contexts, trainings."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from semspill._progress import Progress, quiet
from semspill.corpus import Corpus, Exchange
from semspill.defenses._base import Aid, Trainer
from semspill.encoders import BiEncoder
from semspill.encoders._vectors import checked_vectors
from semspill.models import TrainedModel

T = TypeVar("T")


def shared(aid: Aid) -> Aid:
    """Return the same aid, which computes nothing twice for the detectors that it is given to.

    Its encoder encodes no list of contexts or responses twice, and finds the nearest contexts of a
    corpus once; its trainer trains once on equal corpora from equal states of the generator. What
    is equal is told by content. All numbers are the same as without. What was computed is kept as
    long as the returned object is: a trained model each.

    Args:
        aid: What the defender has. The encoder and the trained models must not be changed
            meanwhile, so it is for detectors and not for repairs.

    Example:
        >>> import semspill as sp
        >>> from semspill.defenses import Aid, Cleaner
        >>> corpus = sp.datasets.build({"name": "synthetic", "train": 300}).load("train")
        >>> encoder = sp.encoders.build("hashing").load(np.random.default_rng(0))
        >>> aid = shared(Aid(encoder=encoder))
        >>> for name in ("mismatch", "irrelevance"):  # the contexts are encoded once
        ...     Cleaner(detector=name, share=0.03).clean(corpus, aid, rng=np.random.default_rng(0))
        <CleanedCorpus: 18 of 600 exchanges>
        <CleanedCorpus: 18 of 600 exchanges>
    """
    encoder, trainer = aid.encoder, aid.trainer
    if encoder is not None and not isinstance(encoder, SharedEncoder):
        encoder = SharedEncoder(encoder)
    if trainer is not None and not isinstance(trainer, _SharedTrainer):
        trainer = _SharedTrainer(trainer)
    return replace(aid, encoder=encoder, trainer=trainer)


class SharedEncoder(BiEncoder):
    """An encoder that keeps what it encoded, and what else was computed from that.

    Args:
        encoder: What encodes.
    """

    def __init__(self, encoder: BiEncoder) -> None:
        self.encoder = encoder
        self.context = encoder.context
        self._kept: dict[Hashable, Any] = {}

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        """Return one row per exchange, read-only."""

        def encode() -> Float[np.ndarray, "exchanges dim"]:
            given = self.encoder.encode_contexts(exchanges, progress=progress)
            return _locked(checked_vectors(self.encoder, given, len(exchanges), "contexts"))

        return self.kept(("contexts", tuple(exchanges)), encode)

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        """Return one row per text, read-only."""

        def encode() -> Float[np.ndarray, "texts dim"]:
            given = self.encoder.encode_responses(texts, progress=progress)
            return _locked(checked_vectors(self.encoder, given, len(texts), "responses"))

        return self.kept(("responses", tuple(texts)), encode)

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for an equal key before, or else make it."""
        if key not in self._kept:
            self._kept[key] = make()
        kept: T = self._kept[key]
        return kept


class _SharedTrainer:
    """Trains once for equal corpora and states, and leaves the generator as a training does."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self._kept: dict[tuple[str, str], tuple[TrainedModel, dict[str, Any], int]] = {}

    def __call__(self, corpus: Corpus, rng: np.random.Generator) -> TrainedModel:
        sequence = rng.bit_generator.seed_seq
        # What it spawns depends on the sequence, which two equal states need not share.
        key = corpus.fingerprint, repr((rng.bit_generator.state, sequence))
        if key in self._kept:
            model, state, spawned = self._kept[key]
            rng.bit_generator.state = state
            if spawned:
                rng.spawn(spawned)
            return model
        before = _spawned(sequence)
        model = self.trainer(corpus, rng)
        self._kept[key] = model, dict(rng.bit_generator.state), _spawned(sequence) - before
        return model


def _spawned(sequence: Any) -> int:
    """Return how many children a seed sequence has spawned; one that cannot has none."""
    return int(getattr(sequence, "n_children_spawned", 0))


def _locked(vectors: Float[np.ndarray, "rows dim"]) -> Float[np.ndarray, "rows dim"]:
    rows = vectors.view()
    rows.flags.writeable = False
    return rows
