"""P@1: how often a model ranks the gold response first in a frozen list of candidates."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill._atomic import write_text
from semspill._progress import Progress, quiet
from semspill._read import parse_json
from semspill.corpus import Exchange
from semspill.encoders._base import BiEncoder
from semspill.encoders._vectors import checked_vectors
from semspill.errors import DataError

_FORMAT = 1
_CHUNK = 256


@dataclass(frozen=True, eq=False)
class RankingTask:
    """Exchanges, and for each a frozen list of candidate responses with the gold one among them.

    Build it with `draw` once, `save` it, and every model and arm is asked the same question.

    Raises:
        DataError: The lists do not fit the exchanges.

    Example:
        >>> some = [Exchange(f"d{i}", 1, "joy", (f"Story {i}.",), f"Answer {i}.") for i in range(6)]
        >>> task = RankingTask.draw(some, np.random.default_rng(0), size=3)
        >>> task.lists.shape, bool((task.lists[np.arange(6), task.gold] == np.arange(6)).all())
        ((6, 3), True)
    """

    exchanges: tuple[Exchange, ...]
    """What is asked, in the order that was given to `draw`."""
    lists: Int[np.ndarray, "exchanges size"]
    """The candidates of each exchange: `exchanges[lists[i, j]].response` is candidate `j` of
    exchange `i`."""

    def __post_init__(self) -> None:
        count = len(self.exchanges)
        fits = len(self.lists) == count > 0 and self.lists.min() >= 0 and self.lists.max() < count
        if not fits or not (self.lists == np.arange(count)[:, None]).any(axis=1).all():
            raise DataError(
                f"Candidate lists of shape {self.lists.shape} do not fit {count} exchanges: each "
                "needs a list of indices of exchanges with its own among them; draw them again."
            )

    @classmethod
    def draw(
        cls, exchanges: Sequence[Exchange], rng: np.random.Generator, size: int = 100
    ) -> "RankingTask":
        """Draw the candidate lists.

        The exchanges are shuffled once and cut into lists of `size`; the gold responses of a list
        are the candidates of its exchanges. When the last list is short, it is filled with the
        gold responses of exchanges outside it, drawn without replacement, and shuffled. So the
        order of the exchanges, the state of `rng` and `size` fix the lists.

        Args:
            exchanges: What to ask, at least `size` of them.
            rng: Draws the order and the filling.
            size: Candidates per list, the gold one included; 2 or more.

        Raises:
            DataError: `size` is below 2, or there are fewer exchanges than `size`.
        """
        count = len(exchanges)
        if not 2 <= size <= count:
            raise DataError(
                f"Lists of {size} candidates cannot be drawn from {count} exchanges; the size "
                "must be at least 2 and at most the number of exchanges."
            )
        order = rng.permutation(count)
        lists = np.empty((count, size), dtype=np.int64)
        for start in range(0, count, size):
            members = order[start : start + size]
            drawn = members
            if len(members) < size:
                others = rng.choice(order[:start], size=size - len(members), replace=False)
                drawn = rng.permutation(np.concatenate([members, others]))
            lists[members] = drawn
        return cls(tuple(exchanges), lists)

    def __len__(self) -> int:
        return len(self.exchanges)

    @property
    def size(self) -> int:
        """Candidates per list, the gold one included."""
        return int(self.lists.shape[1])

    @cached_property
    def gold(self) -> Int[np.ndarray, " exchanges"]:
        """Where in its list each exchange's own response stands."""
        gold: Int[np.ndarray, " exchanges"] = (self.lists == np.arange(len(self))[:, None]).argmax(
            axis=1
        )
        return gold

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the exchanges and their lists, as 64 hex digits."""
        lists = np.ascontiguousarray(self.lists, dtype="<i8").tobytes()
        return hashlib.sha256(_digest(self.exchanges).encode() + lists).hexdigest()

    def hits(self, model: BiEncoder, progress: Progress = quiet) -> Bool[np.ndarray, " exchanges"]:
        """Return for which exchanges the best scored candidate reads like the gold response.

        Equal scores are won by the earlier place in the list. A list may hold the gold text more
        than once; either place is a hit.

        Args:
            model: Encodes every context and every distinct response once.
            progress: Wraps the batches of contexts, then those of responses.

        Raises:
            PluginError: The model does not give one vector for each.
        """
        return self.judged(model, progress)[0]

    def judged(
        self, model: BiEncoder, progress: Progress = quiet
    ) -> tuple[Bool[np.ndarray, " exchanges"], Float[np.ndarray, " exchanges"]]:
        """Return what `hits` does, from the same, and the score of each gold response."""
        texts = {text: row for row, text in enumerate({e.response: 0 for e in self.exchanges})}
        row_of = np.array([texts[exchange.response] for exchange in self.exchanges])
        contexts, responses = self._encoded(model, list(texts), progress)
        hits = np.empty(len(self), dtype=np.bool_)
        gold = np.empty(len(self), dtype=np.float64)
        for start in range(0, len(self), _CHUNK):
            rows = row_of[self.lists[start : start + _CHUNK]]
            scores = _scores(contexts[start : start + _CHUNK], responses, rows)
            best = rows[np.arange(len(rows)), scores.argmax(axis=1)]
            hits[start : start + _CHUNK] = best == row_of[start : start + _CHUNK]
            places = self.gold[start : start + _CHUNK]
            gold[start : start + _CHUNK] = scores[np.arange(len(rows)), places]
        return hits, gold

    def hits_beside(
        self,
        model: BiEncoder,
        texts: Sequence[str],
        judged: tuple[Bool[np.ndarray, " exchanges"], Float[np.ndarray, " exchanges"]],
        progress: Progress = quiet,
    ) -> Bool[np.ndarray, " exchanges"]:
        """Return what `hits` does where every list also holds these texts.

        Args:
            model: What `judged` came from.
            texts: What stands in every list besides, such as planted responses.
            judged: What `judged` returned.
            progress: Wraps the batches of contexts, then those of texts.
        """
        hits, gold = judged
        if not texts:
            return hits
        contexts, added = self._encoded(model, texts, progress)
        place = {text: column for column, text in enumerate(texts)}
        left = hits.copy()
        for row in np.flatnonzero(hits):
            scores = np.einsum("td,d->t", added, contexts[row])
            if (own := place.get(self.exchanges[row].response)) is not None:
                scores[own] = -np.inf  # the gold response itself is no rival
            left[row] = gold[row] >= scores.max()
        return left

    def _encoded(
        self, model: BiEncoder, texts: Sequence[str], progress: Progress
    ) -> tuple[Float[np.ndarray, "exchanges dim"], Float[np.ndarray, "texts dim"]]:
        contexts = model.encode_contexts(self.exchanges, progress=progress)
        responses = model.encode_responses(list(texts), progress=progress)
        return (
            checked_vectors(model, contexts, len(self), "contexts"),
            checked_vectors(model, responses, len(texts), "responses"),
        )

    def precision(self, model: BiEncoder, progress: Progress = quiet) -> float:
        """Return the share of exchanges that `hits` finds true, 0 to 1; it takes the same."""
        return float(self.hits(model, progress).mean())

    def save(self, path: str | Path) -> None:
        """Write the lists as JSON: indices and a fingerprint of the exchanges, no text."""
        distinct, which = np.unique(self.lists, axis=0, return_inverse=True)
        held = {
            "format": _FORMAT,
            "exchanges": _digest(self.exchanges),
            "lists": distinct.tolist(),
            "list_of_exchange": which.reshape(-1).tolist(),
        }
        write_text(Path(path), json.dumps(held) + "\n")

    @classmethod
    def load(cls, path: str | Path, exchanges: Sequence[Exchange]) -> "RankingTask":
        """Return the task that `save` wrote.

        Args:
            path: What was given to `save`.
            exchanges: The same exchanges in the same order.

        Raises:
            DataError: The file is not a saved task, or it was drawn for other exchanges.
        """
        try:
            held = parse_json(Path(path).read_text(encoding="utf-8"))
            if held["format"] != _FORMAT:
                raise DataError(
                    f"{path} has format {held['format']!r}; this version reads {_FORMAT}."
                )
            drawn_for = held["exchanges"]
            lists = np.array(held["lists"], dtype=np.int64)[held["list_of_exchange"]]
        except DataError:
            raise
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise DataError(
                f"{path} is not a saved ranking task ({type(error).__name__}: {error}); give a "
                "file that save() wrote."
            ) from error
        if drawn_for != _digest(exchanges):
            raise DataError(
                f"{path} was drawn for other exchanges than these {len(exchanges)}; load the same "
                "corpus, or draw a new task."
            )
        return cls(tuple(exchanges), lists)


def _digest(exchanges: Sequence[Exchange]) -> str:
    digest = hashlib.sha256()
    for one in exchanges:
        line = [one.dialogue, one.turn, one.category, list(one.context), one.response]
        digest.update(json.dumps(line).encode() + b"\n")
    return digest.hexdigest()


def _scores(
    contexts: Float[np.ndarray, "chunk dim"],
    responses: Float[np.ndarray, "texts dim"],
    rows: Int[np.ndarray, "chunk size"],
) -> Float[np.ndarray, "chunk size"]:
    # Unlike BLAS, einsum adds up equal rows in the same way at every place, so ties stay ties.
    scores: Float[np.ndarray, "chunk size"] = np.einsum("ed,ecd->ec", contexts, responses[rows])
    return scores
