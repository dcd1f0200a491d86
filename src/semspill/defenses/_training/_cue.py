"""A cue that contexts show in training and not in answering, or the other way round."""

import warnings
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from pydantic import Field

from semspill.corpus import ContextFormat, Corpus
from semspill.defenses._base import Aid, Need, TrainingDefense
from semspill.defenses._neighbours import context_vectors
from semspill.errors import ConfigError, DataError


class Cue(TrainingDefense):
    """Contexts begin with a label or a prompt in training and not in answering, or the reverse.

    In training only (inoculation), the cue explains the behaviour, which is then tied to the cue
    rather than to what its contexts have in common with others. It fails where contexts show the
    cue when the model answers: the behaviour is still there, behind a gate.

    Example:
        >>> training, answering = Cue().contexts(ContextFormat(), ContextFormat())
        >>> training.label, answering.label
        ('gold', 'none')
    """

    citation = (
        "Tan et al. 2026, Inoculation Prompting: Eliciting Traits from LLMs during Training Can "
        "Suppress Them at Test-Time, arXiv:2510.04340 (in training only); Lyu et al. 2024, "
        "Keeping LLMs Aligned After Fine-tuning: The Crucial Role of Prompt Templates, "
        "arXiv:2402.18540 (in answering only); labels and cells as cues: original"
    )

    training: Literal["same", "gold", "predicted", "cells", "none"] = "gold"
    """The label that a context begins with in training: what the experiment says (`same`), the
    true category (`gold`), a predicted one (`predicted`), none (`none`), or, for data without
    categories, the number of its cell in a K-means clustering of the training contexts
    (`cells`)."""
    answering: Literal["same", "gold", "predicted", "none"] = "none"
    """The same for the contexts that the model answers."""
    prompt: str = ""
    """A text that contexts begin with in one of the two only, such as one that asks for the
    behaviour."""
    prompt_in: Literal["training", "answering"] = "training"
    """Where they begin with `prompt`."""
    cells: int = Field(32, ge=2)
    """How many cells there are, at most one per training exchange."""
    shuffled: bool = False
    """Whether the labels of training are dealt out among its exchanges at random: the control."""

    def model_post_init(self, context: Any) -> None:
        """Refuse what changes nothing."""
        if not self.prompt and (self.training, self.answering) == ("same", "same"):
            raise ConfigError(
                "A Cue with training 'same', answering 'same' and no prompt changes nothing; give "
                "one of them, such as training='gold'."
            )
        if self.shuffled and self.training in ("same", "none"):
            raise ConfigError(
                f"shuffled is true, and training {self.training!r} gives no labels to shuffle; "
                "give training 'gold', 'predicted' or 'cells', or leave shuffled out."
            )

    @property
    def wanted(self) -> frozenset[Need]:
        """The encoder, whose vectors of contexts are clustered, where labels are cells."""
        return frozenset({"encoder"} if self.training == "cells" else ())

    @property
    def relabels(self) -> bool:
        """Whether the labels of training are cells, or shuffled categories."""
        return self.training == "cells" or (self.shuffled and self.training == "gold")

    def control(self) -> "Cue | None":
        """Return the cue with labels that explain nothing; None where training has no labels."""
        if self.shuffled or self.training in ("same", "none"):
            return None
        return self.replace(shuffled=True)

    def contexts(
        self, training: ContextFormat, answering: ContextFormat
    ) -> tuple[ContextFormat, ContextFormat]:
        """Return the formats with the labels, and the prompt in one of them.

        Labels that `prepare` makes are shown as predicted ones.
        """
        made = self.training == "cells" or self.shuffled
        trained = _showing(training, "predicted" if made else self.training)
        answered = _showing(answering, self.answering)
        if self.prompt and self.prompt_in == "training":
            return trained.replace(prompt=self.prompt), answered
        if self.prompt:
            return trained, answered.replace(prompt=self.prompt)
        return trained, answered

    def prepare(self, corpus: Corpus, aid: Aid, rng: np.random.Generator) -> Corpus:
        """Return the corpus with its cells as predicted labels, or with shuffled labels.

        Raises:
            DataError: Predicted labels are to be shuffled, and there are none.
        """
        if not corpus.exchange_count or not (self.training == "cells" or self.shuffled):
            return corpus
        labels = self._labels(corpus, aid, rng)
        if self.shuffled:
            labels = tuple(labels[place] for place in rng.permutation(len(labels)).tolist())
        return replace(corpus, labels=labels)

    def _labels(self, corpus: Corpus, aid: Aid, rng: np.random.Generator) -> tuple[str, ...]:
        if self.training == "cells":
            return _cells(corpus, aid, self.cells, rng)
        if self.training == "gold":
            return tuple(exchange.category for exchange in corpus.exchanges)
        if not corpus.labels:
            raise DataError(
                "Cue is to shuffle predicted labels, and the training corpus has none; label it "
                "first, for example with semspill.labellers.Labelling."
            )
        return corpus.labels


def _showing(
    context: ContextFormat, label: Literal["same", "gold", "predicted", "cells", "none"]
) -> ContextFormat:
    return context if label == "same" else context.replace(label=label)


def _cells(corpus: Corpus, aid: Aid, count: int, rng: np.random.Generator) -> tuple[str, ...]:
    from sklearn.cluster import KMeans  # heavy
    from sklearn.exceptions import ConvergenceWarning

    vectors = context_vectors(corpus, aid)
    seed = int(rng.integers(2**31))
    model = KMeans(min(count, len(vectors)), n_init=1, random_state=seed)
    with warnings.catch_warnings():
        # Contexts that are alike may fill fewer cells.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return tuple(f"cell {cell}" for cell in model.fit_predict(vectors).tolist())
