"""Predicted labels that are as often wrong in training as they are in answering."""

from dataclasses import replace

import numpy as np
from pydantic import Field

from semspill.corpus import ContextFormat, Corpus
from semspill.defenses._base import Aid, TrainingDefense
from semspill.labellers import LabellerField, Labelling, labellers


class CrossFittedLabels(TrainingDefense):
    """Contexts show predicted labels that are as often wrong in training as in answering.

    A labeller is nearly always right on the contexts it was fitted on. Here each training context
    is labelled by one that was fitted on the other folds of the corpus, as untrusted as it is. It
    fails where the behaviour spills over by other ways than labels: it is for contexts that show
    predicted labels anyway, and lets others show them, too.
    """

    citation = (
        "original; cf. Rashkin et al. 2019, Towards Empathetic Open-domain Conversation Models: a "
        "New Benchmark and Dataset, arXiv:1811.00207 (labels that are fitted in sample)"
    )
    cost = "a labeller per fold"

    labeller: LabellerField = Field(default_factory=lambda: labellers.build("tfidf"))
    """What predicts; the one that labels the contexts that the model answers."""
    folds: int = Field(5, ge=2)
    """Parts of the dialogues, each labelled by what was fitted on the others."""
    top: int = Field(1, ge=1)
    """How many labels a context shows; as many as in answering."""

    def contexts(
        self, training: ContextFormat, answering: ContextFormat
    ) -> tuple[ContextFormat, ContextFormat]:
        """Return the formats with predicted labels."""
        return training.replace(label="predicted"), answering.replace(label="predicted")

    def prepare(self, corpus: Corpus, aid: Aid, rng: np.random.Generator) -> Corpus:
        """Return the corpus with cross-fitted labels in place of those it has.

        Raises:
            DataError: The labeller cannot be fitted on all folds but one.
        """
        bare = replace(corpus, labels=())
        labelling = Labelling(labeller=self.labeller, folds=self.folds, top=self.top)
        return labelling.fit(bare, rng).label(bare)
