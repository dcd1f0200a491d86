"""The tower of static token vectors; importing this module imports torch."""

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from semspill._atomic import write_text
from semspill._random import torch_seed
from semspill._read import parse_json
from semspill.corpus import Text
from semspill.encoders._bag import BagTower
from semspill.encoders._layout import Layout
from semspill.encoders._pretrained import find_model, read_weights
from semspill.encoders._static import StaticEncoder
from semspill.encoders._subwords import Subwords
from semspill.encoders._tokens import Tokens
from semspill.encoders._two_tower import TwoTower


def build(encoder: StaticEncoder, rng: np.random.Generator) -> TwoTower:
    """Return the bi-encoder of `encoder` with the model's input embeddings."""
    folder = Layout.of(find_model(encoder.model)).transformer
    trust = encoder.trust_remote_code
    subwords = Subwords.read(encoder.model, folder, trust=trust)
    model = read_weights(encoder.model, folder, torch_seed(rng), trust=trust)
    weights = model.get_input_embeddings().weight.detach().clone()
    return _two_tower(encoder, StaticTower(subwords, weights))


def restore(encoder: StaticEncoder, folder: Path) -> TwoTower:
    """Return a bi-encoder of the saved shape, with zeros for weights."""
    shape = parse_json((folder / "tower.json").read_text(encoding="utf-8"))
    weights = torch.zeros(shape["rows"], shape["dim"])
    return _two_tower(encoder, StaticTower(Subwords.restore(folder), weights))


def _two_tower(encoder: StaticEncoder, tower: "StaticTower") -> TwoTower:
    return TwoTower(encoder, tower, None if encoder.tied else deepcopy(tower))


class StaticTower(BagTower):
    """Averages the vectors of a text's subwords.

    Args:
        subwords: The tokenizer of the model that the vectors come from.
        weights: One row per token of its vocabulary.
    """

    learning_rate = 2e-3

    def __init__(self, subwords: Subwords, weights: Float[Tensor, "rows dim"]) -> None:
        super().__init__(weights)
        self.subwords = subwords

    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        """Return the subwords of each text, without special tokens."""
        return self.subwords.tokenize(texts, max_tokens, special=False)

    def reading(self) -> str:
        """Return the tokenizer, as text."""
        return f"{self.subwords.backend.to_str()} {self.subwords.special}"

    def save_assets(self, folder: Path) -> None:
        """Write the tokenizer and the shape of the weights."""
        self.subwords.save(folder)
        rows, dim = self.bag.weight.shape
        write_text(folder / "tower.json", json.dumps({"rows": rows, "dim": dim}) + "\n")
