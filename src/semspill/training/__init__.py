"""Training: fine-tune a bi-encoder or a language model on the exchanges of a corpus."""

from semspill.training._finetuner import Finetuner
from semspill.training._language_finetuner import LanguageFinetuner
from semspill.training._language_settings import LanguageEpoch
from semspill.training._settings import Backward, Begin, Epoch, Step

__all__ = [
    "Backward",
    "Begin",
    "Epoch",
    "Finetuner",
    "LanguageEpoch",
    "LanguageFinetuner",
    "Step",
]
