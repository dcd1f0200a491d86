"""Detoxify checkpoints: fetched, verified and opened without running any code in them."""

import pickle
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from detoxify.detoxify import MODEL_URLS
from transformers import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, AutoConfig, AutoTokenizer

from semspill._hub import first_line, quiet_transformers, require_vocabulary
from semspill.errors import DataError
from semspill.scoring._classifier import Loaded, require_complete
from semspill.scoring._files import hash_file

# The names Detoxify itself gives to the labels of its first model.
_RENAMED = {
    "identity_hate": "identity_attack",
    "severe_toxic": "severe_toxicity",
    "toxic": "toxicity",
}


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
    require_complete(str(path), model.state_dict().keys() - known)
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
