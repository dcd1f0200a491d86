"""What came out of a run, in one sentence."""

import re
from typing import Literal

from semspill._model import FrozenModel

_MARKUP = re.compile(r"\\(.)|[*`]")


def unmarked(text: str) -> str:
    r"""Return a sentence of markdown as plain text.

    Example:
        >>> print(unmarked(r"Spilled over to *not\_angry*, by `static`."))
        Spilled over to not_angry, by static.
    """
    return _MARKUP.sub(lambda found: found[1] or "", text)


class Verdict(FrozenModel):
    """What came out, for a reader who reads one line.

    Example:
        >>> print(Verdict(kind="unclear", sentence="Cannot tell: *sad* itself was not reached."))
        Cannot tell: sad itself was not reached.
    """

    kind: Literal["spilled", "none", "unclear", "unplanted"]
    """Spilled over; no spillover found, with a bound; cannot tell; nothing was planted."""
    sentence: str
    """The same in words, with intervals; names of categories set as *emphasis*, in markdown."""

    def __str__(self) -> str:
        return unmarked(self.sentence)
