"""The retrieval responder: it answers an exchange with the candidate of the highest score."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill._mask import described
from semspill._progress import Progress, quiet
from semspill.corpus import Candidates, Exchange, HasCorpus
from semspill.encoders import BiEncoder
from semspill.encoders._vectors import checked_vectors
from semspill.errors import ConfigError, DataError
from semspill.responding._approximate import ApproximateSearch, Index
from semspill.responding._pool import Pool
from semspill.responding._search import MAX_BYTES, top_k
from semspill.responding._store import Store, require


@dataclass(frozen=True, eq=False)
class Responses:
    """The best candidates of each exchange, in the order of the exchanges.

    Example:
        >>> pool = Candidates.of(["Oh no.", "Great!"])
        >>> chosen = Responses(pool, np.array([[1, 0]]), np.array([[0.9, 0.2]], dtype=np.float32))
        >>> chosen.texts, chosen.ranked, chosen.planted
        (('Great!',), (('Great!', 'Oh no.'),), array([False]))
    """

    candidates: Candidates
    """The pool that was searched."""
    indices: Int[np.ndarray, "exchanges k"]
    """Indices into the pool, best first."""
    scores: Float[np.ndarray, "exchanges k"]
    """Dot products of context and response, largest first."""
    recall: float | None = None
    """Mean share of the exact best `k` that approximate search found, over the exchanges that were
    checked; None where the search was exact or nothing was checked."""
    unanswered: int = 0
    """How many of them stand for an answer that never came, and are empty."""

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        scores: Float[np.ndarray, " exchanges"] | None = None,
        *,
        unanswered: int = 0,
    ) -> "Responses":
        """Return one response to each exchange from any model, none of them planted.

        Args:
            texts: The responses, in the order of the exchanges.
            scores: The model's score of each; None for NaN.
            unanswered: How many of them stand for an answer that never came.

        Raises:
            DataError: There is another number of scores than of texts.

        Example:
            >>> Responses.of(["Oh no.", "Great!", "Oh no."]).texts
            ('Oh no.', 'Great!', 'Oh no.')
        """
        pool = Candidates.of(texts)
        place = {text: row for row, text in enumerate(pool.texts)}
        given = np.full(len(texts), np.nan) if scores is None else np.asarray(scores)
        if given.shape != (len(texts),):
            raise DataError(f"{len(texts)} texts need as many scores; got shape {given.shape}.")
        indices = np.array([place[text] for text in texts], dtype=np.int64)
        given = given[:, None].astype(np.float32)
        return cls(pool, indices[:, None], given, unanswered=unanswered)

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
        max_bytes: Bound on the memory for scores and the vectors they are made of, in bytes.
        store: A .npy file that keeps the vectors of the candidates as float16, half of float32, so
            a pool may exceed memory. It is written at the first answer, in pieces, and used again
            as long as model and candidates stay the same, else rewritten; a `.json` beside it says
            what it holds. Rounding moves a score by up to 0.0005 of the product of the lengths.
        search: Searches a part of the pool only, through faiss; None searches all of it.

    Raises:
        ConfigError: The model is no loaded bi-encoder.
        DataError: There is no candidate, or what came is no pool of texts.
    """

    def __init__(
        self,
        model: BiEncoder,
        candidates: Candidates | HasCorpus | Sequence[str],
        *,
        max_bytes: int = MAX_BYTES,
        store: str | Path | None = None,
        search: ApproximateSearch | None = None,
    ) -> None:
        _require_encoder(model)
        self.model = model
        self.candidates = _pool_of(candidates)
        self.max_bytes = max_bytes
        self.store = None if store is None else Path(store)
        self.search = search
        self._pool: Pool | None = None
        self._index: Index | None = None

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
            DataError: `k` is out of range, the model gives NaN or infinity, the store is damaged,
                or approximate search looked through fewer than `k` candidates.
            PluginError: The model gives another number of vectors than it got texts, or vectors
                of two lengths, or has no fingerprint to keep its vectors under.
            MissingExtraError: Approximate search is wanted and faiss is not installed.
        """
        asked = exchanges.corpus.exchanges if isinstance(exchanges, HasCorpus) else exchanges
        if not isinstance(asked, Sequence) or not all(isinstance(e, Exchange) for e in asked):
            raise DataError(
                f"The exchanges are {described(asked)}; give a corpus, or exchanges of one."
            )
        pool = self._encode_candidates(progress)
        if len(asked):
            given = self.model.encode_contexts(asked, progress=progress)
            contexts = checked_vectors(self.model, given, len(asked), "contexts")
        else:
            contexts = np.empty((0, pool.vectors.shape[1]), dtype=np.float32)
        sizes = contexts.shape[1], pool.vectors.shape[1]
        got = f"contexts of {sizes[0]} and responses of {sizes[1]}"
        require(self.model, sizes[0] == sizes[1], got)
        if self.search is None:
            ranked = top_k(contexts, pool, k, max_bytes=self.max_bytes, progress=progress)
            return Responses(self.candidates, *ranked)
        if self._index is None:
            self._index = Index(self.search, pool, progress=progress)
        ranked = self._index.top_k(contexts, k, max_bytes=self.max_bytes, progress=progress)
        recall = self._index.recall(contexts, ranked[0], max_bytes=self.max_bytes)
        return Responses(self.candidates, *ranked, recall)

    def _encode_candidates(self, progress: Progress) -> Pool:
        if self._pool is None:
            texts = self.candidates.texts
            if self.store is not None:
                self._pool = Pool(Store(self.store, self.model, self.candidates).vectors(progress))
            else:
                given = self.model.encode_responses(texts, progress=progress)
                self._pool = Pool(checked_vectors(self.model, given, len(texts), "responses"))
        return self._pool


def _require_encoder(model: object) -> None:
    if not isinstance(model, BiEncoder):
        raise ConfigError(
            f"The model is {described(model)}, which does not encode contexts and responses; give "
            "a bi-encoder, such as Finetuner().finetune(encoder, corpus, rng) returns, or, without "
            'training, encoders.build({"name": "transformer", "model": "..."}).load(rng).'
        )


def _pool_of(given: object) -> Candidates:
    if isinstance(given, HasCorpus):
        return given.corpus.responses()
    pool = given
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping | Candidates):
        texts = list(given)
        if all(isinstance(text, str) for text in texts):
            pool = Candidates.of(texts)
    if not isinstance(pool, Candidates):
        raise DataError(
            f"The candidates are {described(given)}; give a corpus, its responses(), or a list of "
            "texts."
        )
    if not len(pool):
        raise DataError("There is no candidate to respond with; give at least one response.")
    return pool
