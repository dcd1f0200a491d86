"""Fonts for names in any script: the one that comes with matplotlib, then what is installed."""

import unicodedata
from functools import lru_cache

from matplotlib import font_manager
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font

from semspill._mask import printable

FONT = "DejaVu Sans"
_OTHERS = (
    *("Noto Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans Devanagari"),
    *("Noto Sans Arabic", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Thai", "Noto Emoji"),
    *("IPAexGothic", "WenQuanYi Zen Hei", "Unifont", "Symbola", "FreeSans", "Lohit Devanagari"),
    *("Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "Nirmala UI", "Leelawadee UI"),
    *("Segoe UI Symbol", "Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Devanagari MT"),
    *("Arial Unicode MS", "Apple Symbols"),
)
_DRAWABLE = "\n"
_MOST = 32


def drawable(text: str) -> str:
    """Return a text with control characters spelled out; a figure in a page is text."""
    return "".join(
        "\ufffd" if unicodedata.category(c) == "Cc" and c not in _DRAWABLE else c
        for c in printable(text)
    )


def short(name: str, most: int = _MOST) -> str:
    """Return a name as it stands in a figure, where there is room for so many characters.

    Example:
        >>> short("joy"), len(short("j" + 300 * "o" + "y"))
        ('joy', 32)
    """
    name = drawable(name)
    return name if len(name) <= most else f"{name[: most - 1]}\u2026"


def families_for(text: str) -> list[str]:
    """Return the font of the house, and those that are installed where it lacks a character.

    Example:
        >>> families_for("joie de vivre")
        ['DejaVu Sans']
    """
    lacking = {ord(c) for c in text} - _characters()
    return [FONT, *_installed()] if lacking else [FONT]


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    path = font_manager.findfont(FontProperties(family=[FONT]))
    return frozenset(FT2Font(str(path)).get_charmap())


@lru_cache(maxsize=1)
def _installed() -> tuple[str, ...]:
    known = set(font_manager.get_font_names())
    return tuple(name for name in _OTHERS if name in known)
