"""Sequence classifiers in torch: loading them safely, and running them in batches by length."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from huggingface_hub import snapshot_download
from huggingface_hub.utils.tqdm import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from jaxtyping import Float, Int
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

from semspill._device import usable_device
from semspill._fast.layers import accelerate
from semspill._hub import first_line, own_code, require_vocabulary
from semspill._mask import listing, named
from semspill.errors import ConfigError, DataError, did_you_mean

Activation = Literal["softmax", "sigmoid", "none"]


@dataclass(frozen=True, eq=False)
class Classifier:
    """A model with its tokenizer, of whose outputs one is the rating."""

    model: Any
    """A transformers model for sequence classification, in evaluation mode."""
    tokenizer: Any
    """The tokenizer the model was trained with."""
    column: int
    """Which output is the rating."""
    activation: Activation
    """What makes a probability of the outputs."""
    batch_size: int
    """Texts per forward pass, at most."""

    @torch.inference_mode()
    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the probability of the chosen output for each text; a long text loses its end."""
        ratings = np.zeros(len(texts))
        if not len(texts):
            return ratings
        tokens = self._tokens(texts)
        lengths = np.array([len(ids) for ids in tokens["input_ids"]])
        # A decoder without a padding token refuses to classify two texts at once.
        size = 1 if self.model.config.pad_token_id is None else self.batch_size
        for chosen in batches_of_one_length(lengths, size):
            inputs = {
                name: torch.tensor([rows[i] for i in chosen], device=self.model.device)
                for name, rows in tokens.items()
            }
            try:
                logits = self.model(**inputs).logits.double().cpu()
            except (IndexError, RuntimeError) as error:
                raise DataError(
                    f"The classifier cannot rate a text of {lengths[chosen[0]]} tokens "
                    f"({first_line(error)}); see whether its tokenizer is the one it was trained "
                    "with, or lower batch_size."
                ) from error
            ratings[chosen] = _probabilities(logits, self.activation)[:, self.column].numpy()
        return ratings

    def _tokens(self, texts: Sequence[str]) -> dict[str, list[list[int]]]:
        """Return what the tokenizer gives for each text: at least one token."""
        most = longest(self)
        tokens = dict(self.tokenizer(list(texts), truncation=most is not None, max_length=most))
        for place, ids in enumerate(tokens["input_ids"]):
            if not ids:  # an empty text, of which a tokenizer without special tokens makes nothing
                blank = {"input_ids": self._blank, "attention_mask": 1}
                for name, rows in tokens.items():
                    rows[place] = [blank.get(name, 0)]
        return tokens

    @property
    def _blank(self) -> int:
        kinds = ("unk", "cls", "bos", "eos", "pad")
        known = [getattr(self.tokenizer, f"{kind}_token_id") for kind in kinds]
        said = [one for one in known if one is not None] + self.tokenizer(" ")["input_ids"]
        return int(said[0]) if said else 0


def batches_of_one_length(
    lengths: Int[np.ndarray, " texts"], size: int
) -> Iterator[Int[np.ndarray, " batch"]]:
    """Yield the indices of texts that have equally many tokens, `size` at a time.

    Without padding a rating depends on its text alone, but for the rounding of a matrix product.
    """
    order = np.argsort(lengths, kind="stable")
    ends = np.flatnonzero(np.diff(lengths[order])) + 1
    for group in np.split(order, ends):
        for start in range(0, len(group), size):
            yield group[start : start + size]


def longest(classifier: Classifier) -> int | None:
    """Return how many tokens the model reads; None where neither it nor its tokenizer says."""
    model = classifier.model
    limits = [classifier.tokenizer.model_max_length]
    positions = getattr(model.config, "max_position_embeddings", None)
    # XLNet, which reads any length, says -1.
    if positions is not None and positions > 0:
        # RoBERTa and its kin number positions from after the padding token.
        table = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
        padding = getattr(table, "padding_idx", None)
        limits.append(positions if padding is None else positions - padding - 1)
    most = min(limits)
    # A tokenizer that knows no limit says 10^30.
    return most if most < 10**9 else None


def load_classifier(name: str, commit: str | None, device: str, *, trust: bool) -> tuple[Any, Any]:
    """Return the model and the tokenizer of a folder or a hub id.

    Args:
        name: The folder or the id.
        commit: Which version of a model on the hub.
        device: Where the model runs.
        trust: Whether code that comes with the model may run.

    Raises:
        ConfigError: There is no such device.
        DataError: They cannot be found or read, hold code and no trust, or the classifying layer
            has no weights.
    """
    where = usable_device(device)
    said: dict[str, Any] = {"revision": commit, "trust_remote_code": trust}
    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(name, **said)
            require_vocabulary(tokenizer, name, commit)
            model, loading = AutoModelForSequenceClassification.from_pretrained(
                name, output_loading_info=True, weights_only=True, **said
            )
    except Exception as error:  # every format of weights has errors of its own
        raise own_code(f"The classifier {name!r}", error) or not_loaded(name, error) from error
    require_complete(name, loading["missing_keys"])
    accelerate(model)
    return model.to(where).eval(), tokenizer


def require_complete(name: str, missing: Sequence[str] | set[str]) -> None:
    """Refuse a model that would rate with random weights."""
    if missing:
        raise DataError(
            f"{name!r} holds no weights for {len(missing)} parts of the model, such as "
            f"{min(missing)}, so its ratings would be random; give a trained text classifier."
        )


def column_of(name: str, label: str, labels: Sequence[str]) -> int:
    """Return which of `labels` is `label`.

    Raises:
        ConfigError: It is none of them.
    """
    if label not in labels:
        raise ConfigError(
            f"The classifier {name!r} has no label {named(label)}.{did_you_mean(label, labels)} "
            f"It has: {listing(labels)}."
        )
    return labels.index(label)


def commit_of(name: str, revision: str | None) -> str:
    """Return the commit of a model on the hub that a branch or tag stands for.

    Raises:
        DataError: There is no such model, or neither a network nor a downloaded copy.
    """
    try:
        with quiet_transformers():
            # Unlike a download of one file, this does not try again for half a minute.
            folder = snapshot_download(name, revision=revision, allow_patterns=["config.json"])
    except (OSError, ValueError) as error:
        raise not_loaded(name, error) from error
    return Path(folder).name


def not_loaded(name: str, error: Exception) -> DataError:
    """Return the error for a classifier that cannot be found or read."""
    return DataError(
        f"The classifier {name!r} cannot be loaded ({first_line(error)}); give the id of a text "
        "classifier on the hub and a network, or the folder of a downloaded one."
    )


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers from drawing progress bars, and leave its setting as it was."""
    shown = transformers_logging.is_progress_bar_enabled()
    downloads_hidden = are_progress_bars_disabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()
            # That call shows those of the hub as well.
            if downloads_hidden:
                disable_progress_bars()
        elif not downloads_hidden:
            enable_progress_bars()


def _probabilities(
    logits: Float[torch.Tensor, "batch labels"], activation: Activation
) -> Float[torch.Tensor, "batch labels"]:
    if activation == "none":
        return logits
    return logits.softmax(dim=1) if activation == "softmax" else logits.sigmoid()
