"""A shared aid computes nothing twice, and everything as without."""

import numpy as np
import pytest

from semspill import BiEncoder, ContextFormat, Corpus, Dialogue, Utterance, encoders
from semspill.defenses import Aid, defenses, shared, unmarked


def corpus_of(count=60, **marks):
    return Corpus(
        tuple(
            Dialogue(
                f"d{n}",
                "ab"[n % 2],
                (
                    Utterance(f"word{n % 7} word{n % 5} here", "speaker"),
                    Utterance(f"well word{n % 3} word{n % 4} then", "listener", **marks),
                ),
            )
            for n in range(count)
        ),
        name="numbered",
    )


class Counting(BiEncoder):
    """Counts what it encodes."""

    context = ContextFormat()

    def __init__(self):
        self.encoder = encoders.build({"name": "hashing", "dim": 8, "buckets": 64}).load(
            np.random.default_rng(0)
        )
        self.asked = []

    def encode_contexts(self, exchanges, *, progress=None):
        self.asked.append("contexts")
        return self.encoder.encode_contexts(exchanges)

    def encode_responses(self, texts, *, progress=None):
        self.asked.append("responses")
        return self.encoder.encode_responses(texts)


VECTORS = [
    "irrelevance",
    "mismatch",
    {"name": "mismatch", "neighbours": 3},
    {"name": "neighbour_rating", "rater": "lexicon"},
    "rftc",
    "spectral",
]


def test_nothing_is_encoded_or_searched_twice_and_numbers_stay_the_same(monkeypatch):
    searches = []
    partition = np.argpartition
    monkeypatch.setattr(
        np, "argpartition", lambda *a, **k: searches.append(1) or partition(*a, **k)
    )
    encoder = Counting()
    aid = shared(Aid(encoder=encoder))
    for fields in VECTORS:
        detector = defenses.build(fields)
        # Another object of equal content each time, as a cleaner makes it.
        corpus = unmarked(corpus_of(planted=True))
        found = detector.suspicion(corpus, aid.of(detector), np.random.default_rng(0))
        before = len(searches)
        alone = detector.suspicion(corpus_of(), Aid(encoder=Counting()), np.random.default_rng(0))
        del searches[before:]
        np.testing.assert_array_equal(found, alone)
    assert sorted(encoder.asked) == ["contexts", "responses"]
    assert len(searches) == 1


def test_other_content_is_encoded_anew_and_what_is_kept_cannot_be_changed():
    encoder = Counting()
    aid = shared(shared(Aid(encoder=encoder)))  # sharing what is shared adds nothing
    one, other = corpus_of(4), corpus_of(5)
    first = aid.encoder.encode_contexts(one.exchanges)
    assert len(aid.encoder.encode_contexts(other.exchanges)) == 5
    assert encoder.asked == ["contexts"] * 2
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 0


def test_a_training_is_shared_where_corpus_and_generator_are_the_same():
    trained = []

    def trainer(corpus, rng):
        trained.append((len(corpus), rng.random(), rng.spawn(2)[1].random()))
        return len(trained)

    def asked(train, corpus, rng):
        model = train(corpus, rng)
        # What the generator gives afterwards, itself and through a child.
        return model, rng.random(), rng.spawn(1)[0].random()

    def generators():
        return [
            np.random.default_rng(0),
            np.random.default_rng(1),
            *np.random.default_rng(0).spawn(1),
        ]

    once = shared(Aid(trainer=trainer)).trainer
    sizes = (4, 4, 5)
    shared_ = [asked(once, corpus_of(n), rng) for n in sizes for rng in generators()]
    assert len(trained) == 6  # two corpora, three states
    assert [row[0] for row in shared_] == [1, 2, 3, 1, 2, 3, 4, 5, 6]
    alone = [asked(trainer, corpus_of(n), rng) for n in sizes for rng in generators()]
    assert [row[1:] for row in shared_] == [row[1:] for row in alone]


def test_ratings_are_shared_by_what_is_rated(monkeypatch):
    rated = []
    lexicon = defenses.build({"name": "toxicity", "rater": "lexicon"}).rater
    rate = type(lexicon).rate
    monkeypatch.setattr(
        type(lexicon), "rate", lambda self, texts: rated.append(len(texts)) or rate(self, texts)
    )
    for name in ("toxicity", "neighbour_rating"):
        detector = defenses.build(
            {"name": name, "rater": {"name": "lexicon", "words": {"well": 1}}}
        )
        detector.suspicion(corpus_of(31), Aid(encoder=Counting()), np.random.default_rng(0))
    assert rated == [12]  # distinct responses: of 3 x 4 kinds
