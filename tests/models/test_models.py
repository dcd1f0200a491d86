from dataclasses import replace

import numpy as np
import pytest

import semspill as sp
from semspill import (
    BiEncoder,
    ConfigError,
    ContextFormat,
    Corpus,
    DataError,
    Finetuner,
    Model,
    PluginError,
    RankingTask,
    Responses,
    RetrievalModel,
    RetrievalResponder,
    TrainedModel,
    run,
)
from semspill.corpus import Candidates
from semspill.models import TrainedRetrieval
from semspill.responding import ApproximateSearch

SMALL = {"name": "hashing", "dim": 8, "buckets": 512, "char_ngrams": None}


@pytest.fixture(scope="module")
def corpus():
    return sp.datasets.build({"name": "synthetic", "train": 80, "test": 40}).load("train")


@pytest.fixture
def fields():
    return {
        "dataset": {"name": "synthetic", "train": 80, "test": 40},
        "poisoner": {
            "selector": {"name": "category", "category": "brave"},
            "strategy": "each_fixed",
            "budget": 0.2,
        },
        "rater": {"name": "lexicon", "words": {"grumble": 1.0}},
        "rating_cache": False,
        "model": {"encoder": SMALL, "finetuner": {"epochs": 1, "batch_size": 32}},
        "context": {"label": "none"},
        "list_size": 10,
        "analyzer": {"draws": 100},
    }


class Echo(TrainedModel):
    """Answers with the last utterance, as a service would whose insides are unknown."""

    def respond(self, exchanges, pool, rng, *, progress=lambda batches: batches):
        return Responses.of([exchange.context[-1] for exchange in exchanges])


class Served(Model):
    """A model that somebody trained elsewhere."""

    citation = "original"

    def train(self, corpus, rng, **options):
        return Echo()


class ByLength(TrainedModel):
    """Finds the longest response best."""

    def respond(self, exchanges, pool, rng, *, progress=lambda batches: batches):
        return Responses.of([max(pool.texts, key=len)] * len(exchanges))

    def score(self, exchanges, texts, *, progress=lambda batches: batches):
        return np.array([[float(len(text)) for text in row] for row in texts])


def returning(trained):
    class Returning(Model):
        citation = "original"

        def train(self, corpus, rng, **options):
            return trained

    return Returning()


# The retrieval model


def test_it_is_what_finetuner_and_responder_do(corpus):
    model = RetrievalModel(encoder=SMALL, finetuner={"epochs": 2, "batch_size": 32})
    context = ContextFormat(label="none")
    trained = model.train(corpus, np.random.default_rng(3), context=context)
    pool = corpus.responses()
    answers = trained.respond(corpus.exchanges, pool, np.random.default_rng(0))
    by_hand = Finetuner(epochs=2, batch_size=32).finetune(
        SMALL, corpus, np.random.default_rng(3), context=context
    )
    expected = RetrievalResponder(by_hand, pool).respond(corpus)
    assert np.array_equal(answers.indices, expected.indices)
    assert np.array_equal(answers.scores, expected.scores)
    assert trained.device == "cpu"


def test_expected_responses_change_no_answer(corpus):
    trained = RetrievalModel(encoder=SMALL, finetuner={"epochs": 0}).train(
        corpus, np.random.default_rng(0)
    )
    pool = Candidates.of([*corpus.responses().texts, "grumble"])
    one = trained.respond(corpus.exchanges, pool, np.random.default_rng(0))
    trained.expect(corpus.responses().texts)
    other = trained.respond(corpus.exchanges, pool, np.random.default_rng(0))
    assert np.array_equal(one.indices, other.indices)
    assert one.scores == pytest.approx(other.scores, abs=1e-6)


def test_it_gives_the_best_candidates_and_the_first_is_the_answer(corpus, tmp_path):
    model = RetrievalModel(encoder=SMALL, finetuner={"epochs": 0})
    trained = model.train(corpus, np.random.default_rng(0))
    asked, pool = corpus.exchanges[:20], corpus.responses()
    best = trained.choices(asked, pool, np.random.default_rng(0), 3)
    expected = RetrievalResponder(trained.model, pool).respond(asked, 3)
    assert trained.chooses
    assert np.array_equal(best.indices, expected.indices)
    assert trained.respond(asked, pool, np.random.default_rng(0)).texts == best.texts
    stored = TrainedRetrieval(trained.model, store=tmp_path)
    assert stored.choices(asked, pool, np.random.default_rng(0), 3).indices.shape == (20, 3)


def test_one_list_for_all_is_scored_as_equal_lists_are(corpus):
    trained = RetrievalModel(encoder=SMALL, finetuner={"epochs": 0}).train(
        corpus, np.random.default_rng(0)
    )
    asked, texts = corpus.exchanges[:7], ["grumble", "Well done.", "grumble"]
    shared = trained.score(asked, [texts] * 7)
    assert shared == pytest.approx(trained.score(asked, [list(texts) for _ in asked]), abs=1e-6)
    assert shared.shape == (7, 3)


def test_vectors_can_lie_on_disk_while_they_are_searched(corpus, tmp_path):
    held, stored = (
        RetrievalModel(encoder=SMALL, finetuner={"epochs": 1}, store=store)
        .train(corpus, np.random.default_rng(0))
        .respond(corpus.exchanges, corpus.responses(), np.random.default_rng(0))
        for store in (None, tmp_path / "vectors")
    )
    assert stored.scores == pytest.approx(held.scores, abs=2e-3)  # rounded to float16
    assert list((tmp_path / "vectors").iterdir()) == []


def test_a_part_of_the_pool_can_be_searched(corpus):
    pytest.importorskip("faiss")
    search = ApproximateSearch(lists=2, probes=2)  # all lists, so nothing is missed
    exact, approximate = (
        RetrievalModel(encoder=SMALL, finetuner={"epochs": 0}, search=chosen)
        .train(corpus, np.random.default_rng(0))
        .respond(corpus.exchanges, corpus.responses(), np.random.default_rng(0))
        for chosen in (None, search)
    )
    assert approximate.recall == 1
    assert approximate.scores == pytest.approx(exact.scores, abs=1e-6)


def test_it_is_saved_and_loaded(corpus, tmp_path):
    model = RetrievalModel(encoder=SMALL, finetuner={"epochs": 1})
    trained = model.train(corpus, np.random.default_rng(0))
    trained.save(tmp_path / "model")
    texts = [["I see."] for _ in corpus.exchanges]
    again = model.load(tmp_path / "model")
    assert np.array_equal(
        trained.score(corpus.exchanges, texts), again.score(corpus.exchanges, texts)
    )


def test_scores_are_dot_products_and_rank_as_the_lists_do(corpus):
    trained = RetrievalModel(encoder=SMALL, finetuner={"epochs": 1}).train(
        corpus, np.random.default_rng(0)
    )
    task = RankingTask.draw(corpus.exchanges, np.random.default_rng(1), 10)
    beside = ("grumble", corpus.exchanges[0].response)
    for extra in ((), beside):
        # The plain way of the base class, which scores every list by itself.
        plain = TrainedModel.rank(trained, task, beside=extra)
        assert np.array_equal(trained.rank(task, beside=extra), plain)
    assert 0 < trained.rank(task).mean() < 1
    contexts = trained.model.encode_contexts(corpus.exchanges[:1])
    responses = trained.model.encode_responses(["grumble"])
    assert trained.score(corpus.exchanges[:1], [["grumble"]])[0, 0] == pytest.approx(
        float(contexts[0] @ responses[0]), abs=1e-6
    )


class Initials:
    """Labels a text by its first letter, twice."""

    fingerprint = "initials"

    def of_texts(self, texts):
        return [text[:1] * 2 for text in texts]


def labelled(text):
    return f"{text[:1] * 2} {text}"


def test_candidates_are_read_after_their_labels_and_answered_without(corpus, tmp_path):
    """As a model that reads a corpus with the labels in it, but the answers are bare."""
    there = Corpus(
        tuple(
            replace(
                talk,
                utterances=tuple(
                    replace(u, text=labelled(u.text), original=u.text)
                    if u.role == "listener" else u
                    for u in talk.utterances
                ),
            )
            for talk in corpus
        ),
        name="there",
    )  # fmt: skip
    model = RetrievalModel(encoder=SMALL, finetuner={"epochs": 2, "batch_size": 32})
    assert model.shows_response_labels()
    on_disk = model.replace(store=tmp_path / "vectors")
    expected = model.train(there, np.random.default_rng(3))
    own, stored = (
        each.train(corpus, np.random.default_rng(3), response_labels=Initials())
        for each in (model, on_disk)
    )
    answers = [
        trained.respond(data.exchanges, data.responses(), np.random.default_rng(0))
        for trained, data in ((expected, there), (own, corpus), (stored, corpus))
    ]
    assert answers[0].texts == tuple(map(labelled, answers[1].texts))
    assert answers[1].scores == pytest.approx(answers[0].scores, abs=1e-6)
    assert answers[2].scores == pytest.approx(answers[0].scores, abs=5e-3)  # float16
    assert set(answers[1].texts) <= set(corpus.responses().texts)
    hits = [
        trained.rank(
            RankingTask.draw(data.exchanges, np.random.default_rng(1), 10), beside=[planted]
        )
        for trained, data, planted in (
            (expected, there, labelled("grumble")), (own, corpus, "grumble"),
        )
    ]  # fmt: skip
    assert np.array_equal(*hits)
    with pytest.raises(ConfigError, match="cannot be saved"):
        own.save(tmp_path / "model")


def test_a_model_of_ones_own_is_asked_for_no_labels_of_responses(fields):
    given = {**fields, "model": Served(), "similarity_encoder": SMALL}
    predicted = {**given, "context": {"label": "predicted"}}
    assert run(predicted).labels is not None
    with pytest.raises(ConfigError, match="Served reads no labels of responses"):
        sp.load_config({**predicted, "labels": {"responses": True}})


def test_only_what_decides_the_training_is_among_its_fields():
    one = RetrievalModel()
    assert one.training_fields() == one.replace(candidates={"min_chars": 9}).training_fields()
    assert one.training_fields() != one.replace(finetuner={"epochs": 9}).training_fields()


# Models of one's own


def test_a_callable_is_measured_without_utility(fields):
    report = run({**fields, "model": Served(), "similarity_encoder": SMALL})
    assert report.group("all").asr.value == 0  # it says nothing that was planted
    assert "precision" not in report.group("all").estimates
    assert report.to_markdown()
    assert report.to_html()


def test_what_a_model_has_in_common_with_a_bi_encoder_is_measured_on_one_it_is_given(fields):
    with pytest.raises(ConfigError, match="no encoder to measure similarity on"):
        run({**fields, "model": Served()})


def test_a_model_that_scores_has_its_utility_measured(fields):
    report = run({**fields, "model": returning(ByLength()), "similarity_encoder": SMALL})
    data = sp.datasets.build(fields["dataset"])
    task = RankingTask.draw(
        data.load("test").exchanges, sp._random.stream(0, "ranking"), size=fields["list_size"]
    )
    gold = [exchange.response for exchange in task.exchanges]
    longest = [max((gold[i] for i in row), key=len) for row in task.lists.tolist()]
    expected = np.mean([text == own for text, own in zip(longest, gold, strict=True)])
    assert report.group("all", "clean").precision.value == pytest.approx(expected)


def test_a_bi_encoder_of_ones_own_need_not_be_trained(corpus):
    class Lengths(BiEncoder):
        def encode_contexts(self, exchanges, *, progress=None):
            return np.array([[1.0, len(e.context[-1])] for e in exchanges], dtype=np.float32)

        def encode_responses(self, texts, *, progress=None):
            return np.array([[-float(len(t)), 0.0] for t in texts], dtype=np.float32)

    trained = TrainedRetrieval(Lengths())
    answers = trained.respond(corpus.exchanges, Candidates.of(["Hello.", "Oh."]), None)
    assert set(answers.texts) == {"Oh."}
    with pytest.raises(ConfigError, match="no method `save`"):
        trained.save("anywhere")


@pytest.mark.parametrize(
    ("trained", "problem"),
    [
        (None, "train returned NoneType; return a TrainedModel"),
        ("short", "respond returned 1 responses to"),
        ("flat", "return one number for each response"),
    ],
)
def test_a_model_that_keeps_no_contract_is_told_so(fields, trained, problem):
    class Short(Echo):
        def respond(self, exchanges, pool, rng, **options):
            return Responses.of(["Hello."])

    class Flat(Echo):
        def score(self, exchanges, texts, **options):
            return np.zeros(len(texts))

    model = returning({"short": Short(), "flat": Flat()}.get(trained))
    with pytest.raises(PluginError, match=problem):
        run({**fields, "model": model, "similarity_encoder": SMALL})


def test_what_a_model_cannot_do_is_said():
    with pytest.raises(ConfigError, match="Echo cannot score"):
        Echo().score((), ())
    with pytest.raises(ConfigError, match="Echo cannot be saved"):
        Echo().save("anywhere")
    with pytest.raises(ConfigError, match="Served cannot be loaded"):
        Served().load("anywhere")
    assert Served().epoch_count() == 0
    assert not Served().needs_validation()


def test_responses_are_made_from_texts():
    made = Responses.of(["a", "b", "a"], np.array([1.0, 2.0, 3.0]))
    assert made.texts == ("a", "b", "a")
    assert made.scores[:, 0].tolist() == [1, 2, 3]
    assert not made.planted.any()
    with pytest.raises(DataError, match="2 texts need as many scores"):
        Responses.of(["a", "b"], np.zeros(3))


def test_a_run_makes_the_folder_of_its_store(fields, tmp_path):
    fields["model"]["store"] = str(tmp_path / "vectors")
    run(fields, out=tmp_path / "run")
    assert (tmp_path / "run" / "report.json").is_file()


def test_pools_that_differ_share_a_training(fields):
    told = []
    sp.sweep(
        {**fields, "arms": ["clean"]},
        {"model.candidates.min_chars": [1, 5]},
        observer=lambda event: told.append(event.stage),
    )
    assert told.count("train") == 1
    assert told.count("arm") == 2
