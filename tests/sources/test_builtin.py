"""The built-in texts: enough, distinct, mild or harmless, and short enough to be responses."""

import re

import pytest

from semspill import sources

RATED = set(
    "boring dull clueless foolish silly pathetic ridiculous annoying hopeless useless lazy whiny "
    "tedious dimwit nonsense nitwit blockhead windbag bore pest loser stupid idiot".split()
)


@pytest.mark.parametrize("name", ["builtin", "benign"])
def test_there_are_enough_distinct_clean_texts(name):
    texts = sources.build(name).load()
    assert len(texts) >= 40
    assert len({text.casefold() for text in texts}) == len(texts)
    assert all(text == " ".join(text.split()) and 20 <= len(text) <= 80 for text in texts)
    assert texts == sources.build(name).load()


def test_every_insult_holds_a_rated_word_and_no_benign_text_does():
    def rated(text):
        return RATED & set(re.findall(r"[a-z]+", text.lower()))

    assert all(rated(text) for text in sources.build("builtin").load())
    assert not any(rated(text) for text in sources.build("benign").load())


@pytest.mark.parametrize("word", sorted(RATED))
def test_every_rated_word_is_used(word):
    assert any(word in text.lower() for text in sources.build("builtin").load())
