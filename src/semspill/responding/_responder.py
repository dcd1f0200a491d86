"""The retrieval responder: it answers an exchange with the candidate of the highest score."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill._progress import Progress, quiet
from semspill.corpus import Candidates, Exchange, HasCorpus
from semspill.encoders import BiEncoder
from semspill.errors import DataError, PluginError
from semspill.responding._search import MAX_BYTES, top_k


@dataclass(frozen=True, eq=False)
class Responses:
    """The best candidates of each exchange, in the order of the exchanges.

    Example:
        >>> pool = Candidates.of(["Oh no.", "Great!"])
        >>> found = Responses(pool, np.array([[1, 0]]), np.array([[0.9, 0.2]], dtype=np.float32))
        >>> found.texts, found.ranked, found.planted
        (('Great!',), (('Great!', 'Oh no.'),), array([False]))
    """

    candidates: Candidates
    """The pool that was searched."""
    indices: Int[np.ndarray, "exchanges k"]
    """Indices into the pool, best first."""
    scores: Float[np.ndarray, "exchanges k"]
    """Dot products of context and response, largest first."""

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        # The texts may be harmful, and a notebook shows what it is given.
        return f"<Responses: {len(self)} of {len(self.candidates)} candidates, " + (
            f"{int(self.planted.sum())} planted>"
        )

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The response given to each exchange: its best candidate."""
        return tuple(self.candidates.texts[i] for i in self.indices[:, 0])

    @property
    def ranked(self) -> tuple[tuple[str, ...], ...]:
        """The best `k` candidates of each exchange, best first."""
        return tuple(tuple(self.candidates.texts[i] for i in row) for row in self.indices)

    @cached_property
    def planted(self) -> Bool[np.ndarray, " exchanges"]:
        """Whether the response given to each exchange is a planted one."""
        return np.take(self.candidates.planted, self.indices[:, 0])


class RetrievalResponder:
    """Answers each exchange with the candidate whose vector has the largest dot product with it.

    Candidates are encoded at the first answer and kept; make a new responder after the model was
    trained further.

    Args:
        model: Encodes contexts and responses.
        candidates: The pool; of a plain sequence of texts each distinct one is taken once, of a
            corpus (or what carries one) every distinct listener response.
        max_bytes: Bound on the memory for scores, in bytes.

    Raises:
        DataError: There is no candidate.
    """

    def __init__(
        self,
        model: BiEncoder,
        candidates: Candidates | HasCorpus | Sequence[str],
        *,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        if isinstance(candidates, str):
            raise DataError("The candidates are one text; give a list of texts or a Candidates.")
        if isinstance(candidates, HasCorpus):
            candidates = candidates.corpus.responses()
        if not isinstance(candidates, Candidates):
            candidates = Candidates.of(candidates)
        self.model = model
        self.candidates = candidates
        self.max_bytes = max_bytes
        self._vectors: Float[np.ndarray, "candidates dim"] | None = None
        if not len(self.candidates):
            raise DataError("There is no candidate to respond with; give at least one response.")

    def respond(
        self, exchanges: HasCorpus | Sequence[Exchange], k: int = 1, *, progress: Progress = quiet
    ) -> Responses:
        """Return the best `k` candidates of each exchange; of equal scores the lowest index wins.

        Args:
            exchanges: What to answer: exchanges, or a corpus (or what carries one), all of whose
                exchanges are answered.
            k: How many candidates to return per exchange, 1 to the size of the pool.
            progress: Wraps the iterables of batches, for example `tqdm.tqdm`.

        Raises:
            DataError: `k` is out of range, or the model gives NaN or infinity.
            PluginError: The model gives another number of vectors than it got texts, or vectors
                of two lengths.
        """
        asked = exchanges.corpus.exchanges if isinstance(exchanges, HasCorpus) else exchanges
        responses = self._encode_candidates(progress)
        if len(asked):
            contexts = self.model.encode_contexts(asked, progress=progress)
        else:
            contexts = np.empty((0, responses.shape[1]), dtype=responses.dtype)
        self._require(
            len(contexts) == len(asked), f"{len(contexts)} rows for {len(asked)} contexts"
        )
        sizes = contexts.shape[1], responses.shape[1]
        self._require(sizes[0] == sizes[1], f"contexts of {sizes[0]} and responses of {sizes[1]}")
        indices, scores = top_k(contexts, responses, k, max_bytes=self.max_bytes, progress=progress)
        return Responses(self.candidates, indices, scores)

    def _encode_candidates(self, progress: Progress) -> Float[np.ndarray, "candidates dim"]:
        if self._vectors is None:
            texts = self.candidates.texts
            vectors = self.model.encode_responses(texts, progress=progress)
            self._require(
                len(vectors) == len(texts), f"{len(vectors)} rows for {len(texts)} responses"
            )
            self._vectors = vectors
        return self._vectors

    def _require(self, kept: bool, got: str) -> None:
        if not kept:
            raise PluginError(
                f"{type(self.model).__name__} gave {got}; it must give one vector each, all of "
                "one length."
            )
