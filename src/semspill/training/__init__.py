"""Training: fine-tune a bi-encoder on the exchanges of a corpus."""

from semspill.training._finetuner import Finetuner
from semspill.training._settings import Backward, Begin, Epoch, Step

__all__ = ["Backward", "Begin", "Epoch", "Finetuner", "Step"]
