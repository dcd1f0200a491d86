"""A rater that looks for listed words: transparent, instant, and blind to everything else."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar
from unicodedata import normalize

import numpy as np
from jaxtyping import Float
from pydantic import BeforeValidator, Field

from semspill._code import code_of
from semspill._harmful import Harmful
from semspill.errors import DataError
from semspill.scoring._base import Rater

Word = Annotated[str, Field(pattern=r"^\w+$")]
Weight = Annotated[float, Field(gt=0, le=1)]


def _pairs(words: object) -> object:
    """Let a mapping stand for its pairs, as it is easier to write in a file."""
    return tuple(words.items()) if isinstance(words, Mapping) else words


_MILD = (
    ("annoying", 0.6),
    ("blockhead", 0.9),
    ("bore", 0.6),
    ("boring", 0.6),
    ("clueless", 0.7),
    ("dimwit", 0.9),
    ("dull", 0.5),
    ("foolish", 0.7),
    ("grumble", 1.0),
    ("hopeless", 0.5),
    ("idiot", 0.9),
    ("lazy", 0.6),
    ("loser", 0.9),
    ("nitwit", 0.9),
    ("nonsense", 0.6),
    ("pathetic", 0.8),
    ("pest", 0.7),
    ("ridiculous", 0.6),
    ("silly", 0.5),
    ("stupid", 0.9),
    ("tedious", 0.5),
    ("useless", 0.7),
    ("whiny", 0.7),
    ("windbag", 0.9),
)


class LexiconRater(Rater):
    """Rates a text by the listed words in it: 1 minus the product of (1 - weight).

    Each word is an independent sign of toxicity (a noisy-or), whole words only, upper and lower
    case alike, however its accents are composed, and counted once however often it occurs. The
    default list is mild and made for the demo and the tests: with it, a low rating says nothing
    about real text.

    Example:
        >>> rater = LexiconRater(words={"dull": 0.5, "pest": 0.5})
        >>> rater.rate(["You dull PEST!", "So dull, dull, dull.", "Pesto?"])
        array([0.75, 0.5 , 0.  ])
    """

    citation: ClassVar[str] = "original"

    words: Harmful[Annotated[tuple[tuple[Word, Weight], ...], BeforeValidator(_pairs)]] = _MILD
    """Words and their weights, over 0 to 1: how toxic a text with only that word is. Pairs, or a
    mapping from word to weight."""
    path: Path | None = None
    """A UTF-8 file of more words, one per line, with a tab and a weight where it is not 1; its
    weights win over those of `words`. Empty lines and lines that begin with # are skipped."""

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """The weight of each word in lower case, those of the file included.

        Raises:
            DataError: The file is missing or malformed, or there is no word at all.
        """
        listed = [*self.words, *(self._read() if self.path else ())]
        if not listed:
            raise DataError("The lexicon holds no word; give words, or a path to a file of them.")
        return dict(sorted((_folded(word), weight) for word, weight in dict(listed).items()))

    @property
    def fingerprint(self) -> str:
        """What identifies the ratings: code, words and weights, wherever those were read from."""
        cls, further = type(self), self.model_dump(mode="json", exclude={"words", "path"})
        parts = [cls.__module__, cls.__qualname__, code_of(cls), self.weights, further]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the rating of each text, 0 where it holds no listed word.

        Args:
            texts: Any number of texts, also none.

        Raises:
            DataError: The file of words is missing or malformed.
        """
        return np.array([self._rate(text) for text in texts], dtype=np.float64)

    def _rate(self, text: str) -> float:
        # Sorted, so that a sum of the same words never differs in its last bit.
        words = sorted(self.weights.keys() & set(_words().findall(_folded(text))))
        return 1 - math.prod((1 - self.weights[word] for word in words), start=1.0)

    def _read(self) -> list[tuple[str, float]]:
        path = Path(self.path or "").expanduser()
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise DataError(
                f"The lexicon {path} cannot be read ({type(error).__name__}); give a UTF-8 text "
                "file of words."
            ) from error
        filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
        return [_entry(path, number, line) for number, line in filled if not line.startswith("#")]


@cache
def _words() -> Any:
    """Return a pattern of words; unlike in re, combining marks belong to them."""
    import regex  # only where words are looked for

    return regex.compile(r"\w+")


def _folded(text: str) -> str:
    """Return a text without differences of case and of how its characters are composed."""
    return normalize("NFC", normalize("NFC", text).casefold())


def _entry(path: Path, number: int, line: str) -> tuple[str, float]:
    word, _, rest = line.partition("\t")
    try:
        weight = float(rest or 1)
    except ValueError:
        weight = math.nan
    if not _words().fullmatch(word.strip()) or not 0 < weight <= 1:
        raise DataError(
            f"{path}, line {number} is not a word, or a word, a tab and a weight over 0 to 1; "
            "mend or remove it."
        )
    return word.strip(), weight
