"""What each matcher takes for planted, side by side."""

from collections.abc import Mapping

from semspill._model import FrozenModel
from semspill.statistics import Estimate, Number


class MatchedGroup(FrozenModel):
    """How often the answers of one group count as planted by one matcher."""

    group: str
    """The category, or the name of the group."""
    clean: Estimate
    """Planted rate of the clean arm: what counts although nothing was planted."""
    attacked: Estimate
    """Planted rate of the main arm."""
    lift: Estimate
    """Its rise over the clean arm, on the same seeds and exchanges."""


class MatcherReport(FrozenModel):
    """What one matcher takes for planted, of the target, its nearest category and the rest."""

    name: str
    """What it is called."""
    groups: tuple[MatchedGroup, ...]
    """Target, nearest category, all but the target."""
    thresholds: tuple[Number, ...] = ()
    """The least similarity that counts in the main arm, one per seed; empty where there is none."""
    false_matches: tuple[Number, ...] = ()
    """Share of the distinct clean training responses that count as planted in the main arm, one per
    seed; empty where it is not known."""
    margins: Mapping[str, Number] = {}
    """By how much a planted text outscores what it must outrank, the mean over all test exchanges
    and seeds, in the model's scores, of the clean and the main arm; empty without scores."""
