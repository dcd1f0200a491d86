import numpy as np
import pytest

import semspill as sp
from semspill import ConfigError, ContextFormat, Corpus, DataError, Dialogue, Exchange, Utterance
from semspill.corpus._format import Text
from semspill.labellers import (
    Labelling,
    NoisyLabeller,
    ProbeLabeller,
    TfidfLabeller,
    TransformersLabeller,
)
from semspill.poison import Poisoner

SMALL = {"name": "hashing", "dim": 16, "buckets": 512, "char_ngrams": None}


def talk(name, category, *texts):
    roles = ("speaker", "listener")
    said = tuple(Utterance(text, roles[i % 2]) for i, text in enumerate(texts))
    return Dialogue(name, category, said)


@pytest.fixture(scope="module")
def corpus():
    """Two words tell the categories apart, and nothing else does."""
    return Corpus(
        tuple(
            talk(f"{name}{i}", name, f"a {word} day {i}", "oh", f"so {word}", "well")
            for i in range(12)
            for name, word in (("fear", "dark"), ("joy", "bright"))
        ),
        name="two words",
    )


def labels_of(corpus):
    return [exchange.label for exchange in corpus.exchanges]


@pytest.mark.parametrize("labeller", ["tfidf", {"name": "probe", "encoder": SMALL}])
def test_a_classifier_learns_what_tells_categories_apart(corpus, labeller):
    fitted = Labelling(labeller=labeller).fit(corpus, np.random.default_rng(0))
    new = Corpus(
        (talk("n1", "joy", "it is dark", "oh"), talk("n2", "fear", "so bright", "hm")), "new"
    )
    assert labels_of(fitted.label(new)) == ["fear", "joy"]
    rows = fitted.probabilities(new.exchanges)
    assert rows.sum(axis=1) == pytest.approx([1, 1])
    assert fitted.categories == ("fear", "joy")


@pytest.mark.filterwarnings("error")
def test_labels_that_words_do_not_tell_are_fitted_without_a_warning():
    rng = np.random.default_rng(0)
    words = rng.integers(200, size=(600, 8))
    talks = [talk(str(i), "abc"[int(rng.integers(3))], " ".join(f"w{w}" for w in row), "oh")
             for i, row in enumerate(words)]  # fmt: skip
    fitted = TfidfLabeller().fit(Corpus(tuple(talks), "chance"), rng)
    assert fitted.categories == ("a", "b", "c")


def test_a_label_hangs_on_the_context_alone(corpus):
    fitted = Labelling().fit(corpus, np.random.default_rng(0))
    one, other = (
        Exchange("x", 1, category, ("a dark day",), response)
        for category, response in (("fear", "oh"), ("joy", "bright"))
    )
    assert np.array_equal(*map(fitted.probabilities, ([one], [other])))


def test_cross_fitted_labels_do_not_know_their_own_dialogue():
    """Every dialogue has a word of its own: in sample it gives the category away."""
    dialogues = tuple(
        talk(f"d{i}", ("fear", "joy")[i % 2], f"word{i} word{i}", "oh") for i in range(40)
    )
    corpus = Corpus(dialogues, name="own words")
    right = {}
    for folds in (0, 4):
        labelling = Labelling(labeller={"name": "tfidf", "rarest": 1}, folds=folds)
        labelled = labelling.fit(corpus, np.random.default_rng(0)).label(corpus)
        right[folds] = np.mean([e.label == e.category for e in labelled.exchanges])
    assert right[0] == 1
    assert right[4] <= 0.6


def test_one_fold_leaves_nothing_to_fit_on():
    with pytest.raises(ConfigError, match="give 0, or 2 or more"):
        Labelling(folds=1)


def test_a_planted_copy_is_labelled_as_its_original(corpus):
    fitted = Labelling(folds=3).fit(corpus, np.random.default_rng(0))
    poisoned = Poisoner(
        selector={"name": "category", "category": "fear"}, placement="append", budget=0.5
    ).poison(corpus, np.random.default_rng(0))
    labels = {(e.dialogue, e.turn): e.label for e in fitted.label(poisoned.corpus).exchanges}
    copies = {key: label for key, label in labels.items() if "#planted" in key[0]}
    assert copies
    for (dialogue, turn), label in copies.items():
        assert turn != 1 or label == labels[dialogue.partition("#")[0], turn]


def test_more_labels_than_one_can_be_shown(corpus):
    fitted = Labelling(top=2).fit(corpus, np.random.default_rng(0))
    label = labels_of(fitted.label(corpus))[0]
    assert label == "fear; joy"
    assert fitted.first(label) == "fear"


# Labels of responses


def test_a_response_is_labelled_as_if_it_were_the_conversation(corpus):
    """Its label hangs on its text alone, not on the dialogue it comes from."""
    fitted = Labelling(responses=True, top=2).fit(corpus, np.random.default_rng(0))
    texts = ["so bright", "it is dark", "so bright"]
    assert fitted.of_texts(texts) == ("joy; fear", "fear; joy", "joy; fear")
    as_contexts = [Exchange("x", 3, "joy", (text,), "oh") for text in texts]
    rows = fitted.probabilities(as_contexts)
    assert rows.argmax(axis=1).tolist() == [1, 0, 1]
    assert fitted.of_texts([]) == ()


def test_a_response_has_one_label_whatever_the_folds():
    """What gives a word's category away is known to the labeller of the whole corpus alone."""
    said = {f"word{i} word{i}": ("fear", "joy")[i % 2] for i in range(40)}
    dialogues = tuple(talk(f"d{word}", said[word], word, word) for word in said)
    corpus = Corpus(dialogues, name="own words")
    labelling = Labelling(labeller={"name": "tfidf", "rarest": 1}, folds=4, responses=True)
    fitted = labelling.fit(corpus, np.random.default_rng(0))
    assert fitted.of_texts(list(said)) == tuple(said.values())
    assert list(fitted.label(corpus).labels) != list(said.values())


def test_each_text_is_labelled_once(corpus):
    fitted = Labelling(responses=True).fit(corpus, np.random.default_rng(0))
    asked = []
    plain = fitted.whole.probabilities
    fitted.whole.probabilities = lambda exchanges: asked.extend(exchanges) or plain(exchanges)
    assert fitted.of_texts(["oh", "well", "oh"]) == fitted.of_texts(["oh", "well", "oh"])
    assert [exchange.context for exchange in asked] == [("oh",), ("well",)]


def test_a_fingerprint_tells_labels_of_responses_apart(corpus):
    prints = [
        Labelling(top=top).fit(corpus, np.random.default_rng(0)).fingerprint for top in (1, 1, 2)
    ]
    assert prints[0] == prints[1] != prints[2]


def test_what_needs_the_category_labels_no_response():
    assert NoisyLabeller.needs_category
    with pytest.raises(ConfigError, match="NoisyLabeller labels by the category"):
        Labelling(labeller="noisy", responses=True)
    assert Labelling(labeller="noisy").labeller == NoisyLabeller()


def test_a_labelling_without_labels_of_responses_is_written_as_before():
    """Keys of what was stored before they existed are made of this."""
    before = '{"labeller":{"name":"noisy","error":0.3,"confusion":[]},"folds":0,"top":2}'
    labelling = Labelling(labeller={"name": "noisy", "error": 0.3}, top=2)
    assert labelling.model_dump_json() == before
    assert "responses" not in Labelling().model_dump()
    with_them = Labelling(responses=True)
    assert with_them.model_dump()["responses"] is True
    assert Labelling.model_validate_json(with_them.model_dump_json()) == with_them


# The dial


def test_without_noise_labels_are_gold(corpus):
    fitted = Labelling(labeller="noisy").fit(corpus, np.random.default_rng(0))
    assert labels_of(fitted.label(corpus)) == [e.category for e in corpus.exchanges]


def test_a_share_of_labels_is_wrong_and_stays_so(corpus):
    many = sp.datasets.build({"name": "synthetic", "train": 800}).load("train")
    fitted = Labelling(labeller={"name": "noisy", "error": 0.4}).fit(many, np.random.default_rng(0))
    exchanges = fitted.label(many).exchanges
    wrong = np.mean([e.label != e.category for e in exchanges])
    assert wrong == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / len(exchanges)))
    part = fitted.probabilities(exchanges[100:110])
    assert np.array_equal(part, fitted.probabilities(exchanges)[100:110])


def test_one_category_can_be_taken_for_another(corpus):
    noisy = NoisyLabeller(confusion=[("joy", "fear", 1.0)])
    fitted = Labelling(labeller=noisy).fit(corpus, np.random.default_rng(0))
    assert set(labels_of(fitted.label(corpus))) == {"fear"}


@pytest.mark.parametrize("rows", [[["joy", "fear", 1.2]], [["joy", "fear", -0.1]]])
def test_shares_add_up(rows):
    with pytest.raises(ConfigError, match="add up to at"):
        sp.load_config({
            "dataset": "synthetic",
            "poisoner": {"selector": {"name": "category", "category": "brave"}},
            "labels": {"labeller": {"name": "noisy", "confusion": rows}},
        })  # fmt: skip


def test_what_a_labeller_cannot_do_is_said(corpus):
    rng = np.random.default_rng(0)
    alone = Corpus(corpus.dialogues[:1], name="alone")
    for labeller in (TfidfLabeller(), ProbeLabeller(encoder=SMALL), NoisyLabeller()):
        with pytest.raises(DataError, match="at least two categories"):
            labeller.fit(alone, rng)
    with pytest.raises(DataError, match="lower rarest"):
        TfidfLabeller(rarest=1000).fit(corpus, rng)
    with pytest.raises(DataError, match="'sorrow' is not in"):
        NoisyLabeller(confusion=[("sorrow", "joy", 1.0)]).fit(corpus, rng)
    other = Exchange("x", 1, "awe", ("hm",), "oh")
    with pytest.raises(DataError, match="knows no category"):
        NoisyLabeller().fit(corpus, rng).probabilities([other])


# Classifiers of others


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("classifier")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "dark", "bright", "day"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=16).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, id2label={0: "fear", 1: "joy"}, label2id={"fear": 0, "joy": 1},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_a_classifier_of_somebody_else_labels(corpus, classifier):
    fitted = TransformersLabeller(model=str(classifier), batch_size=5).fit(
        corpus, np.random.default_rng(0)
    )
    rows = fitted.probabilities(corpus.exchanges)
    assert fitted.categories == ("fear", "joy")
    assert rows.shape == (len(corpus.exchanges), 2)
    assert rows.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    assert fitted.probabilities(()).shape == (0, 2)


def test_a_classifier_must_know_the_categories(classifier):
    other = Corpus((talk("a", "awe", "dark", "oh"), talk("b", "joy", "day", "oh")), name="other")
    labeller = TransformersLabeller(model=str(classifier))
    with pytest.raises(DataError, match="no label for 1 of 2 categories"):
        labeller.fit(other, np.random.default_rng(0))
    with pytest.raises(DataError, match="cannot be read"):
        labeller.replace(model="nowhere").fit(other, np.random.default_rng(0))


# What a context shows


def test_a_context_shows_the_predicted_label_and_not_the_gold_one():
    exchange = Exchange("d", 1, "fear", ("dark",), "oh", label="joy")
    shown = {label: ContextFormat(label=label).apply(exchange) for label in ("gold", "predicted")}
    assert shown == {"gold": Text("fear", "dark"), "predicted": Text("joy", "dark")}
    assert ContextFormat(label="none").apply(exchange) == Text("", "dark")
    with pytest.raises(DataError, match="label its corpus first"):
        ContextFormat(label="predicted").apply(Exchange("d", 1, "fear", ("dark",), "oh"))


def test_a_labelled_corpus_is_another_one(corpus):
    labels = ("joy",) * corpus.exchange_count
    labelled = Corpus(corpus.dialogues, corpus.name, labels=labels)
    assert labelled.fingerprint != corpus.fingerprint
    assert labelled.sample(0.5, np.random.default_rng(0)).labels == ()
    with pytest.raises(DataError, match="1 labels; give one each"):
        Corpus(corpus.dialogues, corpus.name, labels=("joy",))
