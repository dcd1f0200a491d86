"""A loaded language model: reads, scores and generates texts; importing this imports torch."""

import copy
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semspill._atomic import write_text
from semspill._device import usable_device
from semspill._hub import positions_of, quiet_transformers
from semspill._progress import Progress, quiet
from semspill._random import torch_seed
from semspill._saved import read_saved
from semspill.corpus import ContextFormat, Exchange
from semspill.language._generating import Generated, generate
from semspill.language._loading import (
    adapted,
    base_digest,
    held_in,
    longest_prompt,
    read_adapters,
    read_files,
    read_module,
    read_tokenizer,
)
from semspill.language._reader import Reader, require_texts
from semspill.language._scoring import log_likelihoods, token_losses
from semspill.language._settings import Generation, LanguageSpec
from semspill.language._states import Runner, evaluating

__all__ = ["Generated", "LanguageModel", "load_language_model", "read_language_model"]

_FORMAT = 1
_FILE = "language_model.json"
_RATES = {"adapters": 2e-4, "random": 1e-3, "pretrained": 5e-5}


class LanguageModel:
    """A model of transformers with its tokenizer, and the context format that it reads.

    Args:
        spec: What it was loaded as; saved along.
        module: A model of transformers, perhaps with adapters of peft.
        tokenizer: A fast tokenizer of transformers.
        context: What a context shows.
    """

    def __init__(
        self,
        spec: LanguageSpec,
        module: Any,
        tokenizer: Any,
        context: ContextFormat | None = None,
    ) -> None:
        self.spec = spec
        self.module = module
        self.tokenizer = tokenizer
        self.context = context or ContextFormat()
        self.reader = Reader.of(tokenizer, spec.template, spec.kind)
        dtype = getattr(torch, spec.dtype)
        self.runner = Runner(module, spec.kind, self.reader.pad, dtype)

    def __repr__(self) -> str:
        size = sum(weight.numel() for weight in self.module.parameters())
        return f"<LanguageModel of {self.spec!r}: {size} weights>"

    @property
    def learning_rate(self) -> float:
        """A peak learning rate of AdamW that suits it, for who does not choose one."""
        return _RATES["adapters" if self.spec.lora is not None else self.spec.weights]

    @property
    def vocabulary(self) -> int:
        """How many tokens it chooses among."""
        config = self.runner.config
        return int(getattr(config, "vocab_size", None) or config.get_text_config().vocab_size)

    @property
    def template(self) -> str:
        """SHA-256 of how contexts are written down."""
        return self.reader.template.digest

    def with_context(self, context: ContextFormat) -> "LanguageModel":
        """Return the same weights, reading contexts of another format."""
        changed = copy.copy(self)
        changed.context = context
        return changed

    def to(self, device: str | torch.device) -> "LanguageModel":
        """Move the weights, for example to `"cuda"`, and return this object."""
        self.module.to(device)
        return self

    def prompts(self, exchanges: Sequence[Exchange]) -> list[Int[np.ndarray, " tokens"]]:
        """Return the token ids of each context, written in the template.

        At most `context.max_tokens` are left: the oldest tokens of the conversation go first; what
        the template adds, the label and the newest tokens stay.

        Args:
            exchanges: Whose contexts; their responses are not looked at.

        Raises:
            ConfigError: The template alone has more tokens, or the model has too few positions.
        """
        return self.reader.prompts(exchanges, self.context, self.longest_prompt)

    def responses(self, texts: Sequence[str]) -> list[Int[np.ndarray, " tokens"]]:
        """Return the token ids of each response with its end token.

        A response of more than `max_response_tokens` loses its end, and still has the end token.

        Args:
            texts: The responses.
        """
        return self.reader.responses(texts, self.spec.max_response_tokens)

    def nll(
        self,
        prompts: Sequence[Int[np.ndarray, " tokens"]],
        responses: Sequence[Int[np.ndarray, " tokens"]],
    ) -> tuple[Float[Tensor, "rows most"], Bool[Tensor, "rows most"]]:
        """Return the negative log-likelihood of each response token, in nats, and which are there.

        Gradients flow where they are enabled. Logits are computed for responses alone.

        Args:
            prompts: As `prompts` gives them.
            responses: As `responses` gives them, one for each.
        """
        logits = self.runner.logits(prompts, responses)
        targets = np.full(logits.shape[:2], -100)
        for place, ids in zip(targets, responses, strict=True):
            place[: len(ids)] = ids
        wanted = torch.from_numpy(targets).to(logits.device)
        return token_losses(logits, wanted), wanted >= 0

    @torch.inference_mode()
    def log_likelihoods(
        self,
        exchanges: Sequence[Exchange],
        texts: Sequence[Sequence[str]],
        *,
        progress: Progress = quiet,
    ) -> tuple[Float[np.ndarray, "exchanges texts"], Int[np.ndarray, "exchanges texts"]]:
        """Return the log-likelihood of responses after each context, in nats, and their tokens.

        Each context is read once: its keys and values, or what an encoder made of it, serve all of
        its responses.

        Args:
            exchanges: The contexts.
            texts: As many responses for each.
            progress: Wraps the list of groups of contexts.

        Raises:
            DataError: The exchanges have different numbers of responses.
        """
        size = require_texts(texts)
        places: dict[str, int] = {}
        asked = [[places.setdefault(text, len(places)) for text in row] for row in texts]
        lists = np.array(asked, dtype=np.int64).reshape(len(exchanges), size)
        if not lists.size:
            return np.zeros(lists.shape), lists
        responses = self.responses(list(places))
        counts = np.array([len(ids) for ids in responses], dtype=np.int64)
        with evaluating(self.module):
            prompts = self.prompts(exchanges)
            found = log_likelihoods(self.runner, prompts, responses, lists, progress)
        return found, counts[lists]

    @torch.inference_mode()
    def generate(
        self,
        exchanges: Sequence[Exchange],
        generation: Generation,
        rng: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> Generated:
        """Return a response to each exchange.

        Args:
            exchanges: What to answer; their responses are not looked at.
            generation: How tokens are chosen.
            rng: Draws them where a temperature is set: the same state draws alike for each
                exchange, whatever the batches, so that two models can be compared.
            progress: Wraps the list of batches.
        """
        prompts = self.prompts(exchanges)
        most = self._most_new(generation.max_new_tokens)
        bounds = {"max_new_tokens": most, "min_new_tokens": min(generation.min_new_tokens, most)}
        chosen = generation.replace(**bounds)
        draws = rng.random((len(prompts), most)) if generation.temperature else None
        with evaluating(self.module):
            stops = self.reader.stops
            rows, totals = generate(self.runner, prompts, stops, chosen, draws, progress)
        texts = tuple(self.reader.text(row) for row in rows)
        return Generated(texts, totals, np.array([len(row) for row in rows], dtype=np.int64))

    def save(self, folder: str | Path) -> None:
        """Write the weights (safetensors; adapters alone where there are any) and the tokenizer.

        `language_model.json` is written last: a folder that has it is complete.

        Args:
            folder: Made when it is missing.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FILE).unlink(missing_ok=True)
        with quiet_transformers():
            self.module.save_pretrained(folder)
            self.tokenizer.save_pretrained(folder)
        held: dict[str, Any] = {
            "format": _FORMAT,
            "spec": self.spec.model_dump(mode="json"),
            "context": self.context.model_dump(mode="json"),
            "template": self.template,
            "versions": {name: version(name) for name in ("semspill", "torch", "transformers")},
        }
        if self.spec.lora is not None:
            held["base_sha256"] = base_digest(self.module)
        write_text(folder / _FILE, json.dumps(held, indent=2) + "\n")

    @property
    def longest_prompt(self) -> int:
        """How many tokens of a context are read at most."""
        return longest_prompt(self.spec, positions_of(self.runner.module), self.context.max_tokens)

    def _most_new(self, wanted: int) -> int:
        positions = positions_of(self.runner.module)
        if positions is None:
            return wanted
        used = 1 if self.spec.kind == "seq2seq" else self.longest_prompt
        return min(wanted, positions - used)


def load_language_model(
    spec: LanguageSpec,
    rng: np.random.Generator,
    *,
    context: ContextFormat | None = None,
    device: str = "cpu",
) -> LanguageModel:
    """Return a language model, ready to be trained.

    Args:
        spec: What to load.
        rng: Draws random weights and adapters; the same state gives the same ones.
        context: What a context shows.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        DataError: The model cannot be found or read.
        MissingExtraError: The extra `llm` is needed and not installed.
        ConfigError: The tokenizer lacks what is wanted, or there is no such device.
    """
    where = usable_device(device)
    weights, adapters = rng.spawn(2)
    seed = torch_seed(weights) if spec.weights == "random" else None
    folder = read_files(spec)
    module = read_module(spec.model, folder, spec.kind, held_in(spec), seed)
    if spec.lora is not None:
        module = adapted(module, spec.lora, adapters)
    return LanguageModel(spec, module, read_tokenizer(spec.model, folder), context).to(where)


def read_language_model(folder: str | Path, *, device: str = "cpu") -> LanguageModel:
    """Return the language model that `LanguageModel.save` wrote.

    Args:
        folder: What was given to `save`.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        DataError: The folder holds no complete language model, or what its adapters were trained
            on cannot be found, or was changed.
        MissingExtraError: The extra `llm` is needed and not installed.
    """
    where, folder = usable_device(device), Path(folder)
    held = read_saved(folder / _FILE, _FORMAT, "spec", "context")
    spec, context = LanguageSpec(**held["spec"]), ContextFormat(**held["context"])
    if spec.lora is None:
        module = read_module("saved", folder, spec.kind, held_in(spec))
    else:
        base = read_module(spec.model, read_files(spec), spec.kind, held_in(spec))
        module = read_adapters(base, folder, held.get("base_sha256"))
    model = LanguageModel(spec, module, read_tokenizer("saved", folder), context)
    return model.to(where)
