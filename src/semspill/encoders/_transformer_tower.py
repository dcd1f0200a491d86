"""The tower of a pretrained transformer; importing this module imports torch."""

import json
import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import copyfile
from typing import cast, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from semspill._atomic import write_text
from semspill._onednn import use_onednn
from semspill._random import torch_seed
from semspill._read import parse_json
from semspill.corpus import Text
from semspill.encoders._dropout import use_fast_dropout
from semspill.encoders._layout import Layout
from semspill.encoders._packing import Part, let_pack, packed, packs_rightly, padded
from semspill.encoders._pretrained import find_model, read_weights, rebuild
from semspill.encoders._subwords import Subwords
from semspill.encoders._tokens import Tokens
from semspill.encoders._tower import Tower
from semspill.encoders._transformer import Pooling, TransformerEncoder
from semspill.encoders._two_tower import TwoTower
from semspill.errors import DataError


def build(encoder: TransformerEncoder, rng: np.random.Generator) -> TwoTower:
    """Return the bi-encoder of `encoder` with pretrained weights."""
    layout = Layout.of(find_model(encoder.model))
    pooling = _pooling(encoder, layout)
    unit = encoder.normalize if encoder.normalize != "auto" else layout.unit is not False
    trust = encoder.trust_remote_code
    subwords = Subwords.read(encoder.model, layout.transformer, trust=trust)
    model = read_weights(encoder.model, layout.transformer, torch_seed(rng), trust=trust)
    if model.config.is_encoder_decoder and hasattr(model, "decoder"):
        raise DataError(
            f"Model {encoder.model!r} is an encoder with a decoder; take a model that only "
            "encodes, or its input embeddings with the encoder 'static'."
        )
    form = Form(pooling, unit, layout.longest or subwords.longest, layout.prompt, layout.lower)
    tower = TransformerTower(model, subwords, form)
    if encoder.projection is not None:
        generator = torch.Generator().manual_seed(torch_seed(rng))
        tower.project(encoder.projection, generator)
    return _two_tower(encoder, tower)


def restore(encoder: TransformerEncoder, folder: Path) -> TwoTower:
    """Return a bi-encoder of the saved shape, with arbitrary weights."""
    form = Form(**parse_json((folder / "tower.json").read_text(encoding="utf-8")))
    model = rebuild(folder, trust=encoder.trust_remote_code)
    tower = TransformerTower(model, Subwords.restore(folder), form)
    if encoder.projection is not None:
        tower.project(encoder.projection, torch.Generator())
    return _two_tower(encoder, tower)


def _two_tower(encoder: TransformerEncoder, tower: "TransformerTower") -> TwoTower:
    return TwoTower(encoder, tower, None if encoder.tied else deepcopy(tower))


def _pooling(encoder: TransformerEncoder, layout: Layout) -> Pooling:
    if encoder.pooling != "auto":
        return encoder.pooling
    if layout.further:
        raise DataError(
            f"Model {encoder.model!r} has modules that pooling='auto' cannot follow "
            f"({', '.join(layout.further)}); choose {_choices()} to use its transformer alone."
        )
    if layout.pooling not in (None, *get_args(Pooling)):
        raise DataError(
            f"Model {encoder.model!r} pools by {layout.pooling!r}, which is not supported; choose "
            f"{_choices()}."
        )
    return cast(Pooling, layout.pooling or "mean")


def _choices() -> str:
    return " or ".join(f"pooling={choice!r}" for choice in get_args(Pooling))


@dataclass(frozen=True)
class Form:
    """How texts are given to a transformer, and one vector is made of what it gives."""

    pooling: Pooling
    """How token vectors become one."""
    unit: bool
    """Whether vectors are scaled to length 1."""
    longest: int | None = None
    """Most tokens of a text beside what the model has positions for."""
    prompt: str = ""
    """What stands before every text."""
    lower: bool = False
    """Whether texts are lowercased."""

    def text(self, text: Text) -> Text:
        """Return what the model reads of a text."""
        head, tail = text
        if self.lower:
            head, tail = head.lower(), tail.lower()
        if not self.prompt or head or not tail:
            return Text(self.prompt + head, tail)
        # Head and tail are joined by a space; a prompt must survive a cut, so it is the head.
        if self.prompt.endswith(" "):
            return Text(self.prompt[:-1], tail)
        first, _, rest = tail.partition(" ")
        return Text(self.prompt + first, rest)


class TransformerTower(Tower):
    """Runs a transformer and pools its token vectors.

    Args:
        model: Gives one vector per token.
        subwords: Its tokenizer.
        form: How texts are given to it, and vectors made.
    """

    learning_rate = 5e-5
    encode_batch = 256

    def __init__(self, model: PreTrainedModel, subwords: Subwords, form: Form) -> None:
        super().__init__()
        self.model = model
        self.subwords = subwords
        self.form = form
        self.unit = form.unit
        self.packs = let_pack(model)
        self._tried = False
        use_onednn(model)
        use_fast_dropout(model)
        self.dim = model.config.hidden_size
        self.projection: nn.Parameter | None = None

    def project(self, dim: int, generator: torch.Generator) -> None:
        """Add a linear layer, drawn so that it keeps dot products on average."""
        weights = torch.randn(dim, self.dim, generator=generator)
        self.projection = nn.Parameter(weights / math.sqrt(dim))
        self.dim = dim

    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        """Return the subwords of each text, special tokens included."""
        most = min(max_tokens, _positions(self.model), self.form.longest or max_tokens)
        return self.subwords.tokenize([self.form.text(text) for text in texts], most, special=True)

    def forward(self, tokens: Tokens) -> Float[Tensor, "texts dim"]:
        """Return one vector per text."""
        order = np.argsort(tokens.lengths, kind="stable")
        ordered = tokens.take(order)
        if self.packs and self.model.device.type == "cpu" and self._packs_rightly():
            parts = packed(self.model, ordered)
        else:
            parts = padded(self.model, ordered, self.subwords.special.pad)
        rows = torch.cat([_pool(part, self.form.pooling) for part in parts])
        rows = rows[torch.from_numpy(np.argsort(order)).to(rows.device)]
        if self.projection is not None:
            rows = functional.linear(rows, self.projection)
        return functional.normalize(rows, dim=1) if self.unit else rows

    def _packs_rightly(self) -> bool:
        """Return whether packing was tried on this model and found right."""
        if not self._tried:
            self.packs = packs_rightly(self.model)
            self._tried = True
        return self.packs

    def reading(self) -> str:
        """Return what makes a vector of the weights' output: tokenizer, pooling, scaling."""
        return f"{self.subwords.backend.to_str()} {self.subwords.special} {self.form}"

    def save_assets(self, folder: Path) -> None:
        """Write the tokenizer, the model's config and how vectors are made."""
        self.subwords.save(folder)
        self.model.config.save_pretrained(folder)
        if getattr(self.model.config, "auto_map", None):  # it was made by code of its own
            for code in Path(self.model.name_or_path).glob("*.py"):
                copyfile(code, folder / code.name)
        write_text(folder / "tower.json", json.dumps(asdict(self.form)) + "\n")


def _pool(part: Part, pooling: Pooling) -> Float[Tensor, "texts hidden"]:
    states, mask = part
    if pooling == "cls":
        return states[:, 0]
    if pooling == "max":
        kept = states if mask is None else states.masked_fill(~mask[:, :, None], -torch.inf)
        return kept.amax(dim=1)
    if mask is None:
        return states.mean(dim=1)
    return (states * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


def _positions(model: PreTrainedModel) -> int:
    """Return how many tokens the model has positions for."""
    most = getattr(model.config, "max_position_embeddings", None)
    for name, part in model.named_modules():
        # RoBERTa and its kin count positions from behind the padding id.
        if name.endswith("position_embeddings") and isinstance(part, nn.Embedding):
            first = 0 if part.padding_idx is None else part.padding_idx + 1
            return part.num_embeddings - first
    return 10**9 if most is None else most
