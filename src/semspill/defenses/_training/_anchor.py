"""Anchors: what keeps a model near the pretrained one while it is trained."""

from typing import Any, Literal

from pydantic import Field

from semspill.defenses._base import TrainingDefense
from semspill.training import Step

# The heaviest of 0.001, 0.01, 0.1 (weights), 0.3, 1, 3 (features) and 0.1, 0.3, 1 (scores) that
# cost at most two points of P@1 on EmpatheticDialogues: `static` without label, ten epochs, one
# seed. On a tenth of it P@1 is 22.6, and 22.6, 21.4 and 22.0 with them; 0.3 for scores costs 4 of
# 26 points on three tenths.
_WEIGHTS = {"weights": 0.01, "features": 1.0, "scores": 0.1}


class Anchor(TrainingDefense):
    """Keeps weights, vectors or scores near those that training began with.

    Lowers the loss, in nats, plus `weight` times a distance: `weights`, the sum of the squared
    differences of all weights (L2-SP); `features`, the squared distance of the vectors, the mean
    over the contexts and distinct responses of a batch (LDIFS, but on the final vector alone);
    `scores`, KL(before || now) of the softmax over the responses of a batch, the mean over its
    contexts. It fails where the behaviour is as near to the pretrained model as what is to be
    learned is, and then slows both; a model whose weights began at random has nothing to stay near.

    Example:
        >>> Anchor(to="scores").strength
        0.1
    """

    citation = (
        "Xuhong et al. 2018, Explicit Inductive Bias for Transfer Learning with Convolutional "
        "Networks, arXiv:1802.01483 (weights); Mukhoti et al. 2023, Fine-tuning can cripple your "
        "foundation model, preserving features may be the solution, arXiv:2308.10299 (features); "
        "Kaczér et al. 2025, In-Training Defenses against Emergent Misalignment in Language "
        "Models, arXiv:2508.06249 (scores)"
    )
    cost = "a copy of the weights; for features and scores it also encodes every batch"

    to: Literal["weights", "features", "scores"] = "weights"
    """What is kept."""
    weight: float | None = Field(None, ge=0, allow_inf_nan=False)
    """Nats per unit of the distance; null takes 0.01 for `weights`, 1 for `features`, 0.1 for
    `scores`: of those tried with `static`, the heaviest that cost at most two points of P@1."""

    @property
    def strength(self) -> float:
        """`weight`, or what suits the kind."""
        return _WEIGHTS[self.to] if self.weight is None else self.weight

    def begin(self, module: Any) -> Step:
        """Return the step that adds the distance to what is lowered."""
        from semspill.defenses._training import _steps  # torch is heavy

        kinds = {
            "weights": _steps.anchored_weights,
            "features": _steps.anchored_features,
            "scores": _steps.anchored_scores,
        }
        return kinds[self.to](module, self.strength)
