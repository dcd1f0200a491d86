"""The encoder of a pretrained model's input embeddings only: fast, and pretrained."""

from pathlib import Path
from typing import ClassVar

import numpy as np

from semspill.encoders._base import BiEncoder, _PretrainedEncoder


class StaticEncoder(_PretrainedEncoder):
    """The input embeddings of a pretrained model, one trained vector per token, averaged.

    Nothing is read of a text but which tokens it has, so a whole corpus trains in minutes on a
    CPU. There are no special tokens; a text without any token has the vector of the unknown one.

    Example:
        >>> StaticEncoder(tied=True)
        StaticEncoder(tied=True, fast=True, model='minilm', trust_remote_code=False)
    """

    citation: ClassVar[str] = (
        "Reimers and Gurevych 2019, Sentence-BERT: Sentence Embeddings using Siamese "
        "BERT-Networks, arXiv:1908.10084 (average of embeddings as baseline); Wang et al. 2020, "
        "MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained "
        "Transformers, arXiv:2002.10957"
    )

    fewest_steps: ClassVar[int] = 30

    def load(self, rng: np.random.Generator) -> BiEncoder:
        """Return a bi-encoder with the pretrained embeddings.

        Args:
            rng: Draws nothing that stays: all weights are read.

        Raises:
            DataError: The model cannot be found or read.
            MissingExtraError: The model is `minilm` and neither the extra nor the hub is there.
        """
        from semspill.encoders._static_tower import StaticTower
        from semspill.encoders.two_tower import TwoTower

        tower = StaticTower.read(self.model, rng, trust=self.trust_remote_code)
        return TwoTower.of(self, tower)

    def restore(self, folder: Path) -> BiEncoder:
        """Return a bi-encoder of the right shape from what was saved along."""
        from semspill.encoders._static_tower import StaticTower
        from semspill.encoders.two_tower import TwoTower

        return TwoTower.of(self, StaticTower.restored(folder))
