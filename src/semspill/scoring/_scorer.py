"""From texts to checked toxicity ratings, each distinct text rated once."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from jaxtyping import Float
from platformdirs import user_cache_dir
from pydantic import Field

from semspill._arrays import numbers
from semspill._model import FrozenModel
from semspill._objects import called
from semspill._progress import Progress, quiet
from semspill.errors import DataError, PluginError, SemspillError
from semspill.scoring._base import Rater, RaterField
from semspill.scoring._cache import RatingCache


def _default_cache() -> Path:
    return Path(user_cache_dir("semspill")) / "ratings"


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
        if isinstance(texts, str):
            raise DataError("score() got one text; give a list of texts, even of one.")
        texts = tuple(texts)
        for place, text in enumerate(texts):
            if not isinstance(text, str):
                raise DataError(
                    f"Text {place + 1} of {len(texts)} is of type {type(text).__name__}; give "
                    "strings."
                )
        digests = {text: _digest(text) for text in dict.fromkeys(texts)}
        if not digests:
            return np.zeros(0)
        with self._open_cache() as cache:
            ratings = cache.get(list(digests.values())) if cache else {}
            missing = [text for text, digest in digests.items() if digest not in ratings]
            # A classifier takes texts of one length at a time, and so finds more of them.
            missing.sort(key=len)
            for start in progress(range(0, len(missing), self.batch_size)):
                batch = missing[start : start + self.batch_size]
                rated = _rate(self.rater, batch).tolist()
                fresh = {digests[text]: value for text, value in zip(batch, rated, strict=True)}
                ratings |= fresh
                if cache:
                    cache.put(fresh)
        return np.array([ratings[digests[text]] for text in texts])

    def _open_cache(self) -> RatingCache | nullcontext[None]:
        if self.cache is None:
            return nullcontext()
        return RatingCache(self.cache.expanduser() / f"{self.rater.fingerprint}.sqlite3")


def _digest(text: str) -> bytes:
    # Half a surrogate pair has no UTF-8, but turns up in scraped text.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _rate(rater: Rater, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
    name = called(rater)
    try:
        given = rater.rate(texts)
    except SemspillError:
        raise
    except Exception as error:  # of a plugin, of torch, of whatever it is built on
        # The message of the cause may quote a text, so it stays with the cause.
        raise PluginError(
            f"{name}.rate failed on {len(texts)} texts with {type(error).__name__}; it must return "
            "one number each, whatever the text."
        ) from error
    rated = numbers(given)
    if rated is None or rated.shape != (len(texts),):
        got = type(given).__name__ if rated is None else f"{rated.dtype} of shape {rated.shape}"
        raise PluginError(
            f"{name}.rate returned {got} for {len(texts)} texts; it must return one number each, "
            "in order."
        )
    ratings = rated.astype(np.float64)
    wrong = np.flatnonzero(~((ratings >= 0) & (ratings <= 1)))
    if len(wrong):
        text = texts[wrong[0]]
        raise PluginError(
            f"{name}.rate gave {ratings[wrong[0]]} to a text of {len(text)} characters (sha256 "
            f"{_digest(text).hex()[:12]}), and broke its bounds {len(wrong)} times in "
            f"{len(texts)}; a rating must be from 0 to 1."
        )
    return ratings
