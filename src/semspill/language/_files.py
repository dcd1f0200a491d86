"""Where the files of a language model lie; light to import."""

import json
from pathlib import Path
from typing import Any

from semspill._files import place_of
from semspill._hub import hub_has
from semspill._read import parse_json
from semspill.errors import DataError
from semspill.language._settings import LanguageFields
from semspill.language._templates import PlainTemplate, chat_digest, plain_digest

_READ = ["*.json", "*.jinja", "*.txt", "*.model"]
_WEIGHTS = ["*.safetensors", "*.bin"]


def lacking(spec: LanguageFields) -> str | None:
    """Return what must be had before a model can be read here; None where nothing."""
    if place_of(spec.model).is_dir():
        return None
    if hub_has(spec.model, spec.revision, weights=spec.weights == "pretrained"):
        return None
    return f"needs a download: {spec.model} from the hub, or a folder as `model`"


def folder_of(spec: LanguageFields) -> Path:
    """Return the folder of a model, fetched from the hub where it is none.

    Raises:
        DataError: The model is neither on this machine nor to be had from the hub.
    """
    folder = place_of(spec.model)
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download  # heavy, and only here

    def fetched(*patterns: str) -> Path:
        wanted = [*_READ, *patterns]
        return Path(snapshot_download(spec.model, revision=spec.revision, allow_patterns=wanted))

    try:
        if spec.gguf_file is not None:
            return fetched(spec.gguf_file)
        if spec.weights == "random":
            return fetched()
        folder = fetched("*.safetensors")
        return folder if any(folder.glob("*.safetensors")) else fetched("pytorch_model*.bin")
    except (OSError, ValueError) as error:
        raise DataError(
            f"Model {spec.model!r} is not on this machine and the hub did not give it "
            f"({type(error).__name__}); give the path of a folder that holds it."
        ) from error


def files_of(spec: LanguageFields) -> tuple[Path, ...]:
    """Return the files whose content decides what is loaded.

    Raises:
        DataError: The model is neither on this machine nor to be had from the hub.
    """
    folder = folder_of(spec)
    if spec.gguf_file is not None:
        return (folder / spec.gguf_file,)
    kinds = _READ + (_WEIGHTS if spec.weights == "pretrained" else [])
    return tuple(sorted({path for kind in kinds for path in folder.glob(kind)}))


def template_digest(spec: LanguageFields) -> str:
    """Return the SHA-256 of how a model's contexts are written down, without loading it.

    The template of a GGUF file is not looked at: the file's own content stands for it.
    """
    if spec.template == "plain":
        return PlainTemplate().digest
    if spec.gguf_file is not None:
        return plain_digest(spec.template)
    chat = _chat_template(folder_of(spec))
    return PlainTemplate().digest if chat is None else chat_digest(chat)


def vocabulary_of(spec: LanguageFields) -> int | None:
    """Return how many tokens a model knows; None where its config is not here, or does not say."""
    config = _json(place_of(spec.model) / "config.json")
    size = config.get("vocab_size") or (config.get("text_config") or {}).get("vocab_size")
    return size if isinstance(size, int) and size > 1 else None


def _chat_template(folder: Path) -> str | None:
    own = folder / "chat_template.jinja"
    if own.is_file():
        return own.read_text(encoding="utf-8")
    given = _json(folder / "tokenizer_config.json").get("chat_template")
    if given is None or isinstance(given, str):
        return given
    return json.dumps(given, sort_keys=True)  # several by name


def _json(path: Path) -> dict[str, Any]:
    try:
        held = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}
