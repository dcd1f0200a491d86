"""What came out of a run, or of a defense, in one sentence."""

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


class DefenseVerdict(FrozenModel):
    """What one defense did, for a reader who reads one line.

    Example:
        >>> print(DefenseVerdict(
        ...     defense="prune", kind="weakens", control="better", spillover="undecided",
        ...     price="costs", sentence="*prune* weakens the attack."))
        prune weakens the attack.
    """

    defense: str
    """Which."""
    kind: Literal[
        "stops_attack",
        "stops_spillover",
        "weakens",
        "no_better",
        "no_effect",
        "worse",
        "undecided",
    ]
    """At least half of the target's lift is gone; more of the nearest neighbour's than of the
    target's; fewer planted responses; no better than its control; a fall by half is excluded; more
    planted responses; none of these is shown."""
    control: Literal["better", "no_better", "worse", "undecided", "emptied", "none"]
    """How it does beside its control. `emptied`: not significantly better than a control that took
    out half or more of what was planted too, because that is most of its category; it tells nothing
    of detection. `none`: it has no control."""
    spillover: Literal["more", "less", "undecided"]
    """Whether the spillover was stopped more than the attack."""
    price: Literal["costs", "gains", "undecided"]
    """Whether an honest user loses P@1."""
    sentence: str
    """The same in words, with intervals; in markdown."""

    def __str__(self) -> str:
        return unmarked(self.sentence)
