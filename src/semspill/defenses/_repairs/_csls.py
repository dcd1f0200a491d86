"""Hubness correction: a response that is near to many contexts loses its advantage."""

import hashlib
import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._progress import Progress, quiet
from semspill.corpus import Corpus, Exchange
from semspill.defenses._base import Aid, Repair
from semspill.defenses._repairs._common import Wrapped, retrieval_of
from semspill.encoders import BiEncoder
from semspill.models import TrainedModel
from semspill.responding._pool import Pool

logger = logging.getLogger(__name__)

_ROWS = 1024


class HubnessCorrection(Repair):
    """Takes off each response's score how similar it is to the training contexts nearest to it.

    The score of response r in context c is `2 c.r - h(r)`, where h(r) is the mean of c'.r over the
    k training contexts c' for which it is largest; the counterpart h(c) is left out, because it is
    the same for all responses to c. Similarity is the model's own score, the dot product: that is
    the cosine of the paper where rows have length 1, as those of the built-in encoders have by
    default. Scores are of that scale afterwards, about 0 where a response fits as well as it
    usually does at its best. Without a corpus the model stays as it is, with a warning. It
    stops one text that was planted often, which is a hub; it fails where many texts were planted,
    each near to few contexts.
    """

    citation = (
        "Conneau et al. 2018, Word Translation Without Parallel Data, arXiv:1710.04087 "
        "(cross-domain similarity local scaling, CSLS)"
    )
    cost = "one product of all candidates with some contexts"
    needs_candidates = True
    neighbours: int = Field(10, ge=1)
    """How many contexts k the mean is taken over; all, where there are fewer."""
    contexts: int = Field(4096, ge=1)
    """The most training contexts that are compared with, drawn at random from all."""
    hubness: Literal["own", "random"] = "own"
    """Whose h(r) a response is given: its own, or, as the control, that of a training response
    drawn at random for each text."""

    def control(self) -> "HubnessCorrection | None":
        """Return the same with the hubness of responses drawn at random."""
        return None if self.hubness == "random" else self.replace(hubness="random")

    def repair(
        self, model: TrainedModel, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> TrainedModel:
        """Return the model with the score corrected.

        Args:
            model: A retrieval model.
            corpus: What it was trained on.
            aid: Nothing of it.
            rng: Draws the contexts, and the responses of the control.

        Raises:
            ConfigError: It is no retrieval model.
        """
        retrieval = retrieval_of(self, model)
        exchanges = corpus.exchanges
        if not exchanges:
            logger.warning("HubnessCorrection: there are no contexts; the model stays as it is")
            return retrieval.with_model(retrieval.model)
        places, drawing = rng.permutation(len(exchanges))[: self.contexts], int(rng.integers(2**63))
        chosen = tuple(exchanges[place] for place in np.sort(places).tolist())
        corrected = Corrected(retrieval.model, chosen, self.neighbours)
        if self.hubness == "random":
            texts = tuple(dict.fromkeys(exchange.response for exchange in exchanges))
            corrected = Reassigned(retrieval.model, chosen, self.neighbours, texts, drawing)
        return retrieval.with_model(corrected)


class Corrected(Wrapped):
    """A bi-encoder whose dot products are CSLS scores: contexts (2c, 1), responses (r, -h(r)).

    Args:
        model: Whose vectors they are.
        exchanges: The contexts that responses are compared with, at least one.
        neighbours: How many of them the mean is taken over.
    """

    def __init__(self, model: BiEncoder, exchanges: tuple[Exchange, ...], neighbours: int) -> None:
        super().__init__(model)
        self.exchanges, self.neighbours = exchanges, neighbours

    def around(self, model: BiEncoder) -> "Corrected":
        """Return the same correction of another bi-encoder's scores."""
        return Corrected(model, self.exchanges, self.neighbours)

    def change(self) -> bytes:
        """Return the vectors of the contexts, and how many are nearest."""
        digest = hashlib.sha256(self._references.tobytes()).digest()
        return digest + str(self.neighbours).encode()

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        """Return twice the vectors, and a 1 at the end of each."""
        rows = self.model.encode_contexts(exchanges, progress=progress)
        return np.hstack([2 * rows, np.ones((len(rows), 1), dtype=rows.dtype)])

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        """Return the vectors, and minus the hubness at the end of each."""
        rows = self.model.encode_responses(texts, progress=progress)
        return np.hstack([rows, -self.hubness(texts, rows)[:, None]]).astype(rows.dtype)

    def hubness(
        self, texts: Sequence[str], rows: Float[np.ndarray, "texts dim"]
    ) -> Float[np.ndarray, " texts"]:
        """Return the mean dot product of each row with the contexts nearest to it.

        Args:
            texts: The responses.
            rows: Their vectors.
        """
        # Equal rows are multiplied once, so that their scores stay equal.
        distinct = Pool(rows)
        copies, first = distinct.copies
        count = min(self.neighbours, len(self.exchanges))
        found = np.empty(len(rows))
        for start in range(0, len(distinct.rows), _ROWS):
            chosen = distinct.rows[start : start + _ROWS]
            scores = rows[chosen] @ self._references.T
            highest = np.partition(scores, -count, axis=1)[:, -count:]
            found[chosen] = highest.mean(axis=1, dtype=np.float64)
        found[copies] = found[first]
        return found

    @cached_property
    def _references(self) -> Float[np.ndarray, "exchanges dim"]:
        return np.asarray(self.model.encode_contexts(self.exchanges))


class Reassigned(Corrected):
    """The control of `Corrected`: each text is given the hubness of another one.

    Args:
        model: Whose vectors they are.
        exchanges: The contexts that responses are compared with, at least one.
        neighbours: How many of them the mean is taken over.
        texts: Responses whose hubness is drawn from.
        seed: Decides which text is given whose.
    """

    def __init__(
        self,
        model: BiEncoder,
        exchanges: tuple[Exchange, ...],
        neighbours: int,
        texts: tuple[str, ...],
        seed: int,
    ) -> None:
        super().__init__(model, exchanges, neighbours)
        self.texts, self.seed = texts, seed

    def around(self, model: BiEncoder) -> "Reassigned":
        """Return the same control around another bi-encoder."""
        return Reassigned(model, self.exchanges, self.neighbours, self.texts, self.seed)

    def change(self) -> bytes:
        """Return what decides the correction, and the seed."""
        return super().change() + str(self.seed).encode()

    def hubness(
        self, texts: Sequence[str], rows: Float[np.ndarray, "texts dim"]
    ) -> Float[np.ndarray, " texts"]:
        """Return for each text, always the same, the hubness of one of the training responses."""
        key = self.seed.to_bytes(8, "big")
        digests = (
            hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest()
            for text in texts
        )
        places = [int.from_bytes(digest, "big") % len(self._values) for digest in digests]
        return self._values[places]

    @cached_property
    def _values(self) -> Float[np.ndarray, " responses"]:
        return super().hubness(self.texts, self.model.encode_responses(self.texts))
