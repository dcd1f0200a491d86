"""Low-rank adapters as a defense: less room for what few exchanges teach."""

from pydantic import Field

from semspill.defenses._base import TrainingDefense
from semspill.defenses._training._settings import finetuner_of
from semspill.models import Model


class LowRank(TrainingDefense):
    """Lets training add to each matrix one of low rank only, and leaves all other weights.

    It sets `Finetuner.adapter_rank`. It fails where the behaviour is one direction of few, as one
    repeated text is: that is of rank one. Where all weights are one table of token vectors
    (`static`, `hashing`), tokens can then move together only, which costs utility at any rank.

    Example:
        >>> from semspill import RetrievalModel
        >>> LowRank(rank=4).settings(RetrievalModel()).finetuner.adapter_rank
        4
    """

    citation = (
        "Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv:2106.09685"
    )

    rank: int = Field(32, ge=1)
    """Highest rank of what is added to a matrix."""

    def settings(self, model: Model) -> Model:
        """Return the model, trained by adapters.

        Raises:
            ConfigError: The model has no finetuner.
        """
        finetuner = finetuner_of(model, self)
        return model.replace(finetuner=finetuner.replace(adapter_rank=self.rank))
