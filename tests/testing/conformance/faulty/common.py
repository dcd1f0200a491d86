"""Response sources that break what every component promises."""

import threading
from typing import Any

from pydantic import ConfigDict, PrivateAttr, field_serializer
from pydantic_core import core_schema

from semspill import ResponseSource


class Right(ResponseSource):
    """Keeps every promise."""

    citation = "original"
    texts: tuple[str, ...] = ("grumble",)
    most: float = float("inf")

    def load(self):
        return self.texts


class Sourceless(Right):
    """Does not say where it comes from."""

    citation = " "


class Unnameable(Right):
    """Has a field that a config needs for itself."""

    name: str = "grumble"


class Lossy(Right):
    """Writes less into a config than it holds."""

    @field_serializer("texts")
    def _short(self, texts: tuple[str, ...]) -> list[str]:
        return [text[:3] for text in texts]


class Lax(Right):
    """Takes a misspelled field for nothing."""

    model_config = ConfigDict(extra="ignore")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        def only_known(given: Any) -> Any:
            known = cls.model_fields
            fields = {name: value for name, value in given.items() if name in known}
            return fields if isinstance(given, dict) else given

        return core_schema.no_info_before_validator_function(only_known, handler(source))


class Loose(Right):
    """Lets its fields be set."""

    model_config = ConfigDict(frozen=False)


LOCK = threading.Lock()


class Locked(Right):
    """Holds a lock, which no worker can be sent."""

    _lock: Any = PrivateAttr(default_factory=lambda: LOCK)


class Shrunk(Right):
    """Comes out of pickling without its texts."""

    def __reduce__(self) -> Any:
        return Shrunk, ()


class Bare(ResponseSource):
    def load(self):
        return ("grumble",)


FAULTS = {
    "sourceless": (Sourceless(), "has_a_citation", "' '"),
    "unnameable": (Unnameable(), "can_be_named", "'name' must be renamed"),
    "lossy": (Lossy(), "comes_back_from_its_config", '{"texts":["gru"],"most":Infinity}'),
    "lax": (Lax(), "refuses_unknown_fields", "'no_such_field'"),
    "loose": (Loose(), "never_changes", "'texts'"),
    "locked": (Locked(), "pickles", "'_thread.lock'"),
    "shrunk": (
        Shrunk(texts=("a", "b")),
        "pickles same_in_another_process",
        "copy differs",
    ),
    "bare": (Bare(), "has_a_citation can_be_named", "citation is None"),
}
