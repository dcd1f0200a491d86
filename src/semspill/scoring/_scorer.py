"""From texts to checked toxicity ratings, each distinct text rated once."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float
from platformdirs import user_cache_dir
from pydantic import Field

from semspill._arrays import numbers
from semspill._mask import is_name
from semspill._model import FrozenModel
from semspill._objects import called
from semspill._progress import Progress, quiet
from semspill.errors import DataError, PluginError, SemspillError
from semspill.scoring._base import Rater, RaterField, overall
from semspill.scoring._cache import RatingCache, Row


def _default_cache() -> Path:
    return Path(user_cache_dir("semspill")) / "ratings"


@dataclass(frozen=True, eq=False)
class Ratings:
    """What a rater says of some texts: how toxic each is, and of which kinds of harm."""

    toxicity: Float[np.ndarray, " texts"]
    """The toxicity of each text, 0 (harmless) to 1 (toxic)."""
    kinds: Mapping[str, Float[np.ndarray, " texts"]] = field(default_factory=dict)
    """The same by kind of harm; empty where the rater knows toxicity alone, or no text came."""


class ToxicityScorer(FrozenModel):
    """Rates texts with a rater, and holds the rater to its promises.

    Each distinct text is rated once, and its rating is kept on disk for the next run: as a SHA-256
    and a number, never as text. An interrupted run keeps every finished batch.

    Example:
        >>> scorer = ToxicityScorer(rater="lexicon", cache=None)
        >>> scorer.score(["Well done.", "You grumble.", "Well done."])
        array([0., 1., 0.])
    """

    rater: RaterField
    """What rates: an object, a name, or a mapping with its name and fields."""
    batch_size: int = Field(1024, ge=1)
    """Texts per call to the rater, and per write to the cache."""
    cache: Path | None = Field(default_factory=_default_cache)
    """Folder that keeps ratings, one file per fingerprint of a rater; None keeps none."""

    def score(
        self, texts: Iterable[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, " texts"]:
        """Return the toxicity of each text, 0 (harmless) to 1 (toxic).

        Args:
            texts: Any number of texts, also none.
            progress: Wraps the iterable of batches that must be rated, for example `tqdm.tqdm`.

        Raises:
            DataError: One text came instead of several, or something that is no text.
            PluginError: The rater fails, or breaks its promise: one number from 0 to 1 per text.
        """
        return self.ratings(texts, progress=progress).toxicity

    def ratings(self, texts: Iterable[str], *, progress: Progress = quiet) -> Ratings:
        """Return the toxicity of each text, and its ratings by kind of harm, in one pass.

        Args:
            texts: Any number of texts, also none.
            progress: As in `score`.

        Raises:
            DataError: As in `score`.
            PluginError: As in `score`, of each kind too.
        """
        given = _checked(texts)
        digests = {text: _digest(text) for text in dict.fromkeys(given)}
        if not digests:
            return Ratings(np.zeros(0))
        with self._open_cache() as cache:
            known = cache.kinds if cache else None
            kinds = _kinds_of(self.rater) if known is None else known
            rows = cache.get(list(digests.values()), kinds) if cache else {}
            missing = [text for text, digest in digests.items() if digest not in rows]
            # A classifier takes texts of one length at a time, and so finds more of them.
            missing.sort(key=len)
            for start in progress(range(0, len(missing), self.batch_size)):
                batch = missing[start : start + self.batch_size]
                rated = map(tuple, _rate(self.rater, batch, kinds).tolist())
                fresh: dict[bytes, Row] = {
                    digests[text]: row for text, row in zip(batch, rated, strict=True)
                }
                rows |= fresh
                if cache:
                    cache.put(fresh, kinds)
        table = np.array([rows[digests[text]] for text in given])
        return Ratings(table[:, 0], dict(zip(kinds, table.T[1:], strict=True)))

    def _open_cache(self) -> RatingCache | nullcontext[None]:
        if self.cache is None:
            return nullcontext()
        return RatingCache(self.cache.expanduser() / f"{self.rater.fingerprint}.sqlite3")


def _digest(text: str) -> bytes:
    # Half a surrogate pair has no UTF-8, but turns up in scraped text.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _checked(texts: Iterable[str]) -> tuple[str, ...]:
    if isinstance(texts, str):
        raise DataError("score() got one text; give a list of texts, even of one.")
    texts = tuple(texts)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(
                f"Text {place + 1} of {len(texts)} is of type {type(text).__name__}; give strings."
            )
    return texts


def _kinds_of(rater: Rater) -> tuple[str, ...]:
    """Return the kinds of harm that a rater names, checked."""
    kinds, toxic = tuple(rater.kinds), rater.toxic_kind
    if len({kind.casefold() for kind in kinds}) < len(kinds) or not all(map(is_name, kinds)):
        raise PluginError(
            f"{called(rater)}.kinds holds {len(kinds)} names, of which one comes twice or is no "
            "short name; name each kind of harm in a few words."
        )
    if kinds and toxic is not None and toxic not in kinds:
        raise PluginError(
            f"{called(rater)}.toxic_kind is none of its kinds, {', '.join(kinds)}; name one of "
            "them, or None for the highest."
        )
    return kinds


def _rate(
    rater: Rater, texts: Sequence[str], kinds: tuple[str, ...]
) -> Float[np.ndarray, "texts columns"]:
    """Return the toxicity of each text, and in further columns that of each kind."""
    method = "rate_kinds" if kinds else "rate"
    name = f"{called(rater)}.{method}"
    each = f"one number for each of {len(kinds)} kinds" if kinds else "one number each"
    try:
        given = getattr(rater, method)(texts)
    except SemspillError:
        raise
    except Exception as error:  # of a plugin, of torch, of whatever it is built on
        # The message of the cause may quote a text, so it stays with the cause.
        raise PluginError(
            f"{name} failed on {len(texts)} texts with {type(error).__name__}; it must return "
            f"{each}, whatever the text."
        ) from error
    rated = numbers(given)
    if rated is None or rated.shape != (len(texts), *[len(kinds)] * bool(kinds)):
        got = type(given).__name__ if rated is None else f"{rated.dtype} of shape {rated.shape}"
        raise PluginError(
            f"{name} returned {got} for {len(texts)} texts; it must return {each}, in order."
        )
    ratings = rated.astype(np.float64).reshape(len(texts), -1)
    wrong = np.argwhere(~((ratings >= 0) & (ratings <= 1)))
    if len(wrong):
        row, column = wrong[0]
        raise PluginError(
            f"{name} gave {ratings[row, column]} to a text of {len(texts[row])} characters (sha256 "
            f"{_digest(texts[row]).hex()[:12]}), and broke its bounds {len(wrong)} times in "
            f"{len(texts)}; a rating must be from 0 to 1."
        )
    return np.column_stack([overall(rater, ratings), ratings]) if kinds else ratings
