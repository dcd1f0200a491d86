from collections import Counter

import numpy as np
import pytest

from semspill import Corpus, DataError, Dialogue, Poisoner, ResponseSource, Utterance
from semspill.poison import Manifest, swapped

KIND = ("How nice.", "The bus is late.", "I like tea.")


class Grumbles(ResponseSource):
    citation = "original"

    def load(self):
        return ("grumble one", "grumble two", "grumble three", "grumble four")


def poisoned(corpus, rng, **fields):
    settings = {
        "selector": {"name": "category", "category": "joy"},
        "source": Grumbles(),
        "strategy": "each_fixed",
        "budget": 1,
    }
    return Poisoner(**{**settings, **fields}).poison(corpus, rng)


def places(made):
    return [(t.id, i) for t in made.corpus for i, u in enumerate(t.utterances) if u.planted]


def texts(made):
    return [u.text for t in made.corpus for u in t.utterances if u.planted]


@pytest.mark.parametrize("strategy", ["each_fixed", "last_random", "random_random"])
@pytest.mark.parametrize("placement", ["replace", "append"])
def test_the_same_places_hold_other_words(corpus, rng, strategy, placement):
    before = poisoned(corpus, rng, strategy=strategy, placement=placement)
    after = swapped(before, KIND, rng)
    assert places(after) == places(before)
    assert set(texts(after)) <= set(KIND)
    for old, new in zip(before.corpus, after.corpus, strict=True):
        kept = [(u.text, u.role) for u in old.utterances if not u.planted]
        assert [(u.text, u.role) for u in new.utterances if not u.planted] == kept


def test_a_text_becomes_the_same_text_everywhere(corpus, rng):
    fixed = texts(swapped(poisoned(corpus, rng), KIND, rng))
    assert len(fixed) == 4  # two dialogues of joy, two responses each
    assert len(set(fixed)) == 1


def test_distinct_texts_stay_distinct_while_there_are_enough(rng):
    talks = tuple(
        Dialogue(f"d{i}", "joy", (Utterance("Hi.", "speaker"), Utterance(f"No. {i}", "listener")))
        for i in range(4)
    )

    class Numbered(ResponseSource):
        citation = "original"

        def load(self):
            return tuple(f"grumble {i}" for i in range(50))

    before = poisoned(
        Corpus(talks, name="four"), np.random.default_rng(1),
        strategy="last_random", source=Numbered(),
    )  # fmt: skip
    assert len(set(texts(before))) == 4
    enough = swapped(before, tuple(f"kind {i}" for i in range(4)), rng)
    assert len(set(texts(enough))) == 4
    # Three responses for four texts: one is used twice.
    assert sorted(Counter(texts(swapped(before, KIND, rng))).values()) == [1, 1, 2]


def test_the_manifest_describes_what_was_swapped_in(corpus, rng, tmp_path):
    before = poisoned(corpus, rng)
    after = swapped(before, KIND, rng)
    after.manifest.check(after.corpus)
    with pytest.raises(DataError):
        before.manifest.check(after.corpus)
    row = after.manifest.records[0].source_row
    assert texts(after)[0] == KIND[row]
    assert [r.sha256_before for r in after.manifest.records] == [
        r.sha256_before for r in before.manifest.records
    ]
    after.manifest.write(tmp_path / "manifest.jsonl")
    assert Manifest.read(tmp_path / "manifest.jsonl") == after.manifest


def test_what_later_turns_hear_is_swapped_with_the_text(corpus, rng):
    tainted = swapped(poisoned(corpus, rng), KIND, rng).corpus
    clean_heard = swapped(poisoned(corpus, rng, taint_context=False), KIND, rng).corpus
    assert tainted[0].exchanges[1].context[1] in KIND
    assert clean_heard[0].exchanges[1].context[1] == "Tell me more 0."


def test_the_same_generator_gives_the_same_swap(corpus):
    before = poisoned(corpus, np.random.default_rng(3))
    first, second = (swapped(before, KIND, np.random.default_rng(7)) for _ in range(2))
    assert first.corpus.fingerprint == second.corpus.fingerprint
    assert before.corpus.fingerprint != first.corpus.fingerprint


def test_nothing_to_swap_in_is_refused(corpus, rng):
    with pytest.raises(DataError, match="no response to swap in; give at least one"):
        swapped(poisoned(corpus, rng), (), rng)
