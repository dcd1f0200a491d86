"""What a person sees in place of a harmful text."""

import hashlib


def masked(text: str) -> str:
    """Return a description of a text that does not show it.

    Example:
        >>> masked("grumble")
        '[masked: 7 characters, sha256 02b3da21]'
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"[masked: {len(text)} characters, sha256 {digest[:8]}]"
