"""Reading pretrained models: transformers folders, and the modules of sentence-transformers'."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from transformers import (
    MODEL_FOR_TEXT_ENCODING_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForTextEncoding,
    PreTrainedConfig,
    PreTrainedModel,
)

from semspill._fast.generators import seeded
from semspill._hub import first_line, own_code, quiet_transformers
from semspill.errors import DataError

_CPU = torch.device("cpu")


def transformer_folder(folder: Path) -> Path:
    """Return where a model's transformer lies: the folder, or its module `0_Transformer`."""
    inner = folder / "0_Transformer"
    return inner if not (folder / "config.json").is_file() and inner.is_dir() else folder


def read_weights(model: str, folder: Path, seed: int, *, trust: bool) -> PreTrainedModel:
    """Return a pretrained transformer in float32, without the pooler that its task head used.

    Of an encoder with a decoder, such as T5, the encoder alone is read where transformers can.

    Raises:
        DataError: The files are missing or broken, lack weights, or hold code and no trust.
    """
    with _reading(model, folder, "save_pretrained", seed):
        config = AutoConfig.from_pretrained(folder, trust_remote_code=trust)
        read, info = _kind(config).from_pretrained(
            folder,
            config=config,
            output_loading_info=True,
            trust_remote_code=trust,
            weights_only=True,
        )
    missing = sorted(key for key in info["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise DataError(
            f"Model {model!r} at {folder} lacks {len(missing)} weights, such as {missing[0]!r}; "
            "give a folder whose weights are complete."
        )
    return bare(read)


def read_modules(model: str, folder: Path, seed: int, *, trust: bool) -> SentenceTransformer:
    """Return the model of a sentence-transformers folder, all of its modules in float32.

    Raises:
        DataError: The files are missing or broken, or hold or name code and no trust.
    """
    with _reading(model, folder, "SentenceTransformer.save", seed):
        return SentenceTransformer(
            str(folder),
            device="cpu",
            trust_remote_code=trust,
            local_files_only=True,
            model_kwargs={"dtype": torch.float32, "weights_only": True},
        )


def rebuild(folder: Path, *, trust: bool) -> PreTrainedModel:
    """Return a transformer of the shape that `folder` describes, with arbitrary weights."""
    with seeded(_CPU, 0):
        config = AutoConfig.from_pretrained(folder, trust_remote_code=trust)
        return bare(_kind(config).from_config(config, trust_remote_code=trust))


def bare(model: PreTrainedModel) -> PreTrainedModel:
    """Return a transformer in float32 and in evaluation mode, without its pooler."""
    if getattr(model, "pooler", None) is not None:
        # It is for classification: unused here, and random where the files lack it.
        model.pooler = None
    return model.float().eval()


def _kind(config: PreTrainedConfig) -> Any:
    encodes = type(config) in MODEL_FOR_TEXT_ENCODING_MAPPING
    return AutoModelForTextEncoding if encodes else AutoModel


@contextmanager
def _reading(model: str, folder: Path, writer: str, seed: int) -> Iterator[None]:
    """Read without progress bars, torch seeded inside a fork, and name `model` in any error."""
    try:
        with quiet_transformers(), seeded(_CPU, seed):
            yield
    except Exception as error:  # every format of weights has errors of its own
        raise own_code(f"Model {model!r}", error) or DataError(
            f"Model {model!r} at {folder} cannot be read ({type(error).__name__}: "
            f"{first_line(error)}); give a folder that {writer} wrote."
        ) from error
