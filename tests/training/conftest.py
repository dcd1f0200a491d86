"""A small corpus that can be learned, and a small transformer whose dropout can be replayed."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from semspill import Corpus, Dialogue, Encoder, Utterance
from semspill.corpus import Text
from semspill.encoders import BiEncoder
from semspill.encoders.two_tower import Tokens, Tower, TwoTower

WORDS = 64


class AttentionTower(Tower):
    """One attention layer over padded words, and dropout drawn text by text, shortest first."""

    dim = 8
    unit = False
    learning_rate = 1e-2

    def __init__(self, drop: float) -> None:
        super().__init__()
        self.drop = drop
        self.words = nn.Embedding(WORDS, self.dim)
        self.layer = nn.TransformerEncoderLayer(self.dim, 2, 16, dropout=0.0, batch_first=True)

    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        words = [f"{text.head} {text.tail}".split()[:max_tokens] for text in texts]
        return Tokens.of([[sum(word.encode()) % (WORDS - 1) + 1 for word in row] for row in words])

    def forward(self, tokens: Tokens) -> torch.Tensor:
        rows = np.split(torch.from_numpy(tokens.ids), tokens.offsets[1:-1].tolist())
        ids = nn.utils.rnn.pad_sequence([torch.as_tensor(row) for row in rows], batch_first=True)
        padding = ids == 0
        hidden = self.layer(self.words(ids), src_key_padding_mask=padding)
        means = hidden.masked_fill(padding[..., None], 0).sum(1) / (~padding).sum(1, keepdim=True)
        if not self.training:
            return means
        kept = torch.ones_like(means)
        for row in np.argsort(tokens.lengths, kind="stable"):
            kept[row] = (torch.rand(self.dim) >= self.drop) / (1 - self.drop)
        return means * kept


class AttentionEncoder(Encoder):
    """A transformer small enough for tests; raw rows."""

    citation = "original"
    drop: float = 0.0
    tied: bool = False
    at_once: int = 256

    def load(self, rng: np.random.Generator) -> BiEncoder:
        with torch.random.fork_rng():
            torch.manual_seed(int(rng.integers(2**32)))
            towers = [AttentionTower(self.drop) for _ in range(1 if self.tied else 2)]
        for tower in towers:
            tower.encode_batch = self.at_once
        return TwoTower(self, *towers)


class LineTower(Tower):
    """The text is the vector: a number."""

    dim = 1
    unit = False

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(1))

    def tokenize(self, texts, max_tokens):
        return Tokens.of([[int(text.head or text.tail)] for text in texts])

    def forward(self, tokens):
        return self.gain * torch.from_numpy(tokens.ids).float()[:, None]


class LineEncoder(Encoder):
    citation = "original"

    def load(self, rng):
        return TwoTower(self, LineTower())


def talk(name: str, category: str, *said: str) -> Dialogue:
    turns = [Utterance(text, ("speaker", "listener")[i % 2]) for i, text in enumerate(said)]
    return Dialogue(name, category, tuple(turns))


@pytest.fixture
def attention():
    return AttentionEncoder


@pytest.fixture
def line():
    return LineEncoder


@pytest.fixture
def numbers():
    """Makes a corpus whose contexts and responses are the given numbers."""
    return lambda *pairs: Corpus(
        tuple(talk(f"d{i}", "", *pair) for i, pair in enumerate(pairs)), name="numbers"
    )


@pytest.fixture
def lessons() -> Corpus:
    """120 exchanges whose context and response share no word, but go together by their numbers."""
    moods = ("joy", "fear")
    return Corpus(
        tuple(
            talk(
                f"d{i}", moods[i % 2], f"alpha{i % 30} well well" + " so" * (i % 4), f"beta{i % 30}"
            )
            for i in range(120)
        ),
        name="lessons",
    )
