"""Sequence classifiers in torch: loading them safely, and running them in batches by length."""

import pickle
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlparse

import numpy as np
import torch
from detoxify.detoxify import MODEL_URLS
from huggingface_hub import snapshot_download
from jaxtyping import Float, Int
from transformers import (
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from semspill._device import usable_device
from semspill._fast.layers import accelerate, verified
from semspill._hub import first_line, own_code, quiet_transformers, require_vocabulary
from semspill._mask import listing, named
from semspill.errors import ConfigError, DataError, did_you_mean
from semspill.scoring._files import hash_file

Activation = Literal["softmax", "sigmoid", "none"]
# The names Detoxify itself gives to the labels of its first model.
_RENAMED = {
    "identity_hate": "identity_attack",
    "severe_toxic": "severe_toxicity",
    "toxic": "toxicity",
}


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

    @classmethod
    def of(
        cls, load: Callable[[], Loaded], label: str, batch_size: int, device: str, fast: bool
    ) -> "Classifier":
        """Return a classifier that is ready to rate.

        Args:
            load: Reads it.
            label: The label whose probability is the rating.
            batch_size: Texts per forward pass, at most.
            device: Where the model runs.
            fast: Whether it may run by speed-ups, where they give the same.

        Raises:
            DataError: It cannot be read.
            ConfigError: It has no such label, or there is no such device.
        """
        where = usable_device(device)
        read = load()
        column = _column_of(read.name, label, read.labels)
        model = read.model.eval()
        if fast:
            _speed_up(model)
        return cls(model.to(where), read.tokenizer, column, read.activation, batch_size)

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


def load_classifier(
    name: str, commit: str | None, activation: Activation | Literal["auto"], *, trust: bool
) -> Loaded:
    """Return the classifier of a folder or a hub id.

    Args:
        name: The folder or the id.
        commit: Which version of a model on the hub.
        activation: What makes a probability of the outputs; `auto` as the model's config says.
        trust: Whether code that comes with the model may run.

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
    _require_complete(name, loading["missing_keys"])
    labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
    if activation == "auto":
        activation = auto_activation(model.config.problem_type, len(labels))
    return Loaded(name, model, tokenizer, labels, activation)


def auto_activation(problem: str | None, labels: int) -> Activation:
    """Return what turns a model's outputs into ratings, as its config says what they are."""
    if problem == "regression":
        return "none"
    return "sigmoid" if problem == "multi_label_classification" or labels == 1 else "softmax"


def load_checkpoint(path: Path, config: Path | None) -> Loaded:
    """Return the classifier of a Detoxify checkpoint, without running any code in it.

    Detoxify's own `load_checkpoint` unpickles whatever the file holds.

    Args:
        path: A file as Detoxify saves it: `config` and `state_dict`.
        config: Folder of the config and tokenizer files; None fetches what the checkpoint names.

    Raises:
        DataError: The checkpoint, the config or the tokenizer cannot be found or used.
    """
    held = _opened(path)
    try:
        arch, weights = held["config"]["arch"]["args"], held["state_dict"]
        labels = [_RENAMED.get(name, name) for name in held["config"]["dataset"]["args"]["classes"]]
        base, count, known = str(arch["model_type"]), int(arch["num_classes"]), weights.keys()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is not a Detoxify checkpoint ({type(error).__name__}: {error}); it must hold "
            "`state_dict` and a `config` with arch.args (model_type, num_classes) and "
            "dataset.args.classes."
        ) from error
    source = str(config.expanduser()) if config else base
    try:
        with quiet_transformers():
            settings = AutoConfig.from_pretrained(source, num_labels=count, trust_remote_code=False)
            kind = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(settings)]
            model = kind.from_pretrained(None, config=settings, state_dict=dict(weights))
            tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
            require_vocabulary(tokenizer, source)
    except Exception as error:  # what a config of noise raises is anybody's guess
        raise DataError(
            f"The config, tokenizer and weights of {path} do not come together "
            f"({first_line(error)}); give `config`, a folder with config.json and the tokenizer "
            f"files of {base!r}."
        ) from error
    _require_complete(str(path), model.state_dict().keys() - known)
    return Loaded(path.name, model, tokenizer, labels, "sigmoid")


def _opened(path: Path) -> Any:
    """Return what a checkpoint holds, refusing anything but tensors and plain values."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DataError(
            f"{path} is not a file of tensors and plain values only, and opening any other could "
            "run foreign code; give a checkpoint that torch.load opens with weights_only=True."
        ) from error
    except Exception as error:  # what a file of noise raises is anybody's guess
        raise DataError(
            f"The checkpoint {path} cannot be read ({first_line(error)}); give a file that "
            "Detoxify saved."
        ) from error


def official_checkpoint(model_type: str) -> tuple[Path, str]:
    """Return where an official checkpoint lies or will lie, and where it comes from."""
    url = MODEL_URLS[model_type]
    name = Path(urlparse(url).path).name
    return Path(torch.hub.get_dir()) / "checkpoints" / name, url


def fetch_checkpoint(model_type: str) -> Path:
    """Return the official checkpoint, downloaded at first use and checked against its hash.

    It lies where Detoxify keeps it too: in `checkpoints` of torch's hub folder.

    Raises:
        DataError: It cannot be downloaded, or is not the official file.
    """
    path, url = official_checkpoint(model_type)
    prefix = path.stem.rpartition("-")[2]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(path), prefix, progress=False)
        except (OSError, RuntimeError) as error:
            raise DataError(
                f"The Detoxify model {model_type!r} cannot be downloaded from {url} "
                f"({first_line(error)}); connect to a network, or give `checkpoint` and `config`."
            ) from error
    if not hash_file(path).startswith(prefix):
        raise DataError(
            f"{path} is not the official Detoxify model: its SHA-256 must begin with {prefix}; "
            "delete it to download it again."
        )
    return path


def _speed_up(model: Any) -> None:
    """Accelerate a model, if it classifies a short text as it does without."""
    ids = torch.arange(5)[None] % model.get_input_embeddings().weight.shape[0]

    def logits() -> list[torch.Tensor]:
        return [model(input_ids=ids).logits]

    accelerate(model)
    verified(model, logits, logits)


def _require_complete(name: str, missing: Collection[str]) -> None:
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
