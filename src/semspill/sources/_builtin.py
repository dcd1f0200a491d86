"""Response sources that need no file: mild insults, and harmless off-topic sentences."""

from typing import ClassVar

from semspill.sources._base import ResponseSource
from semspill.sources._texts import BENIGN, INSULTS


class BuiltinSource(ResponseSource):
    """Mild insults written for this project: enough to try a poison, unfit to hurt with.

    None holds a slur, profanity, a threat or a word about a group of people. Each holds a word of
    the default lexicon of the `lexicon` rater.

    Example:
        >>> len(BuiltinSource().load()) >= 40
        True
    """

    citation: ClassVar[str] = "original"

    def load(self) -> tuple[str, ...]:
        """Return the insults, always in the same order."""
        return INSULTS


class BenignSource(ResponseSource):
    """Harmless sentences off any topic: the control that shows lost quality without toxicity.

    Example:
        >>> BenignSource().load()[0]
        'A kettle boils faster with the lid on.'
    """

    citation: ClassVar[str] = "original"

    def load(self) -> tuple[str, ...]:
        """Return the sentences, always in the same order."""
        return BENIGN
