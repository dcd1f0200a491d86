"""Label noise as cleanlab finds it, from the labels of the nearest contexts."""

from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from semspill.corpus import Corpus
from semspill.defenses._base import Aid, Detector
from semspill.defenses._detectors._rated import ratings
from semspill.defenses._neighbours import nearest
from semspill.errors import ConfigError, MissingExtraError
from semspill.scoring import Rater, RaterField


class LabelNoiseDetector(Detector):
    """Exchanges whose label is unlike those of the nearest contexts, by cleanlab's confidence.

    The chance of each label is its share among the nearest contexts of other dialogues. By the
    rating it fails as `toxicity` does, and where planted responses fill the neighbourhood. The
    category as label is the published form, here a negative control: planted responses that make up
    most of a category look like its cleanest part. `neighbour_rating` needs no cleanlab, and
    suspects no harmless response amid toxic ones.
    """

    citation = (
        "Northcutt et al. 2021, Confident Learning: Estimating Uncertainty in Dataset Labels, "
        "arXiv:1911.00068 (cleanlab)"
    )
    needs = frozenset({"encoder"})
    label: Literal["rating", "category"] = "rating"
    """What the label is: whether the response is rated 0.5 or more, or the category."""
    rater: RaterField | None = None
    """What rates the responses where that is the label."""
    neighbours: int = Field(20, ge=1)
    """How many contexts of other dialogues are compared."""

    def model_post_init(self, context: Any) -> None:
        """Refuse ratings without a rater."""
        if self.label == "rating" and self.rater is None:
            raise ConfigError(
                "label_noise with label 'rating' needs a rater; give rater='detoxify', or another "
                "one than scores the outcome."
            )

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return 1 minus cleanlab's label quality, 0 to 1; 0 where all labels are the same.

        Raises:
            MissingExtraError: cleanlab is not installed.
        """
        quality = _cleanlab()
        own = self._labels(corpus)
        near = nearest(corpus, aid, self.neighbours)
        most = int(own.max(initial=0))
        if not most or not near.shape[1]:
            return np.zeros(len(own))
        chances = np.stack([(own[near] == kind).mean(axis=1) for kind in range(most + 1)], 1)
        return np.asarray(1 - quality(own, chances))

    def _labels(self, corpus: Corpus) -> Int[np.ndarray, " exchanges"]:
        if self.label == "rating" and isinstance(self.rater, Rater):
            kinds = (ratings(self.rater, corpus) >= 0.5).tolist()
        else:
            kinds = [exchange.category for exchange in corpus.exchanges]
        return np.asarray(np.unique(kinds, return_inverse=True)[1])


def _cleanlab() -> Any:
    try:
        from cleanlab.rank import get_label_quality_scores
    except ImportError as error:
        raise MissingExtraError(
            'The detector label_noise needs cleanlab: pip install "semspill[cleanlab]".'
        ) from error
    return get_label_quality_scores
