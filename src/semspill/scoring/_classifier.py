"""Sequence classifiers in torch: loading them safely, and running them in batches by length."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from huggingface_hub import snapshot_download
from jaxtyping import Float, Int
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from semspill._device import usable_device
from semspill._fast.layers import accelerate, verified
from semspill._hub import (
    first_line,
    own_code,
    positions_of,
    quiet_transformers,
    require_vocabulary,
)
from semspill._mask import listing, named
from semspill.errors import ConfigError, DataError, did_you_mean

Activation = Literal["softmax", "sigmoid", "none"]


@dataclass(frozen=True, eq=False)
class Loaded:
    """A classifier as it was read, on the CPU."""

    name: str
    """What the user called it, for messages."""
    model: Any
    """A transformers model for sequence classification."""
    tokenizer: Any
    """The tokenizer the model was trained with."""
    labels: Sequence[str]
    """The names of its outputs, in order."""
    activation: Activation
    """What makes a probability of the outputs."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """A model with its tokenizer, of whose outputs one or more are ratings."""

    model: Any
    """A transformers model for sequence classification, in evaluation mode."""
    tokenizer: Any
    """The tokenizer the model was trained with."""
    names: tuple[str, ...]
    """The labels that are rated, that of the toxicity first if there is one."""
    columns: tuple[int, ...]
    """Which outputs those are."""
    activation: Activation
    """What makes a probability of the outputs."""
    batch_size: int
    """Texts per forward pass, at most."""

    @classmethod
    def of(
        cls,
        load: Callable[[], Loaded],
        names: Callable[[Loaded], tuple[str, ...]],
        batch_size: int,
        device: str,
        fast: bool,
    ) -> "Classifier":
        """Return what `load` reads, ready to rate; `fast` lets it run by speed-ups that fit.

        Args:
            load: Reads the model.
            names: Which labels are rated, given what was read.
            batch_size: Texts per forward pass, at most.
            device: Where it runs.
            fast: Whether it may run by speed-ups.

        Raises:
            DataError: It cannot be read.
            ConfigError: It has no such label, or there is no such device.
        """
        where = usable_device(device)
        read = load()
        rated = names(read)
        columns = tuple(_column_of(read.name, name, read.labels) for name in rated)
        model = read.model.eval()
        if fast:
            _speed_up(model)
        model = model.to(where)
        return cls(model, read.tokenizer, rated, columns, read.activation, batch_size)

    @torch.inference_mode()
    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, "texts labels"]:
        """Return the probability of each rated label for each text; a long text loses its end."""
        ratings = np.zeros((len(texts), len(self.columns)))
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
            found = _probabilities(logits, self.activation)
            ratings[chosen] = found[:, list(self.columns)].numpy()
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
        ids = [one for one in known if one is not None] + self.tokenizer(" ")["input_ids"]
        return int(ids[0]) if ids else 0


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
    # A tokenizer that knows no limit says 10^30.
    limits = [classifier.tokenizer.model_max_length, positions_of(classifier.model), 10**9]
    most: int = min(limit for limit in limits if limit is not None)
    return most if most < 10**9 else None


def load_classifier(
    name: str, commit: str | None, activation: Activation | Literal["auto"], *, trust: bool
) -> Loaded:
    """Return the classifier of a folder or a hub id, at a commit of the hub.

    Raises:
        DataError: It cannot be found or read, holds code and no trust, or the classifying layer
            has no weights.
    """
    options: dict[str, Any] = {"revision": commit, "trust_remote_code": trust}
    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(name, **options)
            require_vocabulary(tokenizer, name, commit)
            model, loading = AutoModelForSequenceClassification.from_pretrained(
                name, output_loading_info=True, weights_only=True, **options
            )
    except Exception as error:  # every format of weights has errors of its own
        raise own_code(f"The classifier {name!r}", error) or _not_loaded(name, error) from error
    require_complete(name, loading["missing_keys"])
    labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
    if activation == "auto":
        activation = auto_activation(model.config.problem_type, len(labels))
    return Loaded(name, model, tokenizer, labels, activation)


def rated_labels(read: Loaded, label: str | None, labels: Sequence[str] | None) -> tuple[str, ...]:
    """Return which labels are rated: that of the toxicity first, then the kinds of harm.

    Args:
        read: The classifier.
        label: The label that is the toxicity; None for the highest of the kinds.
        labels: Those that are kinds of harm; None for all, where several may hold at once.

    Raises:
        ConfigError: None is left.
    """
    if labels is None:
        several = read.activation == "sigmoid" and len(read.labels) > 1
        labels = read.labels if several else ()
    rated = tuple(dict.fromkeys([*([] if label is None else [label]), *labels]))
    if not rated:
        raise ConfigError(
            f"No label of the classifier {read.name!r} is rated; give `label`, or `labels`, of "
            "which the highest is the rating."
        )
    return rated


def auto_activation(problem: str | None, labels: int) -> Activation:
    """Return what turns a model's outputs into ratings, as its config says what they are."""
    if problem == "regression":
        return "none"
    return "sigmoid" if problem == "multi_label_classification" or labels == 1 else "softmax"


def _speed_up(model: Any) -> None:
    """Accelerate a model, if it classifies a short text as it does without."""
    ids = torch.arange(5)[None] % model.get_input_embeddings().weight.shape[0]

    def logits() -> list[torch.Tensor]:
        return [model(input_ids=ids).logits]

    accelerate(model)
    verified(model, logits, logits)


def require_complete(name: str, missing: Collection[str]) -> None:
    """Refuse a model that would rate with random weights."""
    if missing:
        raise DataError(
            f"{name!r} holds no weights for {len(missing)} parts of the model, such as "
            f"{min(missing)}, so its ratings would be random; give a trained text classifier."
        )


def _column_of(name: str, label: str, labels: Sequence[str]) -> int:
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
        raise _not_loaded(name, error) from error
    return Path(folder).name


def _not_loaded(name: str, error: Exception) -> DataError:
    """Return the error for a classifier that cannot be found or read."""
    return DataError(
        f"The classifier {name!r} cannot be loaded ({first_line(error)}); give the id of a text "
        "classifier on the hub and a network, or the folder of a downloaded one."
    )


def _probabilities(
    logits: Float[torch.Tensor, "batch labels"], activation: Activation
) -> Float[torch.Tensor, "batch labels"]:
    if activation == "none":
        return logits
    return logits.softmax(dim=1) if activation == "softmax" else logits.sigmoid()
