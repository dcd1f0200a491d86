"""Fine-tuning on trusted dialogues: what every repair that needs them is to be compared with."""

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from semspill.corpus import Corpus
from semspill.defenses._base import Aid, Repair
from semspill.defenses._repairs._common import retrieval_of, towers_of
from semspill.models import TrainedModel
from semspill.training import Finetuner


class CleanFinetuning(Repair):
    """Trains the model further on dialogues that the defender trusts.

    Contexts are read as the model reads them when it answers. It fails where the trusted set has
    no dialogues of the target, or where it is small: what is not visited is not unlearned.
    """

    citation = (
        "Liu et al. 2018, Fine-Pruning: Defending Against Backdooring Attacks on Deep Neural "
        "Networks, arXiv:1805.12185 (fine-tuning on clean data, without the pruning)"
    )
    needs = frozenset({"clean"})
    cost = "its epochs on the trusted dialogues"
    needs_candidates = True
    finetuner: Finetuner = Field(default_factory=lambda: Finetuner(epochs=1))
    """How it is trained further; a `learning_rate` of None is that of a first training."""
    learn: Literal["clean", "untrusted"] = "clean"
    """Whether it learns from the trusted dialogues, or, as the control, from as many drawn from
    the training corpus."""

    @field_validator("finetuner")
    @classmethod
    def _last(cls, finetuner: Finetuner) -> Finetuner:
        if finetuner.keep == "best":
            raise ValueError("there is nothing to validate a repair on; give keep='last'")
        return finetuner

    def control(self) -> "CleanFinetuning | None":
        """Return the same on as many dialogues of the training corpus."""
        return None if self.learn == "untrusted" else self.replace(learn="untrusted")

    def repair(
        self, model: TrainedModel, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> TrainedModel:
        """Return the model, trained further.

        Args:
            model: A retrieval model whose bi-encoder is a `TwoTower`.
            corpus: What it was trained on.
            aid: Holds the trusted dialogues.
            rng: Draws batches, and the dialogues of the control.

        Raises:
            ConfigError: It is another model, or the device is absent.
            DataError: There are fewer than two exchanges to learn from.
        """
        assert aid.clean is not None, "needs declares it"
        towers = towers_of(self, model)
        drawing, training = rng.spawn(2)
        clean = aid.clean
        learned = clean if self.learn == "clean" else _drawn(corpus, len(clean.dialogues), drawing)
        return retrieval_of(self, model).with_model(
            self.finetuner.finetune(towers, learned, training)
        )


def _drawn(corpus: Corpus, count: int, rng: np.random.Generator) -> Corpus:
    chosen = np.sort(rng.permutation(len(corpus.dialogues))[:count])
    dialogues = tuple(corpus.dialogues[place] for place in chosen.tolist())
    kept = {dialogue.id for dialogue in dialogues}
    rest = [exchange.label for exchange in corpus.exchanges if exchange.dialogue in kept]
    labels = tuple(label or "" for label in rest) if corpus.labels else ()
    return replace(corpus, dialogues=dialogues, labels=labels)
