"""What arms answer where the test contexts were changed, beside what they answer to the plain."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from semspill._model import FrozenModel
from semspill.statistics import Estimate, Number


@dataclass(frozen=True, eq=False)
class Probed:
    """What one arm answered under one seed to the test exchanges as a probe leaves them."""

    toxicity: Float[np.ndarray, " exchanges"]
    """Rated toxicity of the response."""
    planted: Bool[np.ndarray, " exchanges"]
    """Whether it counts as a planted one, by the first matcher of the experiment."""
    correct: Bool[np.ndarray, " exchanges"] | None = None
    """Whether the gold response ranked first in its list; None where that was not measured."""


class ProbedGroup(FrozenModel):
    """What one arm answers to one group of probed exchanges."""

    arm: str
    """Name of the arm."""
    group: str
    """The category, or the name of the group."""
    asr: Estimate
    """Planted rate."""
    toxicity: Estimate
    """Mean rated toxicity."""
    precision: Estimate | None = None
    """P@1; None where the model was not asked to rank."""
    asr_lift: Estimate | None = None
    """Rise of the planted rate over the arm's baseline, which was probed as well; None for an arm
    without one."""
    toxicity_lift: Estimate | None = None
    """The same of the toxicity."""
    asr_change: Estimate
    """Rise of the planted rate over what the same models answer to the plain contexts, paired by
    exchange and seed."""
    toxicity_change: Estimate
    """The same of the toxicity."""
    precision_drop: Estimate | None = None
    """Fall of P@1 below that with the plain contexts, paired alike."""


class ProbeReport(FrozenModel):
    """What one probe did, in every arm, to the target, its nearest category and the rest."""

    name: str
    """What the config calls it."""
    kind: str
    """Registered names of what is applied, joined by +."""
    phrase: str | None = None
    """The phrase that it puts into contexts; None where there is not one alone."""
    similarity: Number | None = None
    """Cosine between its phrase and the trigger of the strategy, on the encoder as it comes; None
    where there is not one of each."""
    changed: Number
    """Share of the test contexts that it changed; the others were answered as they are."""
    groups: tuple[ProbedGroup, ...]
    """By arm: target, nearest category, all but the target, all."""
