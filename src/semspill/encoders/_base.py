"""The plug point for models: an encoder is loaded into a bi-encoder, which gives vectors."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._mask import shown_id
from semspill._model import Component, PathOrName
from semspill._progress import Progress, quiet
from semspill._registry import Registry
from semspill.corpus import ContextFormat, Exchange
from semspill.encoders._availability import lacking, model_files
from semspill.errors import ConfigError, did_you_mean


class BiEncoder(ABC):
    """Two encoders into one space: the score of a response in a context is their dot product.

    `semspill.encoders.two_tower.TwoTower` is the one that can be fine-tuned. Extend this class
    directly for a model that only answers, such as one behind an interface of its own.
    """

    context: ContextFormat
    """What a context shows to the encoder."""

    @abstractmethod
    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        """Return one float32 row per exchange, made from its context only.

        Args:
            exchanges: What to encode; their responses are not looked at.
            progress: Wraps the iterable of batches, for example `tqdm.tqdm`.
        """

    @abstractmethod
    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        """Return one float32 row per text.

        Args:
            texts: Responses to encode.
            progress: Wraps the iterable of batches, for example `tqdm.tqdm`.
        """


class Encoder(Component):
    """A kind of bi-encoder, with the weights it starts from."""

    fewest_steps: ClassVar[int] = 0
    """Optimizer steps, at the learning rate that its towers recommend, below which fine-tuning has
    been seen to teach next to nothing: a run with fewer says so. 0 where that is not known."""

    @abstractmethod
    def load(self, rng: np.random.Generator) -> BiEncoder:
        """Return a bi-encoder with initial weights.

        Args:
            rng: Draws every random weight; the same state gives the same weights.

        Raises:
            DataError: The weights cannot be found or read.
            MissingExtraError: A package that holds the weights is not installed.
        """

    def restore(self, folder: Path) -> BiEncoder:
        """Return a bi-encoder of the right shape, whose weights are about to be overwritten.

        Override it when `load` needs files (a tokenizer, a model's config) that a saved
        bi-encoder carries along.

        Args:
            folder: Where `Tower.save_assets` wrote its files.
        """
        return self.load(np.random.default_rng(0))


class _TorchEncoder(Encoder):
    """An encoder whose bi-encoder is a `TwoTower`, with what all of those can choose."""

    tied: bool = False
    """Whether contexts and responses share one set of weights; separate ones start equal."""
    fast: bool = True
    """Whether the model may run and train by speed-ups that reach into private parts of torch and
    transformers; they give the same up to rounding (dropout: the same on average)."""


class _PretrainedEncoder(_TorchEncoder):
    """An encoder that starts from a pretrained model's files."""

    model: PathOrName = Field("minilm", min_length=1)
    """A sentence-transformers or transformers model: a folder, an id of the Hugging Face hub, or
    `minilm`, which is all-MiniLM-L6-v2 from the extra `offline`, else from the hub."""
    trust_remote_code: bool = False
    """Whether Python code that the model's folder holds may run; False refuses such a model."""

    def unavailable(self) -> str | None:
        """Say what must be downloaded or installed to read the model; None where nothing."""
        return lacking(self.model)

    def reads(self) -> tuple[Path, ...]:
        """Return the files of the pretrained model.

        Raises:
            DataError: The model cannot be found.
            MissingExtraError: The model is `minilm` and neither the extra nor the hub is there.
        """
        return model_files(self.model)


def _advice(name: str) -> str:
    if did_you_mean(name, encoders.names()):
        return ""
    return (
        " A model of the Hugging Face hub, or of a folder, is written "
        f'{{name = "transformer", model = "{shown_id(name)}"}}.'
    )


def _refuse_loaded(given: Any) -> None:
    """Refuse a loaded model of sentence-transformers with the line that has semspill load it."""
    kind = type(given)
    if "SentenceTransformer" not in {base.__name__ for base in kind.__mro__}:
        return
    first = next(iter(given), None) if isinstance(given, Iterable) else None
    config = getattr(getattr(first, "auto_model", None), "config", None)
    model = shown_id(getattr(config, "_name_or_path", None) or "")
    raise ConfigError(
        f"The encoder is a loaded {kind.__name__}, and semspill loads models itself, anew for "
        f'every seed; write encoder={{"name": "transformer", "model": "{model}"}}. Weights of your '
        'own go to a folder first: model.save("my-encoder")'
    )


encoders: Registry[Encoder] = Registry(
    "encoder", group="semspill.encoders", base=Encoder, advise=_advice
)
"""All encoders by name."""

encoders.accept(_refuse_loaded)

EncoderField: TypeAlias = Annotated[Encoder, encoders]
"""A pydantic field that takes an encoder, its name, or a mapping."""
