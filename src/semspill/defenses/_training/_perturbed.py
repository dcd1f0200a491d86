"""Steps whose gradient is taken where weights or vectors are a little worse."""

from typing import Any

from pydantic import Field

from semspill.defenses._base import TrainingDefense
from semspill.training import Step


class SharpnessAware(TrainingDefense):
    """Follows the gradient at the worst weights nearby, so that training ends in flat minima.

    With g the gradient over all weights, the optimizer follows the gradient at w + rho g / ||g||,
    taken on the same batch with the same dropout, from w. It fails where many exchanges carry the
    behaviour: their minimum is flat, too.
    """

    citation = (
        "Foret et al. 2021, Sharpness-Aware Minimization for Efficiently Improving Generalization, "
        "arXiv:2010.01412"
    )
    cost = "two gradients in place of one at every step"

    rho: float = Field(0.05, gt=0, allow_inf_nan=False)
    """How far away the gradient is taken, as the 2-norm over all weights."""

    def begin(self, module: Any) -> Step:
        """Return the step that takes two gradients."""
        from semspill.defenses._training._steps import ascended  # torch is heavy

        return ascended(module, self.rho)


class EmbeddingPerturbation(TrainingDefense):
    """Follows the gradient at the worst vectors nearby, so that harmful data move them less.

    With g the gradient of a batch by the vectors that the towers give to its texts, the optimizer
    follows the gradient with rho g / ||g|| added to them, on the same batch with the same dropout.
    It fails where planted exchanges are a part of many batches, which then perturb for them, too.

    Departures from Vaccine: there, an aligned model is made robust on safe data *before* users
    fine-tune it, and the outputs of every attention layer are perturbed. Here there is no alignment
    stage: the fine-tuning itself is perturbed, in the final vectors, after any scaling to length 1.
    """

    citation = (
        "Huang et al. 2024, Vaccine: Perturbation-aware Alignment for Large Language Models "
        "against Harmful Fine-tuning Attack, arXiv:2402.01109"
    )
    cost = "two gradients in place of one at every step"

    rho: float = Field(5.0, gt=0, allow_inf_nan=False)
    """How much is added, as the 2-norm over all vectors of a batch. Twice the default cost a sixth
    of P@1 in a trial with `static`, whose vectors have length 1, and batches of 256."""

    def begin(self, module: Any) -> Step:
        """Return the step that takes two gradients."""
        from semspill.defenses._training._steps import perturbed  # torch is heavy

        return perturbed(module, self.rho)
