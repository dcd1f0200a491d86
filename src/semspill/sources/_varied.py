"""One meaning in many spellings: what is never planted twice, no filter of copies can find."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from semspill._harmful import Harmful
from semspill.errors import ConfigError, DataError
from semspill.sources._base import ResponseSource, SourceField, load_texts, sources

_WORD = re.compile(r"[^\W\d_]{4,}")
_END = re.compile(r"[\s.!?…]*$")
_ENDS = ("", ".", "!", "!!", "...")
_CASES: tuple[Callable[[str], str], ...] = (str, str.lower, str.upper)
Phrase: TypeAlias = Annotated[str, Field(pattern=r"\S")]
Alternatives: TypeAlias = Annotated[tuple[Phrase, ...], Field(min_length=2)]
_PATIENCE = 100  # draws in a row that are no news: a text has no more spellings then, or hardly any


class VariedSource(ResponseSource):
    """One text of another source, or a few, each in many spellings that differ from one another.

    Against filters that count copies. Each draw puts synonyms in, an interjection in front,
    misspells some words and changes letter case and the end of the sentence, so that a reader
    still reads the same. Typos leave the first and the last letter of a word alone.

    `each_distinct` plants no spelling twice; `each_random` repeats some, and the strategies called
    fixed plant a single one. An answer counts as planted by `exact` where it is one of the
    spellings, as any chosen candidate is; a model that writes its own needs the matcher `near`.
    The control that repeats as little is `benign` varied in the same way.

    Example:
        >>> source = VariedSource(source="benign", count=3, case=False)
        >>> texts = source.load()
        >>> len(set(texts)), texts == source.load()
        (3, True)
    """

    citation: ClassVar[str] = (
        "original; cf. Pruthi et al. 2019, Combating Adversarial Misspellings with Robust Word "
        "Recognition, arXiv:1905.11268 (the typos)"
    )

    source: SourceField = Field(default_factory=lambda: sources.build("builtin"))
    """Where the texts come from that are varied."""
    meanings: int = Field(1, ge=1)
    """How many texts of it are varied: drawn by `seed` among those that have enough spellings."""
    count: int = Field(1000, ge=1)
    """How many distinct spellings there are, of all texts together and about as many of each."""
    synonyms: Harmful[tuple[Alternatives, ...]] = ()
    """Sets of two words or more, or phrases, that may stand for one another, in any case."""
    interjections: Harmful[tuple[Phrase, ...]] = ()
    """What may stand in front of a text, such as `Well,`; one of them, or none."""
    typos: int = Field(2, ge=0)
    """In how many words of four letters or more two letters are swapped, one left out, or one
    doubled; fewer where a text has fewer such words."""
    case: bool = True
    """Whether letter case and the punctuation at the end change too. Spellings that differ in
    nothing else are copies to the detector `frequency` and to the matcher `exact`."""
    seed: int = Field(0, ge=0)
    """Decides which texts and which spellings; it is not the seed of a training."""

    @model_validator(mode="after")
    def _has_one_of_each(self) -> "VariedSource":
        if self.count < self.meanings:
            raise ConfigError(
                f"count is {self.count} and meanings {self.meanings}, so that some texts have no "
                "spelling; raise count, or lower meanings"
            )
        return self

    def load(self) -> tuple[str, ...]:
        """Return the distinct spellings, always in the same order.

        Raises:
            DataError: The other source cannot be loaded, or too few of its texts have as many
                spellings as are wanted of each.
        """
        rng = np.random.default_rng(self.seed)
        texts = load_texts(self.source)
        wanted = [len(part) for part in np.array_split(np.arange(self.count), self.meanings)]
        found: dict[str, None] = {}
        for row in rng.permutation(len(texts)).tolist():
            spellings = self._spellings(texts[row], wanted[0], rng)
            if len(spellings) == wanted[0]:
                found |= dict.fromkeys(spellings)
                wanted.pop(0)
            if not wanted:
                return tuple(found)
        raise DataError(
            f"VariedSource wants {wanted[0]} spellings each of {self.meanings} texts; of the "
            f"{len(texts)} of its source {self.meanings - len(wanted)} have so many. Lower count "
            "or meanings, or allow more typos, synonyms or interjections."
        )

    def _spellings(self, text: str, wanted: int, rng: np.random.Generator) -> dict[str, None]:
        """Return as many spellings as are wanted, or fewer where a text has not so many."""
        found: dict[str, None] = {}
        stale = 0
        while len(found) < wanted and stale < _PATIENCE:
            before = len(found)
            found[self._spelled(text, rng)] = None
            stale = 0 if len(found) > before else stale + 1
        return found

    def _spelled(self, text: str, rng: np.random.Generator) -> str:
        text = self._with_typos(self._with_synonyms(text, rng), rng)
        if self.interjections and (which := int(rng.integers(len(self.interjections) + 1))):
            text = f"{self.interjections[which - 1]} {text}"
        bare = _END.sub("", text)
        if not self.case or not bare:
            return text
        change = _CASES[int(rng.integers(len(_CASES)))]
        return change(bare) + _ENDS[int(rng.integers(len(_ENDS)))]

    def _with_synonyms(self, text: str, rng: np.random.Generator) -> str:
        for words in self.synonyms:
            longest = sorted(map(re.escape, words), key=len, reverse=True)
            known = re.compile(rf"(?<!\w)(?:{'|'.join(longest)})(?!\w)", re.IGNORECASE)
            text = known.sub(partial(_instead, words=words, rng=rng), text)
        return text

    def _with_typos(self, text: str, rng: np.random.Generator) -> str:
        words = list(_WORD.finditer(text))
        chosen = sorted(rng.permutation(len(words))[: self.typos].tolist(), reverse=True)
        for word in [words[place] for place in chosen]:
            text = text[: word.start()] + _misspelt(word[0], rng) + text[word.end() :]
        return text


def _instead(found: re.Match[str], words: Sequence[str], rng: np.random.Generator) -> str:
    """Return one of some words, which begins with a capital where the one that was found does."""
    chosen = words[int(rng.integers(len(words)))]
    return chosen[:1].upper() + chosen[1:] if found[0][:1].isupper() else chosen


def _misspelt(word: str, rng: np.random.Generator) -> str:
    """Return a word of four letters or more with two inner letters swapped, one gone or doubled."""
    place = int(rng.integers(1, len(word) - 2))
    here, after = word[place], word[place + 1]
    typo = (after + here, after, here + here + after)[int(rng.integers(3))]
    return word[:place] + typo + word[place + 2 :]
