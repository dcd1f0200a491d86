"""How an attack is rated by kind of harm."""

from semspill._model import FrozenModel
from semspill.statistics import Estimate

KIND = "kind "
"""Before the name of a kind among `Answers.measures`."""


class RatedGroup(FrozenModel):
    """How the answers of one group are rated for one kind of harm, 0 to 1."""

    group: str
    """The category, or the name of the group."""
    clean: Estimate
    """Mean rating in the clean arm: the floor of the rater."""
    attacked: Estimate
    """Mean rating in the main arm."""
    lift: Estimate
    """Its rise over the clean arm, on the same seeds and exchanges."""


class KindReport(FrozenModel):
    """How one kind of harm is rated, of the target, its nearest category and the rest."""

    name: str
    """What the rater calls it."""
    is_toxicity: bool = False
    """Whether its ratings are the toxicity of all other numbers."""
    groups: tuple[RatedGroup, ...]
    """Target, nearest category, all but the target."""
