"""The encoder that runs a whole pretrained transformer."""

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from semspill.encoders._base import BiEncoder, _PretrainedEncoder


class TransformerEncoder(_PretrainedEncoder):
    """A pretrained transformer; its token vectors are pooled into one.

    A sentence-transformers model is loaded by sentence-transformers, with all of its modules, and
    gives the vectors it gives there: its default prompt stands before every context and response.
    Texts are cut to what the model's files say and what it has positions for, even when the context
    format allows more. Of an encoder with a decoder, such as T5, only the encoder is used.

    Example:
        >>> TransformerEncoder(pooling="cls").replace(projection=128).tied
        True
    """

    citation: ClassVar[str] = (
        "Reimers and Gurevych 2019, Sentence-BERT: Sentence Embeddings using Siamese "
        "BERT-Networks, arXiv:1908.10084; Wang et al. 2020, MiniLM: Deep Self-Attention "
        "Distillation for Task-Agnostic Compression of Pre-Trained Transformers, arXiv:2002.10957"
    )

    fewest_steps: ClassVar[int] = 100

    tied: bool = True
    """Whether contexts and responses share one set of weights; separate ones start equal."""
    pooling: Literal["auto", "mean", "cls", "max"] = "auto"
    """How token vectors become one: their mean, the first one, or their maximum, in place of the
    model's own modules; `auto` takes those, and the mean where it has none."""
    normalize: bool | Literal["auto"] = "auto"
    """Whether vectors are scaled to length 1; `auto` takes what the model's own files say, and
    scales where they say nothing."""
    projection: int | None = Field(None, ge=1, le=4096)
    """Length of the vectors after a linear layer of random weights, 1 to 4096; None for no such
    layer."""

    def load(self, rng: np.random.Generator) -> BiEncoder:
        """Return a bi-encoder with the pretrained weights.

        Args:
            rng: Draws the weights of the projection.

        Raises:
            DataError: The model cannot be found or read, or its modules need more than the vectors
                of tokens.
            MissingExtraError: The model is `minilm` and neither the extra nor the hub is there.
        """
        from semspill.encoders._transformer_tower import TransformerTower
        from semspill.encoders.two_tower import TwoTower

        trust, fast = self.trust_remote_code, self.fast
        tower = TransformerTower.read(self.model, rng, self.pooling, trust=trust, fast=fast)
        return TwoTower.of(self, tower.finished(self.normalize, self.projection, rng))

    def restore(self, folder: Path) -> BiEncoder:
        """Return a bi-encoder of the right shape from what was saved along."""
        from semspill.encoders._transformer_tower import TransformerTower
        from semspill.encoders.two_tower import TwoTower

        tower = TransformerTower.restored(folder, trust=self.trust_remote_code, fast=self.fast)
        tower = tower.finished(self.normalize, self.projection, np.random.default_rng(0))
        return TwoTower.of(self, tower)
