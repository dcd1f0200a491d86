"""A labeller that somebody has trained already: any text classifier of transformers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._model import PathOrName
from semspill.corpus import Corpus, Exchange
from semspill.errors import DataError
from semspill.labellers._base import Labeller, Labels, text_of


class _Classifier(Labels):
    def __init__(self, model: Any, tokenizer: Any, batch_size: int) -> None:
        self.model, self.tokenizer, self.batch_size = model.eval(), tokenizer, batch_size
        names = model.config.id2label
        self.categories = tuple(str(names[place]) for place in range(len(names)))

    def probabilities(
        self, exchanges: Sequence[Exchange]
    ) -> Float[np.ndarray, "exchanges categories"]:
        import torch  # heavy

        texts = [text_of(exchange) for exchange in exchanges]
        rows = [np.empty((0, len(self.categories)))]
        with torch.inference_mode():
            for start in range(0, len(texts), self.batch_size):
                tokens = self.tokenizer(
                    texts[start : start + self.batch_size],
                    padding=True,
                    truncation=True,
                    return_tensors="pt",
                )
                rows.append(self.model(**tokens).logits.double().softmax(dim=1).numpy())
        return np.concatenate(rows)


class TransformersLabeller(Labeller):
    """A text classifier of transformers as it comes; it is not fitted."""

    citation = (
        "Wolf et al. 2020, HuggingFace's Transformers: State-of-the-art Natural Language "
        "Processing, arXiv:1910.03771"
    )

    model: PathOrName
    """Folder or hub name; its labels must be the categories of the corpus."""
    batch_size: int = Field(32, ge=1)
    """Texts per forward pass."""

    def fit(self, corpus: Corpus, rng: np.random.Generator) -> Labels:
        """Return the classifier.

        Raises:
            DataError: It cannot be read, or a category of the corpus is none of its labels.
        """
        from transformers import AutoModelForSequenceClassification, AutoTokenizer  # heavy

        try:
            model = AutoModelForSequenceClassification.from_pretrained(self.model)
            # What is older is cut: the end of the conversation says most.
            tokenizer = AutoTokenizer.from_pretrained(self.model, truncation_side="left")
        except (OSError, ValueError) as error:
            name = Path(self.model).name
            raise DataError(f"The text classifier {name!r} cannot be read: {error}") from error
        labels = _Classifier(model, tokenizer, self.batch_size)
        missing = [name for name in corpus.categories if name not in labels.categories]
        if missing:
            raise DataError(
                f"The text classifier has no label for {len(missing)} of "
                f"{len(corpus.categories)} categories; give one that was trained on them."
            )
        return labels
