"""Response sources: where planted responses come from."""

from semspill.sources._base import ResponseSource, SourceField, sources

__all__ = ["ResponseSource", "SourceField", "sources"]
