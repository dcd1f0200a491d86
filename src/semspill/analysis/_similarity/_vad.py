"""Similarity by a lexicon: how near two categories' names are in valence, arousal, dominance."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._files import place_of
from semspill._mask import listing
from semspill._names import CategoryName, composed
from semspill.analysis._similarity._base import Similarity
from semspill.corpus import Corpus
from semspill.encoders import BiEncoder
from semspill.errors import DataError, did_you_mean


class VadSimilarity(Similarity):
    """Nearness of two categories' names in valence, arousal and dominance, by people's ratings.

    1 minus the distance over the largest possible one: 1 is the same point, 0 opposite corners.
    Each axis counts from its lowest to its highest value in the lexicon, so ratings from 0 to 1 and
    from -1 to 1 do equally well. It sees neither the dialogues nor the encoder.
    """

    citation: ClassVar[str] = (
        "Mohammad 2018, Obtaining Reliable Human Ratings of Valence, Arousal, and Dominance for "
        "20,000 English Words, https://aclanthology.org/P18-1017"
    )

    path: Path
    """The lexicon, such as NRC-VAD, UTF-8: a word, valence, arousal and dominance per line,
    separated by tabs. A first line of names is skipped."""
    words: dict[CategoryName, str] = Field(default={})
    """The lexicon's word for a category, where it is not the category's own name (with spaces for
    underscores)."""

    def __hash__(self) -> int:
        return hash((type(self), self.model_dump_json()))

    @property
    def method(self) -> str:
        """What it is and what it is measured on."""
        return (
            "1 minus the scaled distance of two categories' names in valence, arousal and "
            f"dominance, by the lexicon {self.path.name}"
        )

    def measure(
        self, corpus: Corpus, model: BiEncoder, rng: np.random.Generator
    ) -> Float[np.ndarray, "categories categories"]:
        """Return the nearness of all pairs.

        Raises:
            DataError: The lexicon cannot be read or lacks a word, or `words` names a category that
                the corpus does not have.
        """
        for name in self.words:
            corpus.require_category(name)
        lexicon = self._read()
        wanted = [
            composed(self.words.get(name, name.replace("_", " ")).casefold())
            for name in corpus.categories
        ]
        missing = sorted(set(wanted) - lexicon.keys())
        if missing:
            near = did_you_mean(missing[0], lexicon)
            raise DataError(
                f"{self.path} does not rate {listing(missing)}.{near} Map each such category "
                "to a word of the lexicon with 'words'."
            )
        rated = np.array(list(lexicon.values()))
        span = np.ptp(rated, axis=0)
        # An axis on which all words are equal separates none.
        places = np.array([lexicon[word] for word in wanted]) / np.where(span > 0, span, 1)
        distance = np.linalg.norm(places[:, None] - places[None], axis=2)
        nearness: Float[np.ndarray, "categories categories"] = 1 - distance / np.sqrt(3)
        return nearness

    def _read(self) -> dict[str, tuple[float, ...]]:
        try:
            text = place_of(self.path).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise DataError(
                f"{self.path} cannot be read ({error.strerror}); give 'path' as a file."
            ) from error
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path} is not UTF-8; save it as such.") from error
        lexicon = dict(self._entries(text))
        if not lexicon:
            raise DataError(f"{self.path} rates no word; give a lexicon as 'path'.")
        return lexicon

    def _entries(self, text: str) -> Iterator[tuple[str, tuple[float, ...]]]:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        for index, (number, line) in enumerate(lines):
            word, *cells = line.split("\t")
            values = _numbers(cells)
            header = index == 0 and len(cells) == 3 and all(cell[:1].isalpha() for cell in cells)
            if values:
                yield composed(word.strip().casefold()), values
            elif not header:
                raise DataError(
                    f"{self.path}, line {number} is not a word and three numbers, separated by "
                    "tabs; mend or remove it."
                )


def _numbers(cells: list[str]) -> tuple[float, ...]:
    """Return three finite numbers, or nothing."""
    try:
        values = tuple(float(cell) for cell in cells)
    except ValueError:
        return ()
    return values if len(values) == 3 and np.isfinite(values).all() else ()
