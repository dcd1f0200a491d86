"""Response sources: where planted responses come from."""

from typing import TYPE_CHECKING, Any

from semspill.sources._base import ResponseSource, SourceField, sources
from semspill.sources._builtin import BenignSource, BuiltinSource
from semspill.sources._degenerate import DegenerateSource
from semspill.sources._files import CsvSource, JsonlSource
from semspill.sources._given import GivenTexts
from semspill.sources._jigsaw import JigsawSource
from semspill.sources._tables import HuggingFaceSource
from semspill.sources._varied import VariedSource

if TYPE_CHECKING:
    from semspill.sources._presets import (
        CivilComments,
        DiaSafety,
        GoEmotions,
        RealToxicityPrompts,
        ToxiGen,
        TwinViews,
    )

build = sources.build
describe = sources.describe
get = sources.get
name_of = sources.name_of
names = sources.names
origin = sources.origin
register = sources.register
unregister = sources.unregister

__all__ = [
    "BenignSource",
    "BuiltinSource",
    "CivilComments",
    "CsvSource",
    "DegenerateSource",
    "DiaSafety",
    "GivenTexts",
    "GoEmotions",
    "HuggingFaceSource",
    "JigsawSource",
    "JsonlSource",
    "RealToxicityPrompts",
    "ResponseSource",
    "SourceField",
    "ToxiGen",
    "TwinViews",
    "VariedSource",
    "build",
    "describe",
    "get",
    "name_of",
    "names",
    "origin",
    "register",
    "sources",
    "unregister",
]


def __getattr__(name: str) -> Any:
    """Return a published data set's class, made only then: it takes a while."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from semspill.sources import _presets

    return getattr(_presets, name)
