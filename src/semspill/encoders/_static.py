"""The encoder that keeps only a pretrained model's input embeddings: fast, and not from zero."""

from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from semspill._model import PathOrName
from semspill.encoders._availability import lacking
from semspill.encoders._base import BiEncoder, Encoder


class StaticEncoder(Encoder):
    """The input embeddings of a pretrained model, one trained vector per token, averaged.

    Nothing is read of a text but which tokens it has, so a whole corpus trains in minutes on a
    CPU. There are no special tokens; a text without any token has the vector of the unknown one.

    Example:
        >>> StaticEncoder(tied=True)
        StaticEncoder(model='minilm', tied=True, trust_remote_code=False)
    """

    citation: ClassVar[str] = (
        "Reimers and Gurevych 2019, Sentence-BERT (average of embeddings as baseline), "
        "arXiv 1908.10084; MiniLM: Wang et al. 2020, arXiv 2002.10957"
    )

    model: PathOrName = Field("minilm", min_length=1)
    """Whose input embeddings: a folder, an id of the Hugging Face hub, or `minilm`, which is
    all-MiniLM-L6-v2 from the extra `offline`, else from the hub."""
    tied: bool = False
    """Whether contexts and responses share one set of weights; separate ones start equal."""
    trust_remote_code: bool = False
    """Whether Python code that the model's folder holds may run; False refuses such a model."""

    def load(self, rng: np.random.Generator) -> BiEncoder:
        """Return a bi-encoder with the pretrained embeddings.

        Args:
            rng: Draws nothing that stays: all weights are read.

        Raises:
            DataError: The model cannot be found or read.
            MissingExtraError: The model is `minilm` and neither the extra nor the hub is there.
        """
        from semspill.encoders._static_tower import build

        return build(self, rng)

    def unavailable(self) -> str | None:
        """Say what must be downloaded or installed to read the model; None where nothing."""
        return lacking(self.model)

    def reads(self) -> tuple[Path, ...]:
        """Return the files of the pretrained model.

        Raises:
            DataError: The model cannot be found.
            MissingExtraError: The model is `minilm` and neither the extra nor the hub is there.
        """
        from semspill.encoders._pretrained import model_files

        return model_files(self.model)

    def restore(self, folder: Path) -> BiEncoder:
        """Return a bi-encoder of the right shape from what was saved along."""
        from semspill.encoders._static_tower import restore

        return restore(self, folder)
