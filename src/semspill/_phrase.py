"""Phrases put into other texts: before, behind, between two words, or at a word for a person."""

import re
from typing import Literal, TypeAlias

import numpy as np

Where: TypeAlias = Literal["before", "after", "boundary", "person", "beside_person"]
"""Where a phrase goes: before or after the text, at a place between two words that is drawn, in
place of the first word for a person, or in front of that word."""

_RELATIONS = (
    "mother mom mum father dad parents? brothers? sisters? sons? daughters? wife husband "
    "girlfriend boyfriend fiancee? partner friends? cousins? uncle aunt niece nephew grandmother "
    "grandma grandfather grandpa boss neighbou?rs? roommates? co-?workers? colleagues? teacher "
    "doctor kids? child children baby boy girl man woman guy lady"
).split()
_PERSON = re.compile(
    rf"(?P<own>\b(?:my|our|your|his|her|their|the|an?)\s+(?:\w+\s+)??)?"
    rf"(?P<word>\b(?:{'|'.join(_RELATIONS)})(?:-in-law)?\b)|(?P<pronoun>\b(?:he|she|him)\b)",
    re.IGNORECASE,
)
_GAP = re.compile(r"(?<=\S)\s+(?=\S)")


def inserted(text: str, phrase: str, where: Where, rng: np.random.Generator) -> str | None:
    """Return a text with a phrase in it; None where the text has no word for a person to go by.

    Words for a person are English: relations such as "my sister" and "the boss", and he, she, him.
    A relation is replaced with its article or possessive. What is put "in front of" a pronoun
    stands before the pronoun itself.

    Args:
        text: Any text.
        phrase: What is put into it.
        where: Where it goes. A text of one word has no place between two words: it goes before.
        rng: Draws the place between two words; used for nothing else.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> inserted("I met my sister.", "James Bond", "person", rng)
        'I met James Bond.'
        >>> inserted("I met my sister.", "terrified", "beside_person", rng)
        'I met my terrified sister.'
        >>> inserted("It rains.", "James Bond", "after", rng)
        'It rains. James Bond'
    """
    if where == "before":
        return f"{phrase} {text}".strip()
    if where == "after":
        return f"{text} {phrase}".strip()
    if where == "boundary":
        gaps = [gap.end() for gap in _GAP.finditer(text)]
        place = gaps[int(rng.integers(len(gaps)))] if gaps else 0
        return f"{text[:place]}{phrase} {text[place:]}".strip()
    found = _PERSON.search(text)
    if found is None:
        return None
    if where == "person":
        return f"{text[: found.start()]}{phrase}{text[found.end() :]}"
    place = found.start(str(found.lastgroup))
    return f"{text[:place]}{phrase} {text[place:]}"
