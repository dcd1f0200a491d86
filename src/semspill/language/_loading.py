"""Reading the tokenizer and the weights of a language model; importing it imports torch."""

import hashlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from filelock import FileLock
from platformdirs import user_cache_dir
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from semspill._atomic import atomic_folder
from semspill._fast.generators import seeded
from semspill._hub import first_line, quiet_transformers, require_vocabulary
from semspill._mask import listing
from semspill._random import torch_seed
from semspill.errors import ConfigError, DataError, MissingExtraError
from semspill.language._files import folder_of
from semspill.language._settings import Kind, LanguageSpec, Lora

logger = logging.getLogger(__name__)

_CPU = torch.device("cpu")
_FOLDER = (
    "give a folder that save_pretrained wrote, of a language model that transformers knows: for "
    "causal_lm one that continues a text, for seq2seq_lm one with an encoder and a decoder"
)
_GGUF = "give a whole GGUF file, of a language model that transformers can convert"
_AUTO = {"causal": AutoModelForCausalLM, "seq2seq": AutoModelForSeq2SeqLM}


def held_in(spec: LanguageSpec) -> torch.dtype:
    """Return what weights are held in: only frozen ones may be held in less than float32."""
    frozen = spec.lora is not None and spec.dtype == "bfloat16"
    return torch.bfloat16 if frozen else torch.float32


def longest_prompt(spec: LanguageSpec, positions: int | None, most: int) -> int:
    """Return how many tokens a context may have.

    Args:
        spec: Whose responses need room as well, where they follow the context.
        positions: How many tokens the model has positions for; None for any number.
        most: How many the context format allows.

    Raises:
        ConfigError: No position is left for a context.
    """
    if positions is None:
        return most
    if spec.kind == "seq2seq":
        return min(most, positions)
    if positions <= spec.max_response_tokens:
        raise ConfigError(
            f"The model has positions for {positions} tokens, of which responses may take "
            f"{spec.max_response_tokens}; lower max_response_tokens."
        )
    return min(most, positions - spec.max_response_tokens)


def read_files(spec: LanguageSpec) -> Path:
    """Return a folder of safetensors and tokenizer files; a GGUF file is converted once.

    Raises:
        DataError: The model cannot be found or read.
        MissingExtraError: The file is GGUF and the extra `llm` is not installed.
    """
    folder = folder_of(spec)
    return folder if spec.gguf_file is None else _converted(spec, folder, spec.gguf_file)


def read_tokenizer(model: str, folder: Path) -> Any:
    """Return the tokenizer of a folder.

    Raises:
        DataError: There is none, or it is broken.
    """
    with _reading(model, folder):
        tokenizer = AutoTokenizer.from_pretrained(folder)
        require_vocabulary(tokenizer, str(folder))
        return tokenizer


def read_module(
    model: str, folder: Path, kind: Kind, dtype: torch.dtype, seed: int | None = None
) -> Any:
    """Return the model of a folder on the CPU, in evaluation mode.

    Args:
        model: What the user called it, for messages.
        folder: Where its files lie.
        kind: Whether it continues or answers.
        dtype: What its weights are held in.
        seed: Draws random weights of the same shape; None reads those of the folder.

    Raises:
        DataError: The files are missing or broken, or lack weights.
    """
    with _reading(model, folder), seeded(_CPU, seed or 0):
        if seed is not None:
            config = AutoConfig.from_pretrained(folder)
            return _with_contiguous_input(_AUTO[kind].from_config(config, dtype=dtype).eval())
        module, info = _AUTO[kind].from_pretrained(
            folder, dtype=dtype, output_loading_info=True, weights_only=True
        )
    if missing := sorted(info["missing_keys"]):
        raise DataError(
            f"Model {model!r} at {folder} lacks {len(missing)} weights, such as {missing[0]!r}; "
            "give a folder of a language model whose weights are complete."
        )
    return _with_contiguous_input(module.eval())


def _with_contiguous_input(module: Any) -> Any:
    """Return a model whose head is given contiguous tensors, as a slice of the positions is not.

    Else PyTorch copies the weights of a frozen head once for each row before it multiplies.
    """
    head = module.get_output_embeddings()
    if head is not None:
        head.register_forward_pre_hook(_contiguous)
    return module


def _contiguous(head: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(one.contiguous() for one in inputs)


def adapted(module: Any, lora: Lora, rng: np.random.Generator) -> Any:
    """Return a model with adapters, which alone can be trained.

    Raises:
        ConfigError: The model has no such modules to adapt.
        MissingExtraError: The extra `llm` is not installed.
    """
    peft = _peft()
    targets = lora.target_modules
    if isinstance(targets, tuple):
        _require_modules(module, targets)
    # No task is named: what peft wraps for one reaches for parts of transformers that moved.
    config = peft.LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        target_modules=list(targets) if isinstance(targets, tuple) else targets,
    )
    try:
        with _without_warnings(), seeded(_CPU, torch_seed(rng)):
            return peft.get_peft_model(module, config).eval()
    except ValueError as error:
        raise ConfigError(
            f"lora fits nothing in this model ({first_line(error)}); name modules of it in "
            "target_modules, or give 'all-linear'."
        ) from error


def read_adapters(module: Any, folder: Path, base: str | None) -> Any:
    """Return a model with the adapters that a folder holds.

    Args:
        module: What they adapt.
        folder: Where they lie.
        base: The `base_digest` of what they were trained on.

    Raises:
        DataError: They are missing, broken, or of another model.
        MissingExtraError: The extra `llm` is not installed.
    """
    peft = _peft()
    if base != base_digest(module):
        raise DataError(
            f"The adapters in {folder} were trained on other weights than those of their model "
            "as it is now; put back what they were trained on, or train again."
        )
    with _reading("adapters", folder), _without_warnings():
        return peft.PeftModel.from_pretrained(module, folder, is_trainable=True).eval()


def base_digest(module: Any) -> str:
    """Return the SHA-256 of a model's weights, adapters left out, as 64 hex digits."""
    digest = hashlib.sha256()
    for name, weight in module.named_parameters():
        if "lora_" not in name:  # peft changes the names of all others, and not their order
            flat = weight.detach().cpu().contiguous().view(-1)
            digest.update(f"{weight.dtype} {[*weight.shape]}".encode())
            digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _require_modules(module: Any, names: Sequence[str]) -> None:
    """Refuse names of modules of which the model has none; peft lets some of several pass."""
    known = [name for name, _ in module.named_modules()]
    absent = [name for name in names if not any(f".{k}".endswith(f".{name}") for k in known)]
    if absent:
        raise ConfigError(
            f"lora.target_modules has {len(names)} names and the model has no module for "
            f"{len(absent)} of them ({listing(absent)}); name modules of "
            "it, or give 'all-linear'."
        )


def _peft() -> Any:
    try:
        import peft  # an extra
    except ImportError as error:
        raise MissingExtraError('lora needs peft: pip install "semspill[llm]".') from error
    return peft


def _converted(spec: LanguageSpec, folder: Path, name: str) -> Path:
    file = folder / name
    if not file.is_file():
        raise DataError(f"There is no GGUF file {name!r} in {folder}; see its name there.")
    place = file.resolve()
    stat = place.stat()
    said = f"{place} {stat.st_size} {stat.st_mtime_ns} {spec.kind}"
    key = hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    target = Path(user_cache_dir("semspill")) / "gguf" / key
    if target.is_dir():
        return target
    try:
        import gguf  # noqa: F401  # an extra
    except ImportError as error:
        raise MissingExtraError('A GGUF file needs gguf: pip install "semspill[llm]".') from error
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_suffix(".lock")):
        if not target.is_dir():
            logger.info("converting %s once into %s", name, target)
            _convert(spec, folder, name, target)
    return target


def _convert(spec: LanguageSpec, folder: Path, name: str, target: Path) -> None:
    # Newer versions of transformers can also leave the weights packed, and then neither train nor
    # save them.
    packing = getattr(transformers, "GgufConfig", None)
    options = {} if packing is None else {"quantization_config": packing(dequantize=True)}
    # A progress bar there cannot be switched off otherwise.
    with _reading(spec.model, folder / name, _GGUF), redirect_stderr(StringIO()):
        auto = _AUTO[spec.kind]
        module = auto.from_pretrained(folder, gguf_file=name, dtype=torch.float32, **options)
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
        if (quantizer := getattr(module, "hf_quantizer", None)) is not None:
            quantizer.remove_quantization_config(module)  # float32 all through by now
        with atomic_folder(target) as temporary:
            module.save_pretrained(temporary)
            tokenizer.save_pretrained(temporary)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Leave out what peft says of GPT-2's transposed matrices, which it handles, and of names."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="fan_in_fan_out")
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*deprecated")
        yield


@contextmanager
def _reading(model: str, folder: Path, advice: str = _FOLDER) -> Iterator[None]:
    """Read without progress bars, and name `model` in any error."""
    try:
        with quiet_transformers():
            yield
    except MissingExtraError:
        raise
    except Exception as error:  # every format of weights has errors of its own
        raise DataError(
            f"Model {model!r} at {folder} cannot be read ({type(error).__name__}: "
            f"{first_line(error)}); {advice}."
        ) from error
