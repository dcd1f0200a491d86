"""Training: fine-tune a bi-encoder on the exchanges of a corpus."""

from semspill.training._finetuner import Epoch, Finetuner

__all__ = ["Epoch", "Finetuner"]
