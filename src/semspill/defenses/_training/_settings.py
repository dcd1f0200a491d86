"""Defenses that are settings of the training: less of it, or the best of its epochs."""

from typing import Any

from pydantic import Field

from semspill.defenses._base import TrainingDefense
from semspill.errors import ConfigError
from semspill.models import Model
from semspill.training import Finetuner


class LessTraining(TrainingDefense):
    """Fewer epochs, or smaller steps: what is seen rarely may not be learned by then.

    It fails where the behaviour is learned before what the model is for. Every method that slows
    learning lowers spillover, so this is what others have to beat at equal utility.

    Example:
        >>> from semspill import RetrievalModel
        >>> LessTraining(epochs=1).settings(RetrievalModel()).epoch_count()
        1
    """

    citation = (
        "Wan et al. 2023, Poisoning Language Models During Instruction Tuning, arXiv:2305.00944 "
        "(reduced effective capacity)"
    )
    cost = "less than none"

    epochs: int | None = Field(1, ge=0)
    """Most epochs: those of the model where it has fewer; null leaves them as they are."""
    learning_rate: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Peak step size; null leaves it as it is."""

    def model_post_init(self, context: Any) -> None:
        """Refuse what changes nothing."""
        if self.epochs is None and self.learning_rate is None:
            raise ConfigError("LessTraining changes nothing; give epochs, or a learning_rate.")

    def settings(self, model: Model) -> Model:
        """Return the model with fewer epochs or smaller steps.

        Raises:
            ConfigError: The model has no finetuner.
        """
        own, changes = finetuner_of(model, self), dict[str, Any]()
        if self.epochs is not None:
            changes["epochs"] = min(self.epochs, own.epochs)
        if self.learning_rate is not None:
            changes["learning_rate"] = self.learning_rate
        return model.replace(finetuner=own.replace(**changes))


class KeepBest(TrainingDefense):
    """The epoch of the highest validation P@1 instead of the last one.

    It fails where utility still rises while the behaviour is learned, as it commonly does. The
    model then needs something to validate on.

    Example:
        >>> from semspill import RetrievalModel
        >>> KeepBest().settings(RetrievalModel()).needs_validation()
        True
    """

    citation = "Prechelt 1998, Early Stopping - But When?, doi:10.1007/3-540-49430-8_3"

    def settings(self, model: Model) -> Model:
        """Return the model, of which the best epoch is kept.

        Raises:
            ConfigError: The model has no finetuner.
        """
        return model.replace(finetuner=finetuner_of(model, self).replace(keep="best"))


def finetuner_of(model: Model, defense: TrainingDefense) -> Finetuner:
    """Return the finetuner of a model.

    Raises:
        ConfigError: The model has none.
    """
    finetuner = getattr(model, "finetuner", None)
    if not isinstance(finetuner, Finetuner):
        raise ConfigError(
            f"{type(defense).__name__} changes the finetuner of a model, and "
            f"{type(model).__name__} has none; leave the defense out, or take another model, such "
            "as 'retrieval'."
        )
    return finetuner
