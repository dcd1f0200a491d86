"""The response source of texts that are given in Python."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from semspill._harmful import Harmful
from semspill._mask import described
from semspill._objects import ObjectComponent
from semspill.errors import ConfigError
from semspill.sources._base import ResponseSource, sources


class GivenTexts(ObjectComponent, ResponseSource):
    """Responses that were given as a list of texts."""

    citation: ClassVar[str] = "original"
    lost: ClassVar[str] = (
        "The planted responses were a list of texts, which no file holds; give the list again in "
        "Python, in place of what the file says of it"
    )

    texts: Harmful[tuple[str, ...]] = Field(min_length=1)
    """The texts."""

    @property
    def called(self) -> str:
        """How many there are."""
        return described(self.texts).removeprefix("a tuple of ").replace("string", "text")

    def facts(self) -> Mapping[str, Any]:
        """Return how many there are, and a hash."""
        content = json.dumps(self.texts).encode()
        return {"given": self.called, "sha256": hashlib.sha256(content).hexdigest()}

    def load(self) -> tuple[str, ...]:
        """Return the distinct texts, in the order they were given in."""
        return tuple(dict.fromkeys(self.texts))


def _take(given: Any) -> GivenTexts | None:
    if not isinstance(given, list | tuple):
        return None
    wrong = [text for text in given if type(text) is not str]
    if not given or wrong:
        came = f"a list that holds {described(wrong[0])}" if wrong else "an empty list"
        raise ConfigError(f"The planted responses are {came}; give one text or more")
    return GivenTexts(texts=tuple(given))


sources.accept(_take, GivenTexts, "texts")
