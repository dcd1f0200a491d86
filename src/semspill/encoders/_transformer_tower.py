"""The tower of a pretrained transformer; importing this module imports torch."""

import json
import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from semspill._atomic import write_text
from semspill._fast.layers import alike
from semspill._fast.packing import Part, packed, padded, speed_up
from semspill._hub import first_line, positions_of
from semspill._random import torch_seed
from semspill._read import parse_json
from semspill._tokens import Tokens
from semspill.corpus import Text
from semspill.encoders._availability import find_model
from semspill.encoders._pretrained import (
    bare,
    read_modules,
    read_weights,
    rebuild,
    transformer_folder,
)
from semspill.encoders._subwords import Subwords
from semspill.encoders.two_tower import Tower
from semspill.errors import DataError

_MODULES = "modules"
# Of various lengths, in upper and lower case.
_TRIED = ["Oh no!", "I heard a noise.", "a"]


@dataclass(frozen=True)
class Form:
    """How texts are given to a transformer, and what is done with its vectors."""

    unit: bool = True
    """Whether vectors are scaled to length 1."""
    prompt: str = ""
    """What stands before every text."""
    prompt_length: int = 0
    """How many tokens the prompt has, with the special ones before it."""

    def text(self, text: Text) -> Text:
        """Return what the model reads of a text."""
        head, tail = text
        if not self.prompt or head or not tail:
            return Text(self.prompt + head, tail)
        # Head and tail are joined by a space; a prompt must survive a cut, so it is the head.
        if self.prompt.endswith(" "):
            return Text(self.prompt[:-1], tail)
        first, _, rest = tail.partition(" ")
        return Text(self.prompt + first, rest)


class TransformerTower(Tower):
    """Runs a transformer, and on its token vectors further modules of sentence-transformers.

    Args:
        model: Gives one vector per token; on the CPU.
        subwords: Its tokenizer.
        modules: Make one vector per text of those, such as a pooling and a dense layer.
        form: How texts are given to it.
        fast: Whether it may run by speed-ups, where they give the same.
    """

    learning_rate = 5e-5
    encode_batch = 256

    def __init__(
        self,
        model: PreTrainedModel,
        subwords: Subwords,
        modules: Sequence[nn.Module],
        form: Form,
        *,
        fast: bool,
    ) -> None:
        super().__init__()
        self.model = model
        self.poolers = nn.ModuleList(modules)
        self.subwords = subwords
        self.form = form
        self.unit = form.unit
        self.projection: nn.Parameter | None = None
        self.eval()
        self.packs = fast and speed_up(model)
        self.dim = self.rows(["a"]).shape[1]

    @classmethod
    def read(
        cls,
        model: str,
        rng: np.random.Generator,
        pooling: Literal["auto", "mean", "cls", "max"],
        *,
        trust: bool,
        fast: bool,
    ) -> "TransformerTower":
        """Return a tower with pretrained weights; `auto` pools as the model's own modules do.

        Raises:
            DataError: It cannot be read, or its modules cannot be followed.
        """
        folder, seed = find_model(model), torch_seed(rng)
        inner = transformer_folder(folder)
        transformer = read_weights(model, inner, seed, trust=trust)
        if transformer.config.is_encoder_decoder and hasattr(transformer, "decoder"):
            raise DataError(
                f"Model {model!r} is an encoder with a decoder; take a model that only "
                "encodes, or its input embeddings with the encoder 'static'."
            )
        hidden = transformer.config.hidden_size
        if not (folder / "modules.json").is_file():
            subwords = Subwords.read(model, inner, trust=trust)
            modules = [Pooling(hidden, "mean" if pooling == "auto" else pooling)]
            return cls(transformer, subwords, modules, Form(), fast=fast)
        whole = read_modules(model, folder, seed, trust=trust)
        chosen = None if pooling == "auto" else Pooling(hidden, pooling)
        try:
            return cls._of_modules(whole, chosen, fast=fast)
        except Exception as error:  # a module may need anything of the one before
            raise DataError(
                f"Model {model!r} has modules that need more than the vectors of tokens, or a "
                f"setting that semspill does not follow ({first_line(error)}); choose a pooling, "
                "such as 'mean', to use its transformer alone."
            ) from error

    @classmethod
    def _of_modules(
        cls, whole: SentenceTransformer, chosen: nn.Module | None, *, fast: bool
    ) -> "TransformerTower":
        expected = torch.from_numpy(whole.encode(_TRIED, show_progress_bar=False))
        first, *modules = whole
        unit = bool(modules) and isinstance(modules[-1], Normalize)
        subwords = Subwords.of(whole.tokenizer)
        prompt = whole.prompts[whole.default_prompt_name] if whole.default_prompt_name else ""
        form = Form(unit, prompt or "", subwords.length_of(prompt or ""))
        own = modules[:-1] if unit else modules
        tower = cls(bare(first.model), subwords, [chosen] if chosen else own, form, fast=fast)
        if chosen is None and not alike([tower.rows(_TRIED)], [expected]):
            raise ValueError("the vectors are not those of sentence-transformers")
        return tower

    @classmethod
    def restored(cls, folder: Path, *, trust: bool, fast: bool) -> "TransformerTower":
        """Return a tower of the shape that was saved, with arbitrary weights."""
        form = Form(**parse_json((folder / "tower.json").read_text(encoding="utf-8")))
        modules = read_modules("modules", folder / _MODULES, 0, trust=trust)
        model = rebuild(folder, trust=trust)
        return cls(model, Subwords.restore(folder), list(modules), form, fast=fast)

    def finished(
        self, unit: bool | Literal["auto"], dim: int | None, rng: np.random.Generator
    ) -> "TransformerTower":
        """Return this tower with what the user chose.

        Args:
            unit: Whether vectors are scaled to length 1.
            dim: Length of vectors after a linear layer, drawn so that it keeps dot products on
                average; None for no such layer.
            rng: Draws that layer.
        """
        self.unit = self.form.unit if unit == "auto" else unit
        if dim is not None:
            generator = torch.Generator().manual_seed(torch_seed(rng))
            weights = torch.randn(dim, self.dim, generator=generator)
            self.projection = nn.Parameter(weights / math.sqrt(dim))
            self.dim = dim
        return self

    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        """Return the subwords of each text, special tokens included."""
        limits = [max_tokens, self.subwords.longest, positions_of(self.model)]
        most = min(limit for limit in limits if limit is not None)
        return self.subwords.tokenize([self.form.text(text) for text in texts], most, special=True)

    @torch.no_grad()
    def rows(self, texts: Sequence[str]) -> Float[Tensor, "texts dim"]:
        """Return one vector per text, as long as the model reads it."""
        rows: Float[Tensor, "texts dim"]
        rows = self(self.tokenize([Text(text, "") for text in texts], 10**9))
        return rows

    def forward(self, tokens: Tokens) -> Float[Tensor, "texts dim"]:
        """Return one vector per text."""
        order = np.argsort(tokens.lengths, kind="stable")
        ordered = tokens.take(order)
        if self.packs and self.model.device.type == "cpu":
            parts = packed(self.model, ordered)
        else:
            parts = padded(self.model, ordered, self.subwords.special.pad)
        rows = torch.cat([self._pooled(part) for part in parts])
        rows = rows[torch.from_numpy(np.argsort(order)).to(rows.device)]
        if self.projection is not None:
            rows = functional.linear(rows, self.projection)
        return functional.normalize(rows, dim=1) if self.unit else rows

    def _pooled(self, part: Part) -> Float[Tensor, "texts size"]:
        features: Any = {"token_embeddings": part.states, "prompt_length": self.form.prompt_length}
        if part.mask is not None:
            features["attention_mask"] = part.mask.long()
        for module in self.poolers:
            features = module(features)
        rows: Float[Tensor, "texts size"] = features["sentence_embedding"]
        return rows

    def reading(self) -> str:
        """Return what makes a vector of the weights' output: tokenizer, pooling, scaling."""
        return f"{self.subwords.backend.to_str()} {self.subwords} {self.form} {self.poolers}"

    def save_assets(self, folder: Path) -> None:
        """Write the tokenizer, the model's config and how vectors are made."""
        self.subwords.save(folder)
        self.model.config.save_pretrained(folder)
        if getattr(self.model.config, "auto_map", None):  # it was made by code of its own
            for code in Path(self.model.name_or_path).glob("*.py"):
                copyfile(code, folder / code.name)
        modules = SentenceTransformer(modules=deepcopy(list(self.poolers)), device="cpu")
        modules.save(str(folder / _MODULES), create_model_card=False)
        write_text(folder / "tower.json", json.dumps(asdict(self.form)) + "\n")
