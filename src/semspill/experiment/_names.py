"""Names of sweep variants: readable, distinct, short enough for a folder, without harmful words."""

import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any

from semspill._harmful import withheld
from semspill._model import Component, FrozenModel

_MOST = 100
"""Bytes of a name."""
_LONGEST = 40
"""Bytes of one text in it."""


def variant_name(config: FrozenModel, settings: Mapping[str, Any]) -> str:
    """Return a name that can be a folder's, the same whatever else a sweep holds.

    A text that cannot stand in it as it is, or may not be seen, is replaced by a digest.

    Args:
        config: What the variants share.
        settings: The values of one variant, by dotted field.

    Example:
        >>> from semspill.poison import Poisoner
        >>> variant_name(Poisoner(selector="random"), {"budget": 0.1, "strategy": "each_random"})
        'budget=0.1,strategy=each_random'
    """
    parts = []
    for path, value in settings.items():
        field = path.rpartition(".")[2]
        hidden = _withheld(config, path, value)
        parts.append(f"{field}={_digest(value) if hidden else _readable(value)}")
    name = ",".join(parts)
    if len(name.encode()) <= _MOST:
        return name
    return f"{_cut(name, _MOST - 9)}-{_digest(name)}"


def _withheld(config: FrozenModel, path: str, value: Any) -> bool:
    """Return whether a value of a field may be harmful text."""
    *above, last = path.split(".")
    part: Any = config
    for name in above:
        part = getattr(part, name, None)
    field = type(part).model_fields.get(last) if isinstance(part, FrozenModel) else None
    careful = isinstance(part, Component) and part.handles_harm
    return field is not None and withheld(field.annotation, field.metadata, value, careful=careful)


def _readable(value: Any) -> str:
    if isinstance(value, FrozenModel):
        name = type(value).__name__
        return f"{name}-{_digest(value)}" if type(value).model_fields else name
    if isinstance(value, Mapping):
        return _component(value)
    if isinstance(value, list | tuple):
        return "_".join(map(_readable, value)) or "none"
    text = "null" if value is None else str(value)
    slug = _cut(_slug(text), _LONGEST)
    return slug if slug == text else f"{slug}-{_digest(text)}".lstrip("-")


def _component(fields: Mapping[str, Any]) -> str:
    """Return the name of a component and its number, if that is all; else a digest."""
    name = _readable(fields.get("name", ""))
    others = [value for key, value in fields.items() if key != "name"]
    if len(others) == 1 and isinstance(others[0], int | float):
        return f"{name}-{others[0]}".lstrip("-")
    return f"{name}-{_digest(fields)}".lstrip("-") if others else name


def _slug(text: str) -> str:
    """Return a text with letters, digits and some signs only; others become one low line."""
    slug = ""
    for sign in unicodedata.normalize("NFC", text):
        mark = bool(slug) and unicodedata.category(sign).startswith("M")
        fits = sign.isalnum() or sign in "._+-" or mark
        slug += sign if fits else "" if slug.endswith("_") else "_"
    return slug.strip("_")


def _cut(text: str, most: int) -> str:
    """Return the beginning of a text, of so many bytes at most and no half sign."""
    return text.encode()[:most].decode(errors="ignore")


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()[:8]
