"""A small corpus that can be learned, and small models: a transformer, a line, one of letters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from semspill import ContextFormat, Corpus, Dialogue, Encoder, Utterance
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


LETTERS = 32
END = 1
READS = ContextFormat(max_tokens=40)


class Reader(nn.Module):
    """Each token from the two before it and the mean of all before; dropout between."""

    def __init__(self, drop, dim=12):
        super().__init__()
        self.letters = nn.Embedding(LETTERS, dim, padding_idx=0)
        self.mix = nn.Linear(3 * dim, dim)
        self.drop = nn.Dropout(drop)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, LETTERS)

    def forward(self, ids):
        seen = self.letters(ids)
        before = torch.cat([torch.zeros_like(seen[:, :1]), seen[:, :-1]], dim=1)
        counts = torch.arange(1, ids.shape[1] + 1)[None, :, None]
        mean = seen.cumsum(1) / counts
        return self.head(
            self.norm(self.drop(torch.tanh(self.mix(torch.cat([seen, before, mean], 2)))))
        )


@dataclass(eq=False)
class LetterModel:
    """What a `LanguageFinetuner` asks of a language model."""

    module: nn.Module
    context: ContextFormat = READS
    learning_rate: float = 1e-2

    def prompts(self, exchanges):
        rows = [self.context.apply(exchange) for exchange in exchanges]
        return [letters(f"{row.head} {row.tail}")[-self.context.max_tokens :] for row in rows]

    def responses(self, texts):
        return [np.append(letters(text)[:24], END) for text in texts]

    def nll(self, prompts, responses):
        rows = [np.concatenate(pair) for pair in zip(prompts, responses, strict=True)]
        ids = nn.utils.rnn.pad_sequence([torch.from_numpy(row) for row in rows], batch_first=True)
        logs = self.module(ids[:, :-1]).log_softmax(-1)
        each = -logs.gather(2, ids[:, 1:, None])[..., 0]
        found = [
            row[len(prompt) - 1 : len(prompt) - 1 + len(response)]
            for row, prompt, response in zip(each, prompts, responses, strict=True)
        ]
        held = [torch.ones(len(row), dtype=torch.bool) for row in found]
        return tuple(nn.utils.rnn.pad_sequence(part, batch_first=True) for part in (found, held))

    def with_context(self, context):
        return replace(self, context=context)


@dataclass(frozen=True)
class LetterSource:
    """Loads a `LetterModel` with random weights."""

    drop: float = 0.0
    frozen: bool = False

    def __call__(self, rng):
        with torch.random.fork_rng():
            torch.manual_seed(int(rng.integers(2**32)))
            module = Reader(self.drop)
        if self.frozen:
            module.letters.requires_grad_(False)
        return LetterModel(module.eval())


def letters(text):
    return np.array([2 + ord(letter) % (LETTERS - 2) for letter in text], dtype=np.int64)


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


@pytest.fixture
def letters_of():
    """What loads a language model of letters with random weights."""
    return LetterSource


@pytest.fixture
def before_steps():
    """Calls a function with the optimizer before each of its steps, until the test ends."""
    handles = []
    yield lambda watch: handles.append(register_optimizer_step_pre_hook(watch))
    for handle in handles:
        handle.remove()
