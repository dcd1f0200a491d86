"""The bi-encoder that can be trained: a context tower, a response tower, one dot product.

Importing this module imports torch.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from semspill._atomic import atomic_path, write_text
from semspill._progress import Progress, quiet
from semspill._saved import read_saved
from semspill._tokens import Tokens, shorten
from semspill.corpus import ContextFormat, Exchange, Text, TextLabels
from semspill.encoders._base import BiEncoder, Encoder, _TorchEncoder, encoders
from semspill.errors import ConfigError, DataError

__all__ = ["Tokens", "Tower", "TwoTower", "load_biencoder", "shorten"]

_FORMAT = 3


class Tower(nn.Module, ABC):
    """A torch module that turns texts into vectors."""

    dim: int
    """Length of a vector."""
    unit: bool
    """Whether every vector has length 1 (up to rounding); else rows are raw."""
    learning_rate: float = 1e-3
    """A peak learning rate of AdamW that suits this kind of tower, for who does not choose one."""
    encode_batch: int = 256
    """How many texts are encoded at once, also in training, where all pieces of a batch keep their
    graph; never changes the vectors beyond rounding."""
    table: str | None = None
    """Name of a weight that has one row per token id, such as `"bag.weight"`, if `forward` uses
    ids for nothing but to look up its rows. Training then holds only the rows that occur in what
    is learned from, with ids renumbered to match, and puts them back after each epoch: the result
    is the same, and most of the work on a large vocabulary is saved."""

    @abstractmethod
    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        """Return the token ids of each text, special tokens included.

        Args:
            texts: `head` keeps its start and `tail` its end when a text is too long.
            max_tokens: The most tokens a text may have.
        """

    @abstractmethod
    def forward(self, tokens: Tokens) -> Float[Tensor, "texts dim"]:
        """Return one vector per text, on the device of the weights."""

    def reading(self) -> str:
        """Return what else than weights and the encoder's fields decides its vectors, as text."""
        return ""

    def save_assets(self, folder: Path) -> None:
        """Write what `Encoder.restore` needs besides the weights; nothing by default."""
        return None


class TwoTower(BiEncoder):
    """Two towers, tied (one set of weights) or separate, and the context format they read.

    Args:
        encoder: The component that made the towers; saved along, so that `load` can rebuild them.
        contexts: The tower for contexts.
        responses: The tower for responses; by default the same one, which ties them.
        context: What a context shows to the encoder.
        response_labels: Labels that responses begin with; None where they show none.
    """

    def __init__(
        self,
        encoder: Encoder,
        contexts: Tower,
        responses: Tower | None = None,
        context: ContextFormat | None = None,
        response_labels: TextLabels | None = None,
    ) -> None:
        towers = {"contexts": contexts}
        if responses is not None and responses is not contexts:
            towers["responses"] = responses
        self.encoder = encoder
        self.module = nn.ModuleDict(towers)
        self.context = context or ContextFormat()
        self.response_labels = response_labels

    @classmethod
    def of(cls, encoder: _TorchEncoder, tower: Tower) -> "TwoTower":
        """Return a bi-encoder of one tower, or of it and a copy where `encoder` does not tie them.

        Args:
            encoder: Whose fields `tied` and `fast` are followed.
            tower: The tower to start from.
        """
        if not encoder.fast:
            tower.table = None
        return cls(encoder, tower, None if encoder.tied else deepcopy(tower))

    def __repr__(self) -> str:
        weights = sum(weight.numel() for weight in self.module.parameters())
        kind = "tied" if self.tied else "separate"
        size = f"{self.context_tower.dim} dimensions, {weights} weights"
        return f"<TwoTower of {self.encoder!r}: {kind}, {size}>"

    @property
    def tied(self) -> bool:
        """Whether both towers are one."""
        return "responses" not in self.module

    @property
    def context_tower(self) -> Tower:
        """The tower for contexts."""
        tower = self.module["contexts"]
        if not isinstance(tower, Tower):
            raise TypeError(f"The context tower must be a Tower, got {type(tower).__name__}.")
        return tower

    @property
    def response_tower(self) -> Tower:
        """The tower for responses."""
        tower = self.module["contexts" if self.tied else "responses"]
        if not isinstance(tower, Tower):
            raise TypeError(f"The response tower must be a Tower, got {type(tower).__name__}.")
        return tower

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that decides vectors, as 64 hex digits.

        That is the weights, the context format, the labels of responses, the tokenizer and the
        encoder's fields, but not the name that a pretrained model is found by, nor `fast`, which
        changes rounding alone.
        """
        cls, fields = type(self.encoder), self.encoder.model_dump_json(exclude={"model", "fast"})
        parts = [self.context.model_dump_json(), cls.__module__, cls.__qualname__, fields]
        parts += [self.context_tower.reading(), self.response_tower.reading()]
        parts += [self.response_labels.fingerprint] if self.response_labels else []
        digest = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass"))
        for name, weight in sorted(self.module.state_dict().items()):
            digest.update(name.encode())
            flat = weight.detach().cpu().contiguous().reshape(-1)
            digest.update(flat.view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def with_context(self, context: ContextFormat) -> "TwoTower":
        """Return a bi-encoder that shares these weights and reads another context format."""
        return self._reading(context, self.response_labels)

    def with_response_labels(self, labels: TextLabels | None) -> "TwoTower":
        """Return a bi-encoder that shares these weights and reads a label before each response."""
        return self._reading(self.context, labels)

    def _reading(self, context: ContextFormat, labels: TextLabels | None) -> "TwoTower":
        responses = None if self.tied else self.response_tower
        return TwoTower(self.encoder, self.context_tower, responses, context, labels)

    def to(self, device: str | torch.device) -> "TwoTower":
        """Return a copy whose weights are on `device`, for example `"cuda"`; this one stays.

        Args:
            device: Any device that torch knows on this machine.
        """
        moved = self.with_context(self.context)
        moved.module = deepcopy(self.module).to(device)
        return moved

    def context_tokens(self, exchanges: Sequence[Exchange]) -> Tokens:
        """Return the token ids of each exchange's context."""
        texts = [self.context.apply(exchange) for exchange in exchanges]
        return self.context_tower.tokenize(texts, self.context.max_tokens)

    def response_tokens(self, texts: Sequence[str]) -> Tokens:
        """Return the token ids of each response, after its label where responses show one."""
        if self.response_labels is not None:
            labels = self.response_labels.of_texts(texts)
            texts = [f"{label} {text}" for label, text in zip(labels, texts, strict=True)]
        whole = [Text(text, "") for text in texts]
        return self.response_tower.tokenize(whole, self.context.max_tokens)

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        """Return one float32 row per exchange, made from its context only."""
        return _encode(self.context_tower, self.context_tokens(exchanges), progress)

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        """Return one float32 row per text."""
        return _encode(self.response_tower, self.response_tokens(texts), progress)

    def save(self, folder: str | Path) -> None:
        """Write the weights (safetensors), the config (JSON) and the assets of the towers.

        `biencoder.json` is written last: a folder that has it is complete.

        Args:
            folder: Made when it is missing.

        Raises:
            ConfigError: Responses show labels, whose labeller would not be there to answer.
        """
        if self.response_labels is not None:
            raise ConfigError(
                "A bi-encoder whose responses begin with predicted labels cannot be saved, because "
                "its labeller cannot; train it again, or without labels of responses."
            )
        folder = Path(folder)
        assets = folder / "assets"
        assets.mkdir(parents=True, exist_ok=True)
        self.context_tower.save_assets(assets)
        # Clones, because safetensors refuses weights that share memory.
        weights = {
            name: w.detach().cpu().clone(memory_format=torch.contiguous_format)
            for name, w in self.module.state_dict().items()
        }
        with atomic_path(folder / "model.safetensors") as temporary:
            save_file(weights, temporary)
        config = {
            "format": _FORMAT,
            "encoder": encoders.describe(self.encoder),
            "context": self.context.model_dump(mode="json"),
            "fingerprint": self.fingerprint,
            "versions": {name: version(name) for name in ("semspill", "torch", "transformers")},
        }
        write_text(folder / "biencoder.json", json.dumps(config, indent=2) + "\n")


def load_biencoder(folder: str | Path) -> TwoTower:
    """Return the bi-encoder that `TwoTower.save` wrote; its vectors are identical.

    Args:
        folder: What was given to `save`.

    Raises:
        DataError: The folder holds no complete bi-encoder, or its weights were changed.
        RegistryError: Its encoder is a plugin that is not installed.
    """
    folder = Path(folder)
    path = folder / "biencoder.json"
    config = read_saved(path, _FORMAT, "encoder", "context", "fingerprint")
    model = encoders.build(config["encoder"]).restore(folder / "assets")
    if not isinstance(model, TwoTower):
        raise DataError(f"{path} names an encoder that does not give a two-tower model.")
    model = model.with_context(ContextFormat(**config["context"]))
    try:
        model.module.load_state_dict(load_file(folder / "model.safetensors"))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise DataError(
            f"{folder}/model.safetensors is missing, broken or of another shape than "
            f"{path.name} says ({type(error).__name__}); save the model again."
        ) from error
    if model.fingerprint != config["fingerprint"]:
        raise DataError(
            f"{folder}/model.safetensors was changed after it was saved; save it again."
        )
    return model


@torch.inference_mode()
def _encode(tower: Tower, tokens: Tokens, progress: Progress) -> Float[np.ndarray, "texts dim"]:
    rows = np.empty((len(tokens), tower.dim), dtype=np.float32)
    # Neighbours of similar length waste no padding; each row goes back to its own place.
    order = np.argsort(tokens.lengths, kind="stable")
    was_training = tower.training
    tower.eval()
    try:
        for start in progress(range(0, len(order), tower.encode_batch)):
            chosen = order[start : start + tower.encode_batch]
            rows[chosen] = tower(tokens.take(chosen)).float().cpu().numpy()
    finally:
        tower.train(was_training)
    return rows
