"""Models of the Hugging Face hub: whether one is on this machine, and faults of one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from semspill.errors import DataError

_CONFIG = ("config.json",)
_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


def hub_has(repository: str, revision: str | None = None, *, weights: bool = True) -> bool:
    """Return whether the hub's cache holds a model.

    Args:
        repository: Id of the model on the hub.
        revision: Branch, tag or commit; None for the main branch.
        weights: Whether its weights are wanted too, and not only its config.

    Example:
        >>> hub_has("nobody/has-this-model")
        False
    """
    from huggingface_hub import try_to_load_from_cache  # heavy, and only here
    from huggingface_hub.errors import HFValidationError

    def any_of(names: Sequence[str]) -> bool:
        paths = [try_to_load_from_cache(repository, name, revision=revision) for name in names]
        return any(isinstance(path, str) for path in paths)

    try:
        return any_of(_CONFIG) and (not weights or any_of(_WEIGHTS))
    except HFValidationError:  # a folder that is not there, or no name that the hub allows
        return False


def own_code(model: str, error: Exception) -> DataError | None:
    """Return the error for a model that wants to run code of its own; None for any other error.

    Args:
        model: What the user called it, for the message.
        error: What transformers raised when the model was read.
    """
    if "trust_remote_code" not in str(error):
        return None
    return DataError(
        f"{model} carries code of its own, which is not run; set trust_remote_code to true if you "
        "trust its author, or take a model that transformers knows."
    )


def require_vocabulary(tokenizer: Any, folder: str, revision: str | None = None) -> None:
    """Refuse a tokenizer that was made without files, which knows no word.

    Args:
        tokenizer: What transformers made of the folder.
        folder: A folder, or the id of a model on the hub.
        revision: Branch, tag or commit on the hub.

    Raises:
        FileNotFoundError: Its files are missing.
    """
    from huggingface_hub import try_to_load_from_cache  # heavy, and only here

    def there(name: str) -> bool:
        if Path(folder).is_dir():
            return (Path(folder) / name).is_file()
        return isinstance(try_to_load_from_cache(folder, name, revision=revision), str)

    names = dict(tokenizer.vocab_files_names)
    whole = names.pop("tokenizer_file", None)
    if (whole and there(whole)) or not (whole or names):
        return
    # Byte-pair encoding needs its merges too; what else some tokenizers list may be left out.
    needed = [names[key] for key in ("vocab_file", "merges_file") if key in names]
    absent = [name for name in needed or names.values() if not there(name)]
    if absent or not names:
        files = " or ".join(filter(None, (whole, " and ".join(absent))))
        raise FileNotFoundError(f"{files} is missing")


def positions_of(model: Any) -> int | None:
    """Return how many tokens a transformer has positions for; None where it reads any length."""
    for name, part in model.named_modules():
        # RoBERTa and its kin count positions from behind the padding id.
        if name.endswith("position_embeddings") and hasattr(part, "num_embeddings"):
            first = 0 if part.padding_idx is None else part.padding_idx + 1
            return int(part.num_embeddings - first)
    most = getattr(model.config, "max_position_embeddings", None)
    return most if most is not None and most > 0 else None  # XLNet says -1


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers from drawing progress bars, and leave its setting as it was."""
    from huggingface_hub.utils.tqdm import (  # heavy, and only here
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    downloads_hidden = are_progress_bars_disabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
            # That call shows those of the hub as well.
            if downloads_hidden:
                disable_progress_bars()
        elif not downloads_hidden:
            enable_progress_bars()


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, without its full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(". ")
