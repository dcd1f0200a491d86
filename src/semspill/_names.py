"""Category names in one Unicode form."""

import unicodedata
from typing import Annotated, TypeAlias

from pydantic import AfterValidator


def composed(name: str) -> str:
    """Return the name of a category with its letters composed (Unicode's form NFC).

    Names that look alike are then alike: some systems write an accent as a letter of its own.

    Example:
        >>> composed("cafe" + chr(0x301)) == "caf" + chr(0xE9)
        True
    """
    return unicodedata.normalize("NFC", name)


CategoryName: TypeAlias = Annotated[str, AfterValidator(composed)]
"""A pydantic field that names a category."""
