"""A model whose encodings are cached while several arms answer with it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from semspill._progress import Progress, quiet
from semspill.corpus import ContextFormat, Exchange
from semspill.encoders import BiEncoder
from semspill.encoders._vectors import checked_vectors


class CachedEncodings(BiEncoder):
    """A model as it stands, which encodes no context and no expected response twice.

    What was not expected is encoded by itself, so that vectors do not depend on what was asked
    before.

    Args:
        model: The model; it must not be trained while this object is in use.
    """

    def __init__(self, model: BiEncoder) -> None:
        self.model = model
        self.context = getattr(model, "context", ContextFormat())
        self.base: dict[str, int] = {}
        self._vectors: Float[np.ndarray, "base dim"] | None = None
        self._contexts: list[tuple[Sequence[Exchange], Float[np.ndarray, "exchanges dim"]]] = []

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        """Return one row per exchange, cached for the same tuple of them."""
        for known, vectors in self._contexts:
            if known == exchanges:
                return vectors
        given = self.model.encode_contexts(exchanges, progress=progress)
        vectors = checked_vectors(self.model, given, len(exchanges), "contexts")
        self._contexts.append((exchanges, vectors))
        return vectors

    def expect(self, texts: Sequence[str]) -> None:
        """Hear which responses most pools share, which forgets what was expected before."""
        base = {text: row for row, text in enumerate(texts)}
        if base != self.base:
            self.base, self._vectors = base, None

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        """Return one row per text, the expected ones from the cache."""
        if not self.base:
            return self._encode(texts, progress)
        if self._vectors is None:
            self._vectors = self._encode(list(self.base), progress)
        extra = list(dict.fromkeys(text for text in texts if text not in self.base))
        vectors = self._vectors
        if extra:
            vectors = np.concatenate([vectors, self._encode(extra, progress)])
        row_of = self.base | {text: len(self.base) + i for i, text in enumerate(extra)}
        rows: Float[np.ndarray, "texts dim"] = vectors[[row_of[text] for text in texts]]
        return rows

    def _encode(self, texts: Sequence[str], progress: Progress) -> Float[np.ndarray, "texts dim"]:
        given = self.model.encode_responses(texts, progress=progress)
        return checked_vectors(self.model, given, len(texts), "responses")
