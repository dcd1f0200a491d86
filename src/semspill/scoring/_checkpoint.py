"""Detoxify checkpoints: fetched, verified and opened without running any code in them."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from detoxify import detoxify

from semspill._device import usable_device
from semspill._fast.layers import accelerate
from semspill._hub import first_line, require_vocabulary
from semspill.errors import DataError
from semspill.scoring._classifier import (
    Classifier,
    column_of,
    quiet_transformers,
    require_complete,
)
from semspill.scoring._files import hash_file

# The names Detoxify itself gives to the labels of its first model.
_RENAMED = {
    "identity_hate": "identity_attack",
    "severe_toxic": "severe_toxicity",
    "toxic": "toxicity",
}


def load_detoxify(
    checkpoint: Path, config: Path | None, label: str, batch_size: int, device: str
) -> Classifier:
    """Return the classifier in a checkpoint, built by Detoxify's own `get_model_and_tokenizer`.

    Detoxify's `load_checkpoint` is passed by, because it unpickles whatever the file holds.

    Args:
        checkpoint: A file as Detoxify saves it: `config` and `state_dict`.
        config: Folder of the config and tokenizer files; None fetches what the checkpoint names.
        label: The label whose probability is the rating.
        batch_size: Texts per forward pass, at most.
        device: Where the model runs.

    Raises:
        DataError: The checkpoint, the config or the tokenizer cannot be found or used.
        ConfigError: The checkpoint has no such label, or there is no such device.
    """
    where = usable_device(device)
    loaded = open_checkpoint(checkpoint)
    try:
        arch = dict(loaded["config"]["arch"]["args"])
        labels = [
            _RENAMED.get(said, said) for said in loaded["config"]["dataset"]["args"]["classes"]
        ]
        weights = loaded["state_dict"]
        # The checkpoint picks classes by name; only these two kinds are let through.
        known = bool(re.fullmatch(r"\w+ForSequenceClassification", arch["model_name"]))
        known = known and bool(re.fullmatch(r"\w+Tokenizer(Fast)?", arch["tokenizer_name"]))
    except (KeyError, TypeError) as error:
        raise DataError(_malformed(checkpoint, f"{type(error).__name__}: {error}")) from error
    if not known or not isinstance(weights, Mapping):
        raise DataError(_malformed(checkpoint, "other classes than a classifier's"))
    column = column_of(checkpoint.name, label, labels)
    # Detoxify asks the hub for the config even when it is given a folder; the folder's name
    # in place of the model's makes it read the folder, with the checkpoint's number of labels.
    source = str(config.expanduser()) if config else arch["model_type"]
    try:
        with quiet_transformers():
            model, tokenizer = detoxify.get_model_and_tokenizer(
                **{**arch, "model_type": source}, state_dict=weights
            )
            require_vocabulary(tokenizer, source)
    except Exception as error:  # what a config of noise raises is anybody's guess
        raise DataError(
            f"The config, tokenizer and weights of {checkpoint} do not come together "
            f"({first_line(error)}); give `config`, a folder with config.json and the tokenizer "
            f"files of {arch.get('model_type')!r}."
        ) from error
    require_complete(str(checkpoint), model.state_dict().keys() - weights.keys())
    accelerate(model)
    model = model.to(where).eval()
    return Classifier(model, tokenizer, column, "sigmoid", batch_size)


def open_checkpoint(path: Path) -> Mapping[str, Any]:
    """Return what a checkpoint holds, refusing anything but tensors and plain values.

    Raises:
        DataError: The file is missing, is no checkpoint, or holds other objects.
    """
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
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
    if not isinstance(loaded, Mapping):
        raise DataError(_malformed(path, type(loaded).__name__))
    return loaded


def official_checkpoint(model_type: str) -> tuple[Path, str]:
    """Return where an official checkpoint lies or will lie, and where it comes from."""
    url = detoxify.MODEL_URLS[model_type]
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


def _malformed(path: Path, got: str) -> str:
    return (
        f"{path} is not a Detoxify checkpoint ({got}); it must hold `state_dict` and a `config` "
        "with arch.args (model_type, model_name, tokenizer_name, num_classes) and "
        "dataset.args.classes."
    )
