"""Repairs: what each does to vectors, weights and rankings, worked out by hand."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from semspill import (
    BiEncoder,
    ConfigError,
    ContextFormat,
    Corpus,
    Dialogue,
    Finetuner,
    RankingTask,
    Responses,
    TrainedModel,
    Utterance,
    datasets,
    defenses,
)
from semspill.corpus import Candidates
from semspill.defenses import Aid, CleanFinetuning
from semspill.encoders import HashingEncoder
from semspill.encoders._bag import BagTower
from semspill.encoders.two_tower import Tokens, Tower, TwoTower
from semspill.models import TrainedRetrieval

RATER = {"name": "lexicon", "words": {"grumble": 1.0}}
PROJECTION = {"name": "projection", "rater": RATER}
PRUNING = {"name": "pruning", "rater": RATER, "share": 0.5}
WORDS = {"grumble": 0, "hm": 1, "fine": 2}


def corpus_of(*rows):
    """A corpus of one exchange per row: context, response."""
    return Corpus(
        tuple(
            Dialogue(f"d{n}", "joy", (Utterance(said, "speaker"), Utterance(answer, "listener")))
            for n, (said, answer) in enumerate(rows)
        ),
        name="rows",
    )


class Table(BiEncoder):
    """Encodes texts by a table."""

    context = ContextFormat()

    def __init__(self, **vectors):
        self.vectors = vectors

    def encode_contexts(self, exchanges, *, progress=None):
        return self.encode_responses([exchange.context[-1] for exchange in exchanges])

    def encode_responses(self, texts, *, progress=None):
        return np.array([self.vectors[text.replace(" ", "_")] for text in texts], np.float32)


class Dense(Tower):
    """Counts two words, and multiplies the counts by a matrix."""

    dim, unit = 2, False

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2, bias=False)
        self.layer.weight.data = torch.tensor([[2.0, 1.0], [-3.0, 1.0]])

    def tokenize(self, texts, max_tokens):
        return Tokens.of([[WORDS[word] for word in " ".join(text).split()] for text in texts])

    def forward(self, tokens):
        each = np.split(tokens.ids, tokens.offsets[1:-1])
        counts = [np.bincount(ids, minlength=2).astype(np.float32) for ids in each]
        return self.layer(torch.from_numpy(np.array(counts)))


class Bag(BagTower):
    """Adds up one vector per word."""

    tokenize = Dense.tokenize


class Echo(TrainedModel):
    """Answers with the last utterance."""

    def respond(self, exchanges, pool, rng, *, progress=None):
        return Responses.of([exchange.context[-1] for exchange in exchanges])


@pytest.fixture(scope="module")
def corpus():
    return datasets.build({"name": "synthetic", "train": 60}).load("train")


@pytest.fixture(scope="module")
def trained(corpus):
    encoder = HashingEncoder(dim=8, buckets=512, char_ngrams=None)
    model = encoder.load(np.random.default_rng(0))
    return TrainedRetrieval(model)


def repaired(fields, model, corpus, seed=0, **aid):
    repair = defenses.build(fields)
    return repair.repair(model, corpus, Aid(**aid).of(repair), np.random.default_rng(seed))


def vectors(model, *texts):
    return model.model.encode_responses(list(texts))


def weights(tower):
    return next(tower.parameters()).tolist()


def probed():
    """Of what is said, the toxic mean is (1, 2) and the other one (1, 0)."""
    table = Table(x=[5, 6], grumble=[0, 3], grumble_hm=[3, 0], fine=[1, 0], new=[7, 8])
    texts = ["grumble", "grumble", "grumble hm", "fine"]
    return TrainedRetrieval(table), corpus_of(*(("x", text) for text in texts))


def test_projection_takes_the_difference_of_means_out_of_responses():
    model, corpus = probed()
    once = repaired(PROJECTION, model, corpus)
    assert vectors(once, "new", "grumble").tolist() == [[7, 0], [0, 0]]
    assert once.model.encode_contexts(corpus.exchanges[:1]).tolist() == [[5, 6]]
    reflected = repaired({**PROJECTION, "strength": 2}, model, corpus)
    assert vectors(reflected, "new").tolist() == [[7, -8]]
    assert vectors(model, "new").tolist() == [[7, 8]]
    assert once.score(corpus.exchanges[:1], [["new"]]).tolist() == [[35.0]]


def test_projection_by_logistic_regression():
    # Symmetric about the second axis, which the weights must then follow.
    table = Table(x=[0, 0], grumble=[1, 1], grumble_hm=[-1, 1], hm=[1, -1], fine=[-1, -1])
    texts = ["grumble", "grumble hm", "hm", "fine"]
    model, corpus = TrainedRetrieval(table), corpus_of(*(("x", text) for text in texts))
    found = repaired({**PROJECTION, "direction": "logistic"}, model, corpus)
    assert vectors(found, "grumble", "fine") == pytest.approx(np.array([[1, 0], [-1, 0]]), abs=1e-6)


def test_the_control_of_projection_is_another_direction_of_the_same_kind():
    model, corpus = probed()
    control = defenses.build(PROJECTION).control()
    assert control.control() is None
    assert control.replace(direction="means") == defenses.build(PROJECTION)
    drawn = [repaired(control, model, corpus, seed) for seed in (0, 0, 1)]
    rows = [vectors(one, "new", "grumble") for one in drawn]
    assert (rows[0] == rows[1]).all()
    assert not np.allclose(rows[0], rows[2])
    # What was subtracted is one line's, and at a right angle to what is left.
    taken = vectors(model, "new", "grumble") - rows[0]
    assert np.linalg.matrix_rank(taken, tol=1e-5) == 1
    assert (taken * rows[0]).sum(axis=1) == pytest.approx([0, 0], abs=1e-4)


@pytest.mark.parametrize("fields", [PROJECTION, PRUNING])
def test_without_toxic_responses_the_model_stays_and_says_so(fields, trained, corpus, caplog):
    fields = {**fields, "rater": {"name": "lexicon", "words": {"unsaid": 1.0}}}
    same = repaired(fields, trained, corpus)
    assert same is not trained
    assert same.model.fingerprint == trained.model.fingerprint
    assert "stays as it is" in caplog.text


def dense():
    encoder = HashingEncoder()
    return TrainedRetrieval(TwoTower(encoder, Dense(), Dense(), ContextFormat()))


def test_wanda_s_mask_by_hand():
    # Of toxic responses the counts of (grumble, hm) are (1, 3) and (1, 0): norms 2**0.5 and 3.
    # Scores: 2 * 2**0.5 < 1 * 3 in the first row, 3 * 2**0.5 > 1 * 3 in the second. With the
    # harmless response the norm of hm would be over 9. The context tower reads no response.
    said = ["grumble hm hm hm", "grumble", "hm hm hm hm hm hm hm hm hm"]
    corpus = corpus_of(*(("grumble hm", text) for text in said))
    model = dense()
    before = model.model.fingerprint
    pruned = repaired(PRUNING, model, corpus).model
    assert weights(pruned.response_tower) == [[2, 0], [0, 1]]
    assert weights(pruned.context_tower) == [[2, 1], [-3, 1]]
    assert model.model.fingerprint == before
    tied = TrainedRetrieval(TwoTower(HashingEncoder(), Dense()))
    both = repaired(PRUNING, tied, corpus).model
    assert weights(both.context_tower) == [[2, 0], [0, 1]]


def test_a_table_of_vectors_is_pruned_as_the_linear_layer_that_it_is():
    # Counts of (grumble, hm, fine): (2, 0, 1) and (1, 0, 0), so norms 5**0.5, 0 and 1.
    # First output: 1 * 5**0.5 < 3 * 1; second: 1 * 5**0.5 > 2 * 1. Nobody says hm.
    table = torch.tensor([[1.0, 1.0], [9.0, 9.0], [3.0, 2.0]])
    model = TrainedRetrieval(TwoTower(HashingEncoder(), Bag(table.clone()), Bag(table.clone())))
    corpus = corpus_of(("fine", "grumble grumble fine"), ("fine", "grumble"), ("hm", "hm"))
    pruned = repaired(PRUNING, model, corpus).model
    assert weights(pruned.response_tower) == [[1, 0], [9, 9], [0, 2]]
    control = defenses.build(PRUNING).control()
    assert control.control() is None
    some = [weights(repaired(control, model, corpus, seed).model.response_tower) for seed in (0, 0)]
    assert some[0] == some[1]
    others = np.array(
        [weights(repaired(control, model, corpus, n).model.response_tower) for n in range(9)]
    )
    assert (others[:, 1] == 9).all()
    assert ((others == 0).sum(axis=1) == 1).all()
    assert len({one.tobytes() for one in others}) > 1


def test_wanda_on_as_many_harmless_exchanges():
    said = ["grumble", "hm hm", "hm fine", "fine hm", "fine fine"]
    corpus = corpus_of(*(("grumble", text) for text in said))
    table = torch.ones(3, 2)
    model = TrainedRetrieval(TwoTower(HashingEncoder(), Bag(table.clone()), Bag(table.clone())))
    fields = {**PRUNING, "calibrate": "harmless", "share": 1}
    left = [weights(repaired(fields, model, corpus, n).model.response_tower) for n in range(9)]
    # One of four is drawn, as there is one toxic one, and what it says goes.
    assert all(rows[0] == [1, 1] for rows in left)
    assert {tuple(map(tuple, rows[1:])) for rows in left} == {
        ((0, 0), (1, 1)),
        ((0, 0), (0, 0)),
        ((1, 1), (0, 0)),
    }


# The hub's dot products with x, z, y are 0.8, 1, 0.6; those of p 0.6, 0, -0.8, of q 0, 0.6, 1.
HUBS = Table(x=[1, 0], z=[0.8, 0.6], y=[0, 1], hub=[0.8, 0.6], p=[0.6, -0.8], q=[0, 1])
HUBNESS = {"hub": 0.9, "p": 0.3, "q": 0.8}
SAID = corpus_of(("x", "hub"), ("z", "p"), ("y", "q"))


def test_csls_by_hand():
    model = TrainedRetrieval(HUBS)
    csls = repaired({"name": "csls", "neighbours": 2}, model, SAID)
    x, _, y = SAID.exchanges
    lists = [["hub", "p", "q"]] * 2
    found = csls.score((x, y), lists)
    expected = np.array([[1.6 - 0.9, 1.2 - 0.3, -0.8], [1.2 - 0.9, -1.6 - 0.3, 2 - 0.8]])
    assert found == pytest.approx(expected, abs=1e-6)
    pool, rng = Candidates.of(["hub", "p", "q"]), np.random.default_rng(0)
    assert model.respond((x, y), pool, rng).texts == ("hub", "q")
    answers = csls.respond((x, y), pool, rng)
    assert answers.texts == ("p", "q")
    assert answers.scores[:, 0] == pytest.approx([0.9, 1.2], abs=1e-6)
    task = RankingTask(SAID.exchanges, np.array([[0, 1, 2]] * 3))
    # x: p before hub, its own; z: hub 2 - 0.9, q 1.2 - 0.8, its own p 0 - 0.3; y: q, its own.
    assert csls.rank(task).tolist() == [False, False, True]
    assert model.rank(task).tolist() == [True, False, True]


def test_the_control_of_csls_gives_a_text_the_hubness_of_another():
    control = defenses.build({"name": "csls", "neighbours": 2}).control()
    assert control.control() is None
    model = TrainedRetrieval(HUBS)
    exchanges, texts = SAID.exchanges[:1], ["hub", "p", "q", "x", "y", "z"]
    given = []
    for seed in range(5):
        one = repaired(control, model, SAID, seed)
        off = 2 * model.score(exchanges, [texts]) - one.score(exchanges, [texts])
        assert {round(float(value), 5) for value in off[0]} <= set(HUBNESS.values())
        alone = 2 * model.score(exchanges, [["q"]]) - one.score(exchanges, [["q"]])
        assert alone[0, 0] == pytest.approx(off[0, 2])
        given.append(tuple(off[0].round(5).tolist()))
    assert len(set(given)) > 1


def test_csls_compares_with_a_sample_of_contexts():
    model = TrainedRetrieval(HUBS)
    fields = {"name": "csls", "contexts": 1}
    seen = set()
    for seed in range(20):
        one = repaired(fields, model, SAID, seed)
        seen.add(round(-float(vectors(one, "hub")[0, -1]), 5))
    assert seen == {0.8, 1.0, 0.6}


def test_csls_without_contexts_leaves_the_model_as_it_is(caplog):
    one = repaired("csls", TrainedRetrieval(HUBS), Corpus((), name="none"))
    assert vectors(one, "hub").shape == (1, 2)
    assert "stays as it is" in caplog.text


@pytest.mark.parametrize("fields", [PROJECTION, {"name": "csls"}])
def test_vectors_that_are_changed_can_still_be_searched_in_every_way(
    fields, trained, corpus, tmp_path
):
    rater = {"name": "lexicon", "words": {"you": 1.0}}
    fields = {**fields, "rater": rater} if fields is PROJECTION else fields
    short = ContextFormat(turns=1)
    one = repaired(fields, trained, corpus)
    one.device = "somewhere"
    other = one.with_context(short)
    assert other.device == "somewhere"
    assert other.model.context == short
    first = repaired(fields, trained.with_context(short), corpus)
    exchanges, pool = corpus.exchanges[:20], corpus.responses()
    scores = [m.score(exchanges, [pool.texts[:9]] * 20) for m in (one, other, first)]
    assert (scores[1] == scores[2]).all()
    assert (scores[0] != scores[1]).any()
    stored = TrainedRetrieval(one.model, store=tmp_path)
    rng = np.random.default_rng(0)
    known, found = one.respond(exchanges, pool, rng), stored.respond(exchanges, pool, rng)
    assert found.scores == pytest.approx(known.scores, abs=1e-2)
    with pytest.raises(ConfigError, match="before its repair"):
        one.save(tmp_path)


def test_fine_tuning_on_clean_dialogues_moves_a_copy(trained, corpus):
    before = trained.model.fingerprint
    finetuner = Finetuner(epochs=1, batch_size=16)
    one = repaired(CleanFinetuning(finetuner=finetuner), trained, SAID, clean=corpus)
    again = repaired(CleanFinetuning(finetuner=finetuner), trained, SAID, clean=corpus)
    assert trained.model.fingerprint == before != one.model.fingerprint
    assert one.model.fingerprint == again.model.fingerprint
    # The control learns from as many dialogues of the corpus: of the same one from the same.
    control = CleanFinetuning(finetuner=finetuner).control()
    assert control.control() is None
    same = repaired(control, trained, corpus, clean=corpus)
    assert same.model.fingerprint == one.model.fingerprint
    other = repaired(control, trained, SAID, clean=corpus)
    assert other.model.fingerprint not in {before, one.model.fingerprint}
    assert one.model.context == trained.model.context


def test_what_was_pruned_can_be_trained_further(trained, corpus):
    fields = {"name": "pruning", "rater": {"name": "lexicon", "words": {"you": 1.0}}}
    pruned = repaired(fields, trained, corpus)
    assert pruned.model.fingerprint != trained.model.fingerprint
    names = [name for name, _ in pruned.model.module.named_parameters()]
    assert names == [name for name, _ in trained.model.module.named_parameters()]
    finetuner = Finetuner(epochs=1, batch_size=16)
    tuned = repaired(CleanFinetuning(finetuner=finetuner), pruned, corpus, clean=corpus)
    assert tuned.model.fingerprint != pruned.model.fingerprint


def test_a_model_that_cannot_be_repaired_is_refused(trained, corpus):
    for fields in (PROJECTION, PRUNING, "csls", "finetune_clean"):
        with pytest.raises(ConfigError, match="Echo has none"):
            repaired(fields, Echo(), corpus, clean=corpus)
    projected = repaired("csls", deepcopy(trained), corpus)
    for fields in (PRUNING, "finetune_clean"):
        with pytest.raises(ConfigError, match="put it before"):
            repaired(fields, projected, corpus, clean=corpus)
    with pytest.raises(ConfigError, match="keep='last'"):
        CleanFinetuning(finetuner={"keep": "best"})
    assert defenses.build("finetune_clean").wanted == {"clean"}
