"""Training: fine-tune a bi-encoder on the exchanges of a corpus."""

from semspill.training._finetuner import Finetuner
from semspill.training._settings import Begin, Epoch, Step

__all__ = ["Begin", "Epoch", "Finetuner", "Step"]
