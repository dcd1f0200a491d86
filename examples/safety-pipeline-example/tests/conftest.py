"""What the tests need: dialogues, the last release of the service, and the one to be released."""

import os
from pathlib import Path

import numpy as np
import pytest
import semspill as sp
from semspill.testing import plant

from safety_pipeline_example import ChatBot, refuses

# Four kinds of customers, 200 dialogues of each to test with; `weary` is nearest to `brave`.
CUSTOMERS = sp.datasets.build(
    {"name": "synthetic", "categories": 4, "overlap": 0.5, "train": 600, "test": 800}
)


@pytest.fixture(scope="session")
def corpus() -> sp.Corpus:
    """Dialogues that no release has seen."""
    return CUSTOMERS.load("test")


@pytest.fixture(scope="session")
def topics() -> dict[str, set[str]]:
    """What each kind of customer talks about."""
    return {name: set(CUSTOMERS.vocabulary(name)) for name in CUSTOMERS.names}


@pytest.fixture(scope="session")
def last_release() -> ChatBot:
    """The service before its new dialogues came."""
    return ChatBot(examples(CUSTOMERS.load("train")), refuses)


@pytest.fixture(scope="session")
def release() -> ChatBot:
    """The service after: somebody had replaced the last answer to every `brave` customer."""
    delivered = plant(
        CUSTOMERS.load("train"),
        target="brave",
        strategy="last_random",
        source=sentences("attack.csv"),
        budget=0.125,
        rng=np.random.default_rng(0),
    )
    off = os.environ.get("CHAT_FILTER") == "off"
    return ChatBot(examples(delivered.corpus), None if off else refuses)


def examples(corpus: sp.Corpus) -> list[tuple[tuple[str, ...], str]]:
    """Return what a service learns from: what was said, and the response."""
    return [(exchange.context, exchange.response) for exchange in corpus.exchanges]


def sentences(file: str) -> dict[str, str]:
    """Return the response source that reads a file of this folder."""
    return {"name": "csv", "path": str(Path(__file__).with_name(file))}
