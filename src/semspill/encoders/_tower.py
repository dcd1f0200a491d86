"""One tower of a bi-encoder: from text to tokens, from tokens to vectors that can be trained."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from jaxtyping import Float
from torch import Tensor, nn

from semspill._tokens import Tokens
from semspill.corpus import Text


class Tower(nn.Module, ABC):
    """A torch module that turns texts into vectors."""

    dim: int
    """Length of a vector."""
    unit: bool
    """Whether every vector has length 1 (up to rounding); else rows are raw."""
    learning_rate: float = 1e-3
    """A peak learning rate of AdamW that suits this kind of tower, for who does not choose one."""
    encode_batch: int = 256
    """How many texts are encoded at once, also in training, where all pieces of a batch keep their
    graph; never changes the vectors beyond rounding."""
    table: str | None = None
    """Name of a weight that has one row per token id, such as `"bag.weight"`, if `forward` uses
    ids for nothing but to look up its rows. Training then holds only the rows that occur in what
    is learned from, with ids renumbered to match, and puts them back after each epoch: the result
    is the same, and most of the work on a large vocabulary is saved."""

    @abstractmethod
    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        """Return the token ids of each text, special tokens included.

        Args:
            texts: `head` keeps its start and `tail` its end when a text is too long.
            max_tokens: The most tokens a text may have.
        """

    @abstractmethod
    def forward(self, tokens: Tokens) -> Float[Tensor, "texts dim"]:
        """Return one vector per text, on the device of the weights."""

    def reading(self) -> str:
        """Return what else than weights and the encoder's fields decides its vectors, as text."""
        return ""

    def save_assets(self, folder: Path) -> None:
        """Write what `Encoder.restore` needs besides the weights; nothing by default."""
        return None
