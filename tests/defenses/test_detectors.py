"""Built-in detectors: what each finds suspicious, worked out by hand."""

import math
import sys

import numpy as np
import pytest

from semspill import BiEncoder, Corpus, Dialogue, Responses, TrainedModel, Utterance, datasets
from semspill.defenses import Aid, Cleaner, Detector, defenses
from semspill.errors import ConfigError, MissingExtraError
from semspill.testing import check_detector, plant


def corpus_of(*rows):
    """A corpus of one exchange per row: category, context, response."""
    return Corpus(
        tuple(
            Dialogue(f"d{n}", kind, (Utterance(said, "speaker"), Utterance(answer, "listener")))
            for n, (kind, said, answer) in enumerate(rows)
        ),
        name="rows",
    )


class Table(BiEncoder):
    """Encodes texts by a table."""

    def __init__(self, **vectors):
        self.vectors = vectors

    def encode_contexts(self, exchanges, *, progress=None):
        return self.encode_responses([exchange.context[-1] for exchange in exchanges])

    def encode_responses(self, texts, *, progress=None):
        return np.array([self.vectors[text] for text in texts], dtype=np.float32)


def suspicion(fields, corpus, **aid):
    detector = defenses.build(fields)
    given = Aid(**aid).of(detector)
    return detector.suspicion(corpus, given, np.random.default_rng(0)).tolist()


def test_frequency_counts_the_words_that_are_said_again():
    said = ["We are so very glad!", "we are so very glad", "Oh no.", "Oh no.", "Oh no.", "Fine"]
    corpus = corpus_of(*(("joy", "hi", text) for text in said))
    assert suspicion("frequency", corpus) == [5, 5, 0, 0, 0, 0]
    short = suspicion({"name": "frequency", "least_words": 2}, corpus)
    assert short == [5, 5, 4, 4, 4, 0]


@pytest.mark.parametrize(
    ("alike", "expected"),
    [
        # Words in common of all: 1-2 are the same set, 1-3 share 6 of 7, 1-4 share 5 of 7.
        (1.0, [0, 0, 0, 0, 0]),
        (0.85, [12, 12, 14, 0, 0]),
        (0.7, [18, 18, 14, 12, 0]),
    ],
)
def test_near_copies_share_most_of_their_words(alike, expected):
    said = [
        "you are such a silly goose",
        "Silly goose, such a you are!",
        "you are such a silly old goose",
        "you are such a silly bear",
        "something else is said here now",
    ]
    corpus = corpus_of(*(("joy", "hi", text) for text in said))
    assert suspicion({"name": "frequency", "alike": alike}, corpus) == pytest.approx(expected)


@pytest.mark.parametrize("alike", [0.5, 0.6, 0.75, 0.9])
def test_no_near_copy_is_missed_and_none_made_up(alike, rng):
    texts = [" ".join(rng.choice(list("abcdefgh"), rng.integers(5, 9))) for _ in range(150)]
    corpus = corpus_of(*(("joy", "hi", text) for text in texts))
    found = suspicion({"name": "frequency", "alike": alike}, corpus)
    sets = [set(text.split()) for text in texts]
    expected = [
        (sum(len(one & other) / len(one | other) >= alike - 1e-12 for other in sets) - 1)
        * len(text.split())
        for text, one in zip(texts, sets, strict=True)
    ]
    assert found == pytest.approx(expected)


def test_toxicity_is_the_rating_and_recall_takes_some_from_it():
    rater = {"name": "lexicon", "words": {"grumble": 0.8, "hm": 0.2}}
    corpus = corpus_of(*(("joy", "hi", text) for text in ["grumble", "hm", "fine", "grumble"]))
    fields = {"name": "toxicity", "rater": rater}
    assert suspicion(fields, corpus) == pytest.approx([0.8, 0.2, 0.0, 0.8])
    # One text is noticed everywhere or nowhere; what is below 0.5 anyway stays as it is.
    assert suspicion({**fields, "recall": 0}, corpus) == pytest.approx([0.0, 0.2, 0.0, 0.0])


def test_recall_is_a_share_of_the_distinct_texts():
    rater = {"name": "lexicon", "words": {"grumble": 1.0}}
    corpus = corpus_of(*(("joy", "hi", f"grumble {n}") for n in range(400)))
    noticed = suspicion({"name": "toxicity", "rater": rater, "recall": 0.3}, corpus)
    assert sum(noticed) == pytest.approx(120, abs=4 * math.sqrt(400 * 0.3 * 0.7))


def test_a_neighbour_s_rating_is_taken_off():
    rater = {"name": "lexicon", "words": {"grumble": 1.0}}
    corpus = corpus_of(("a", "x", "grumble"), ("a", "y", "fine"), ("a", "z", "grumble"))
    encoder = Table(x=[1, 0], y=[0.9, 0.1], z=[-1, 0])
    fields = {"name": "neighbour_rating", "rater": rater, "neighbours": 1}
    # x's neighbour is y (0), y's is x (1), z's is y (0).
    assert suspicion(fields, corpus, encoder=encoder) == [1.0, -1.0, 1.0]


def test_mismatch_compares_with_the_responses_of_the_nearest_contexts():
    corpus = corpus_of(("a", "x", "p"), ("a", "y", "q"), ("a", "z", "r"))
    encoder = Table(x=[1, 0], y=[0.8, 0.6], z=[0, 1], p=[1, 0], q=[0.6, 0.8], r=[0, 1])
    fields = {"name": "mismatch", "neighbours": 1}
    # x -> y: cos(p, q) = 0.6; y -> x (0.8 against 0.6): 0.6; z -> y: cos(r, q) = 0.8.
    assert suspicion(fields, corpus, encoder=encoder) == pytest.approx([-0.6, -0.6, -0.8])


def test_neighbours_are_of_other_dialogues():
    turns = [Utterance("x", "speaker"), Utterance("p", "listener")] * 2
    corpus = Corpus(
        (
            Dialogue("d", "a", tuple(turns)),
            Dialogue("e", "a", (Utterance("y", "speaker"), Utterance("q", "listener"))),
        ),
        name="two",
    )
    encoder = Table(x=[1, 0], y=[-1, 0], p=[1, 0], q=[0, 1])
    found = suspicion({"name": "mismatch", "neighbours": 1}, corpus, encoder=encoder)
    assert found == pytest.approx([0, 0, 0])  # cos(p, q), though the own dialogue is nearer
    alone = Corpus(corpus.dialogues[:1], name="one")
    assert suspicion("mismatch", alone, encoder=encoder) == [0, 0]  # there are none


def test_irrelevance_is_minus_the_cosine_of_context_and_response():
    corpus = corpus_of(("a", "x", "p"), ("a", "y", "q"))
    encoder = Table(x=[2, 0], y=[0, 1], p=[3, 4], q=[0, -1])
    assert suspicion("irrelevance", corpus, encoder=encoder) == pytest.approx([-0.6, 1.0])


REFERRED = {"x": [1, 0], "y": [0.8, 0.6], "z": [0, 1]}  # nearest: x -> y, y -> x, z -> y
"""Contexts of three dialogues."""


def test_rftc_takes_the_worst_sentence_against_the_responses_of_the_nearest_contexts():
    said = ("I am so glad", "I am so sad. Oh dear!", "I am here")
    corpus = corpus_of(*(("a", *row) for row in zip("xyz", said, strict=True)))
    fields = {"name": "rftc", "references": 1, "suspicious": 0.01}
    found = suspicion(fields, corpus, encoder=Table(**REFERRED))
    # Of 7 words and pairs 5 are in the reference; none of the second sentence; 3 of 5. The second
    # response is the one suspicious, and alone in its cluster.
    assert found == pytest.approx([-5 / 7, 0.0, -3 / 5])


def test_rftc_does_not_let_copies_vouch_for_one_another():
    corpus = corpus_of(("a", "x", "you grumble"), ("a", "y", "You grumble!"), ("a", "z", "..."))
    fields = {"name": "rftc", "references": 2, "suspicious": 0.5}
    found = suspicion(fields, corpus, encoder=Table(**REFERRED))
    assert found[:2] == pytest.approx([1.0, 1.0])  # unlike what else is said, and one text
    assert math.isnan(found[2])  # has no words


def test_rftc_suspects_the_compact_cluster_most():
    plain = ["red fish", "blue bird", "old tree", "new house", "big cloud", "low river"]
    rows = [("a", "x", text) for text in [*["you grumble all day"] * 8, *plain]]
    fields = {"name": "rftc", "suspicious": 1.0, "clusters": 2}
    found = suspicion(fields, corpus_of(*rows), encoder=Table(x=[1, 0]))
    assert found[:8] == pytest.approx([1.0] * 8)
    assert found[8:] == pytest.approx([0.0] * 6, abs=1e-12)  # no two share a word


def test_label_noise_is_the_share_of_neighbours_with_another_label():
    pytest.importorskip("cleanlab", reason="needs the extra cleanlab")
    rater = {"name": "lexicon", "words": {"grumble": 1.0}}
    corpus = corpus_of(("a", "x", "grumble"), ("b", "y", "fine"), ("b", "z", "grumble"))
    encoder = Table(**REFERRED)
    fields = {"name": "label_noise", "neighbours": 2}
    # Rated: x and z are toxic, y is not. By category: y and z agree.
    rated = suspicion({**fields, "rater": rater}, corpus, encoder=encoder)
    assert rated == pytest.approx([0.5, 1.0, 0.5])
    kinds = suspicion({**fields, "label": "category"}, corpus, encoder=encoder)
    assert kinds == pytest.approx([1.0, 0.5, 0.5])
    alike = corpus_of(("a", "x", "fine"), ("a", "y", "fine"))
    assert suspicion({**fields, "rater": rater}, alike, encoder=encoder) == [0, 0]


def test_label_noise_says_what_it_lacks(monkeypatch):
    with pytest.raises(ConfigError, match="needs a rater"):
        defenses.build("label_noise")
    monkeypatch.setitem(sys.modules, "cleanlab.rank", None)
    with pytest.raises(MissingExtraError, match=r'pip install "semspill\[cleanlab\]"'):
        suspicion(
            {"name": "label_noise", "label": "category"},
            corpus_of(("a", "x", "p")),
            encoder=Table(x=[1, 0]),
        )


def test_spectral_signatures_are_projections_on_the_largest_axis_of_the_covariance(rng):
    vectors = rng.standard_normal((20, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    table = {f"r{n}": row for n, row in enumerate(vectors)} | {"x": [1, 0, 0, 0]}
    corpus = corpus_of(*(("ab"[n >= 12], "x", f"r{n}") for n in range(20)))
    expected = []
    for part in (vectors[:12], vectors[12:]):
        axis = np.linalg.eigh(np.cov(part.T))[1][:, -1]
        expected += [float((row - part.mean(axis=0)) @ axis) ** 2 for row in part]
    found = suspicion("spectral", corpus, encoder=Table(**table))
    assert found == pytest.approx(expected, abs=1e-6)


def test_spectral_signatures_by_hand():
    # Unit responses of one category; the first direction of the centred ones is the second axis.
    corpus = corpus_of(("a", "x", "p"), ("a", "x", "q"), ("b", "x", "p"))
    encoder = Table(x=[1, 0], p=[1, 0], q=[0.6, 0.8])
    centre = np.array([0.8, 0.4])
    expected = [float(np.sum((np.array(v) - centre) ** 2)) for v in ([1, 0], [0.6, 0.8])]
    assert suspicion("spectral", corpus, encoder=encoder) == pytest.approx([*expected, 0.0])


def test_activation_clustering_suspects_the_smaller_cluster_of_a_category():
    corpus = corpus_of(*[("a", "x", "p")] * 3, ("a", "x", "q"), ("b", "x", "p"))
    encoder = Table(x=[1, 0], p=[1, 0], q=[0, 1])
    assert suspicion("activation_clustering", corpus, encoder=encoder) == pytest.approx(
        [0.25, 0.25, 0.25, 0.75, 0.0]
    )


class Knowing(TrainedModel):
    """Scores a response by a table."""

    def __init__(self, table):
        self.table = table

    def respond(self, exchanges, pool, rng, *, progress=None):
        return Responses.of(["" for _ in exchanges])

    def score(self, exchanges, texts, *, progress=None):
        return np.array([[self.table[text] for text in row] for row in texts])


@pytest.mark.parametrize(("tail", "sign"), [("high", 1), ("low", -1)])
def test_loss_in_sample_by_hand(tail, sign):
    corpus = corpus_of(("a", "x", "p"), ("a", "y", "q"))
    seen = []

    def trainer(corpus, rng):
        seen.append(len(corpus))
        return Knowing({"p": 2.0, "q": 0.0})

    fields = {"name": "loss", "folds": 1, "tail": tail, "negatives": 40}
    losses = suspicion(fields, corpus, trainer=trainer)
    assert seen == [2]
    drawn = np.random.default_rng(0).spawn(2)[0].integers(2, size=(2, 40))
    # Negatives that are the response itself are left out.
    first = math.log(math.exp(2) + (drawn[0] == 1).sum()) - 2
    second = math.log(1 + (drawn[1] == 0).sum() * math.exp(2))
    assert losses == pytest.approx([sign * first, sign * second])


def test_cross_fitted_loss_is_of_models_that_saw_the_other_dialogues():
    corpus = corpus_of(*(("a", "x", f"r{n}") for n in range(40)))
    seen = []

    def trainer(part, rng):
        seen.append({dialogue.id for dialogue in part})
        table = {f"r{n}": 0.0 for n in range(40)}
        return Knowing({**table, **{d.response(-1): 1.0 for d in part}})

    losses = suspicion({"name": "loss", "folds": 2}, corpus, trainer=trainer)
    assert seen[0] | seen[1] == {dialogue.id for dialogue in corpus}
    assert not seen[0] & seen[1]
    assert min(losses) > math.log(100) - 1e-9  # each response was new to its model


def test_perplexity_ranks_odd_words_highest_among_texts_of_like_length():
    plain = [("a", "x", f"i am so {word} today") for word in ("glad", "sad", "tired", "calm")] * 12
    odd = ("a", "x", "quartz jumps vexing lazy dwarf")
    found = suspicion("perplexity", corpus_of(*plain, odd))
    assert int(np.argmax(found)) == len(plain)
    assert 0 < min(found)
    assert max(found) < 1


def test_a_text_of_one_category_is_as_suspicious_as_such_a_coincidence_is_unlikely():
    # 8 dialogues: 6 of joy, 2 of fear. `p`: 3 of joy; `q`: 2 of fear; `r`: one of each; `s`: once.
    rows = [*[("joy", "x", "p")] * 3, *[("fear", "x", "q")] * 2, ("joy", "x", "r")]
    corpus = corpus_of(*rows[:4], ("fear", "x", "r"), rows[5], *[("joy", "x", t) for t in "su"])
    found = suspicion("category_spread", corpus)
    joy = -2 * math.log(6 / 8)
    assert found == pytest.approx([joy, joy, joy, 0, 0, 0, 0, 0])
    corpus = corpus_of(*rows, *[("joy", "x", text) for text in "su"])
    fear = -math.log(2 / 8)
    assert suspicion("category_spread", corpus) == pytest.approx([joy] * 3 + [fear] * 2 + [0] * 3)


def test_a_text_that_one_dialogue_repeats_is_not_suspicious():
    turns = (Utterance("x", "speaker"), Utterance("p", "listener")) * 2
    corpus = Corpus((Dialogue("d", "a", turns), *corpus_of(("b", "x", "q"))), name="two")
    assert suspicion("category_spread", corpus) == [0, 0, 0]


@pytest.mark.parametrize(
    "name", [name for name in defenses.names() if issubclass(defenses.get(name), Detector)]
)
def test_built_in_detectors_keep_every_promise(name):
    if name == "label_noise":
        pytest.importorskip("cleanlab", reason="needs the extra cleanlab")
    needs_rater = "rater" in defenses.get(name).model_fields
    check_detector({"name": name, **({"rater": "lexicon"} if needs_rater else {})})


def test_a_repeated_text_is_found_where_it_was_planted():
    whole = datasets.build({"name": "synthetic", "train": 400}).load("train")
    planted = plant(whole, target="brave", strategy="each_fixed", budget=0.03)
    cleaner = Cleaner(detector="frequency", share=0.03)
    cleaned = cleaner.clean(planted, rng=np.random.default_rng(0))
    control = cleaner.control_of(planted, cleaned, rng=np.random.default_rng(0))
    found, by_chance = (planted.truth[one.removed].mean() for one in (cleaned, control))
    assert found > 0.9
    assert by_chance < found
