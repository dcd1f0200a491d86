"""Test inputs for components: a tiny corpus, and texts that break careless code."""

import pickle
from functools import cache
from typing import TypeAlias

from semspill.corpus import Corpus, Dialogue, Exchange, Utterance
from semspill.datasets import datasets

Exchanges: TypeAlias = tuple[Exchange, ...]

ODD_TEXTS = (
    "",
    " ",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f631\U0001f3fd!",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643, \u05e9\u05dc\u05d5\u05dd",
    "e\u0301 \u4f60\u597d \ufb01 \u0130\u00df",
    "line\nbreak\ttab\x00nul",
    "grumble " * 1250,
    "a" * 10_000,
)
"""Nothing, a space, emoji, right to left, odd letters, control characters, 10,000 characters."""


def tiny_corpus(split: str = "train") -> Corpus:
    """Return some 60 dialogues of 4 utterances in 4 categories, `brave` among them.

    New ones at each call: a component that changes what it is given must not change it for others.
    """
    corpus: Corpus = pickle.loads(_tiny(split))
    return corpus


@cache
def _tiny(split: str) -> bytes:
    fields = {"categories": 4, "train": 60, "valid": 24, "test": 40}
    return pickle.dumps(datasets.build({"name": "synthetic", **fields}).load(split))


def odd_corpus(corpus: Corpus | None = None) -> Corpus:
    """Return a corpus in which some speakers and listeners say odd texts.

    Args:
        corpus: What they are added to; None for a tiny one.
    """
    plain = tiny_corpus() if corpus is None else corpus
    categories = plain.categories
    odd = tuple(
        odd_dialogue(number, categories[number % len(categories)])
        for number in range(len(ODD_TEXTS))
    )
    return Corpus(plain.dialogues + odd, name="odd")


def odd_dialogue(number: int, category: str = "brave") -> Dialogue:
    """Return a dialogue in which both say the same of `ODD_TEXTS`."""
    text = ODD_TEXTS[number]
    turns = (Utterance(text, "speaker"), Utterance(text, "listener"))
    return Dialogue(f"odd-{number}", category, turns)


def label(text: str) -> str:
    """Return how a message names an odd text: in ASCII, its beginning and its length."""
    return ascii(text) if len(text) <= 20 else f"{text[:10]!a}... ({len(text)} characters)"
