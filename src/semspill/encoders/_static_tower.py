"""The tower of static token vectors; importing this module imports torch."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from semspill._atomic import write_text
from semspill._random import torch_seed
from semspill._read import parse_json
from semspill._tokens import Tokens
from semspill.corpus import Text
from semspill.encoders._availability import find_model
from semspill.encoders._bag import BagTower
from semspill.encoders._pretrained import read_weights, transformer_folder
from semspill.encoders._subwords import Subwords


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

    @classmethod
    def read(cls, model: str, rng: np.random.Generator, *, trust: bool) -> "StaticTower":
        """Return a tower with a pretrained model's input embeddings."""
        folder = transformer_folder(find_model(model))
        subwords = Subwords.read(model, folder, trust=trust)
        whole = read_weights(model, folder, torch_seed(rng), trust=trust)
        return cls(subwords, whole.get_input_embeddings().weight.detach().clone())

    @classmethod
    def restored(cls, folder: Path) -> "StaticTower":
        """Return a tower of the shape that was saved, with zeros for weights."""
        shape = parse_json((folder / "tower.json").read_text(encoding="utf-8"))
        return cls(Subwords.restore(folder), torch.zeros(shape["rows"], shape["dim"]))

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
