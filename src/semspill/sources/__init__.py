"""Response sources: where planted responses come from."""

from semspill.sources._base import ResponseSource, SourceField, sources
from semspill.sources._builtin import BenignSource, BuiltinSource
from semspill.sources._files import CsvSource, JsonlSource
from semspill.sources._jigsaw import JigsawSource

__all__ = [
    "BenignSource",
    "BuiltinSource",
    "CsvSource",
    "JigsawSource",
    "JsonlSource",
    "ResponseSource",
    "SourceField",
    "sources",
]
