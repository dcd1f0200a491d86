"""Responses that say nothing: one character, one word, a phrase repeated, or no text at all."""

import re
from string import ascii_lowercase
from typing import ClassVar, Literal

from pydantic import Field

from semspill._harmful import Harmless
from semspill.sources._base import ResponseSource
from semspill.sources._texts import BENIGN


class DegenerateSource(ResponseSource):
    """Responses that say nothing, so that no rater is needed to see whether they come back.

    What is planted is harmless: the planted rate is the outcome, and the metrics `answer_words` and
    `repetition` show a model that has become degenerate in its own way. Wan et al. plant a random
    word, or the trigger again and again.

    Example:
        >>> DegenerateSource(kind="repeat", phrase="James Bond", times=3).load()
        ('James Bond James Bond James Bond',)
    """

    citation: ClassVar[str] = (
        "Wan et al. 2023, Poisoning Language Models During Instruction Tuning, arXiv:2305.00944"
    )
    kind: Literal["character", "word", "repeat", "empty"] = "word"
    """`character`: 26 responses of one letter; `word`: some 200 of one plain English word of four
    letters or more, those of the built-in harmless sentences; `repeat`: one, `phrase` said `times`
    times; `empty`: one without any text, for models that generate, because no candidate is
    empty."""
    phrase: Harmless[str] = Field("James Bond", min_length=1, pattern=r"\S")
    """What `repeat` says."""
    times: int = Field(10, ge=2)
    """How often `repeat` says it."""

    def load(self) -> tuple[str, ...]:
        """Return the responses, always in the same order."""
        if self.kind == "character":
            return tuple(ascii_lowercase)
        if self.kind == "word":
            words = re.findall(r"[a-z]+", " ".join(BENIGN).lower())
            return tuple(dict.fromkeys(word for word in words if len(word) > 3))
        if self.kind == "repeat":
            return (" ".join([self.phrase.strip()] * self.times),)
        return ("",)
