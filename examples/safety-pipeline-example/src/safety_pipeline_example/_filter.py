"""The filter: it refuses what holds a listed word, in any of its forms."""

import re

LISTED = re.compile(r"\bgrumbl", re.IGNORECASE)


def refuses(text: str) -> bool:
    """Return whether a text must not be said."""
    return LISTED.search(text) is not None
