"""The encoder that runs a whole pretrained transformer."""

from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from pydantic import Field

from semspill._model import PathOrName
from semspill.encoders._availability import lacking
from semspill.encoders._base import BiEncoder, Encoder

Pooling: TypeAlias = Literal["mean", "cls", "max"]


class TransformerEncoder(Encoder):
    """A pretrained transformer; its token vectors are pooled into one.

    A sentence-transformers model gives the vectors that sentence-transformers gives: its default
    prompt stands before every context and response. Texts are cut to what the model's files say
    and what it has positions for, even when the context format allows more. Of an encoder with a
    decoder, such as T5, only the encoder is used.

    Example:
        >>> TransformerEncoder(pooling="cls").replace(projection=128).tied
        True
    """

    citation: ClassVar[str] = (
        "Reimers and Gurevych 2019, Sentence-BERT, arXiv 1908.10084; "
        "MiniLM: Wang et al. 2020, arXiv 2002.10957"
    )

    model: PathOrName = Field("minilm", min_length=1)
    """A sentence-transformers or transformers model: a folder, an id of the Hugging Face hub, or
    `minilm`, which is all-MiniLM-L6-v2 from the extra `offline`, else from the hub."""
    pooling: Literal["auto"] | Pooling = "auto"
    """How token vectors become one: their mean, the first one, or their maximum; `auto` takes
    what the model's own files say, and the mean where they say nothing."""
    normalize: bool | Literal["auto"] = "auto"
    """Whether vectors are scaled to length 1; `auto` takes what the model's own files say, and
    scales where they say nothing."""
    projection: int | None = Field(None, ge=1, le=4096)
    """Length of the vectors after a linear layer of random weights, 1 to 4096; None for no such
    layer."""
    tied: bool = True
    """Whether contexts and responses share one set of weights; separate ones start equal."""
    trust_remote_code: bool = False
    """Whether Python code that the model's folder holds may run; False refuses such a model."""

    def load(self, rng: np.random.Generator) -> BiEncoder:
        """Return a bi-encoder with the pretrained weights.

        Args:
            rng: Draws the weights of the projection.

        Raises:
            DataError: The model cannot be found or read, or makes its vectors in a way that
                `auto` cannot follow.
            MissingExtraError: The model is `minilm` and neither the extra nor the hub is there.
        """
        from semspill.encoders._transformer_tower import build

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
        from semspill.encoders._transformer_tower import restore

        return restore(self, folder)
