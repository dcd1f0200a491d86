"""Bi-encoders that similarities are tried on."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from semspill._progress import Progress, quiet
from semspill.corpus import ContextFormat, Exchange
from semspill.encoders import BiEncoder, HashingEncoder


def untrained() -> BiEncoder:
    """Return a small one, always the same."""
    return HashingEncoder(buckets=512, dim=16).load(np.random.default_rng(0))


class OnlyEncodes(BiEncoder):
    """A model of which nothing can be seen but its vectors."""

    def __init__(self, model: BiEncoder) -> None:
        self._model = model

    @property
    def context(self) -> ContextFormat:
        return self._model.context

    @context.setter
    def context(self, context: ContextFormat) -> None:
        self._model.context = context

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        return self._model.encode_contexts(exchanges, progress=progress)

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        return self._model.encode_responses(texts, progress=progress)
