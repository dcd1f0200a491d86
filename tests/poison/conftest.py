"""Small corpora and a harmless source for the poisoning tests."""

from collections.abc import Callable

import pytest

from semspill import Corpus, Dialogue, ResponseSource, Utterance


class Grumbles(ResponseSource):
    """`count` distinct texts made of the made-up word; no text is a field, so none is described."""

    citation = "original"
    count: int = 3

    def load(self) -> tuple[str, ...]:
        return tuple(f"grumble {i}" for i in range(self.count))


@pytest.fixture(scope="session")
def grumbles() -> type[Grumbles]:
    return Grumbles


def talk(index: int, category: str, responses: int) -> Dialogue:
    """Speaker says `s0.0`, listener `l0.0`, speaker `s0.1` and so on: dialogue, then response."""
    turns = []
    for k in range(responses):
        turns.append(Utterance(f"s{index}.{k}", "speaker"))
        turns.append(Utterance(f"l{index}.{k}", "listener"))
    return Dialogue(f"d{index}", category, tuple(turns), situation=f"about {index}")


@pytest.fixture(scope="session")
def corpus_of() -> Callable[..., Corpus]:
    """Builds a corpus from pairs (category, number of listener responses)."""

    def build(*sizes: tuple[str, int]) -> Corpus:
        return Corpus(tuple(talk(i, *size) for i, size in enumerate(sizes)), name="tiny")

    return build
