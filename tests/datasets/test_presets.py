"""Published data by name, read from made-up copies of the same shape; every count is by hand."""

import os
from collections import Counter
from pathlib import Path

import pytest

import semspill as sp
from semspill._tables._any import rows_at
from semspill._tables._presets import preset, preset_names
from semspill.datasets import HuggingFaceDataset, Prompt, load_prompts
from semspill.errors import ConfigError, DataError, RegistryError
from semspill.testing import check_dataset, check_source

MADE = Path(__file__).parent / "presets"
REAL = Path(__file__).parents[3] / "shared" / "data" / "diasafety"

# Dialogues, exchanges, dialogues of each category, and texts of one dialogue.
CORPORA = {
    ("daily_dialog", "train"): (
        *(5, 6, {"no emotion": 2, "sadness": 1, "anger": 1, "fear": 1}),
        (0, ["I won the raffle!", "Well done .", "Come and see."]),
    ),
    ("daily_dialog", "valid"): (
        2,
        2,
        {"no emotion": 1, "sadness": 1},
        (0, ["Good morning.", "Hello."]),
    ),
    ("daily_dialog", "test"): (
        2,
        2,
        {"surprise": 1, "disgust": 1},
        (1, ["This soup is off.", "Take mine."]),
    ),
    ("esconv", "train"): (
        *(3, 4, {"anxiety": 2, "sadness": 1}),
        (
            0,
            [
                "Hello. I worry about my shop.",
                "What happened?",
                "Nobody buys turnips.",
                "I see. Since when?",
            ],
        ),
    ),
    ("esconv", "valid"): (1, 1, {"anger": 1}, (0, ["He kept it!", "How rude."])),
    ("esconv", "test"): (
        1,
        2,
        {"shame": 1},
        (0, ["I forgot her name.", "That happens.", "Again.", "It does."]),
    ),
    ("prosocial_dialog", "train"): (
        4,
        5,
        {
            "casual": 1,
            "probably needs caution": 1,
            "needs caution": 1,
            "needs intervention": 1,
        },
        (
            0,
            [
                "I will grumble at my neighbour.",
                "Why not talk to him?",
                "Because he grumbles too.",
                "Then somebody has to begin.",
            ],
        ),
    ),
    ("prosocial_dialog", "valid"): (1, 1, {"casual": 1}, (0, ["I like tea.", "So do I."])),
    ("diasafety", "train"): (
        *(3, 3, {"Offending User": 1, "Unauthorized Expertise": 1, "Toxicity Agreement": 1}),
        (0, ["A remark 6.", "A kind word 6."]),
    ),
    ("diasafety", "valid"): (
        1,
        1,
        {"Unauthorized Expertise": 1},
        (0, ["A remark 11.", "A kind word 11."]),
    ),
}


def copy_of(name):
    """The made-up copy of a preset."""
    return str(next(MADE.glob(f"{name}*")))


@pytest.mark.parametrize(("name", "split"), CORPORA, ids=lambda one: one)
def test_a_corpus_that_comes_with_a_name(name, split):
    dialogues, exchanges, categories, (place, texts) = CORPORA[name, split]
    dataset = sp.datasets.build({"name": name, "path": copy_of(name)})
    corpus = dataset.load(split)
    assert (len(corpus), corpus.exchange_count) == (dialogues, exchanges)
    assert Counter(one.category for one in corpus) == categories
    within = {"possibly needs caution"} if (name, split) == ("prosocial_dialog", "train") else set()
    assert {one.category for one in corpus.exchanges} == {*categories, *within}
    assert [turn.text for turn in corpus[place].utterances] == texts
    assert (corpus.name, corpus.licence) == (name, preset(name).licence)


def test_ids_that_every_split_counts_anew_are_told_apart():
    dataset = sp.datasets.build({"name": "prosocial_dialog", "path": copy_of("prosocial_dialog")})
    ids = [[one.id for one in dataset.load(split)] for split in ("train", "test")]
    assert ids == [["train-0", "train-1", "train-2", "train-3"], ["test-0"]]
    assert dataset.load("train").numbered


def test_dialogues_without_splits_are_parted_by_a_hash():
    path = f"{copy_of('dialoconan')}/DIALOCONAN.csv"
    dataset = sp.datasets.build({"name": "dialoconan", "path": path})
    parts = [dataset.load(split) for split in ("train", "valid", "test")]
    assert sorted(one.id for part in parts for one in part) == sorted(map(str, range(12)))
    assert sum(part.exchange_count for part in parts) == 24
    assert Counter(one.category for part in parts for one in part) == {
        "CYCLISTS": 4,
        "GARDENERS": 4,
        "PIPERS": 4,
    }
    [first] = [one for part in parts for one in part if one.id == "0"]
    assert [(turn.role, turn.text) for turn in first.utterances] == [
        ("speaker", "Grumble at them, 0."),
        ("listener", "They do no harm, 0."),
        ("speaker", "Grumble all the same."),
        ("listener", "No."),
    ]
    splits = dict(zip(("train", "valid", "test"), parts, strict=True))
    assert dataset.departures(splits) == ("Split 'all' has 12 dialogues; published were 3,059.",)


def test_they_keep_the_promises_of_their_kinds():
    check_dataset(sp.datasets.build({"name": "daily_dialog", "path": copy_of("daily_dialog")}))
    check_source(sp.sources.build({"name": "diasafety", "path": copy_of("diasafety")}))


def test_what_was_joined_and_left_out_is_counted():
    esconv = sp.datasets.build({"name": "esconv", "path": copy_of("esconv")})
    assert [esconv.load(split).merged for split in ("train", "valid", "test")] == [2, 0, 0]
    diasafety = sp.datasets.build({"name": "diasafety", "path": copy_of("diasafety")})
    [left] = diasafety.load("train").left_out
    assert str(left) == "1 dialogue without a response (row 9)"
    assert diasafety.departures({"train": diasafety.load("train")}) == (
        "Split 'train' has 4 dialogues; published were 4,839.",
    )


def test_the_hub_s_reader_and_that_of_files_agree(tmp_path, monkeypatch):
    hub = pytest.importorskip("datasets")
    monkeypatch.setattr(hub.config, "HF_DATASETS_CACHE", str(tmp_path))
    own = sp.datasets.build({"name": "esconv", "path": copy_of("esconv")})
    other = HuggingFaceDataset(path=copy_of("esconv"), columns=own.columns)
    for split in ("train", "valid"):
        assert other.load(split).fingerprint == own.load(split).fingerprint


def test_what_a_user_says_goes_before_what_the_preset_says():
    given = {"path": copy_of("esconv"), "columns": {"category": "problem_type", "merge": None}}
    dataset = sp.datasets.build({"name": "esconv", **given})
    assert dataset.columns.messages == "dialog"
    corpus = dataset.load("train")
    assert [one.category for one in corpus] == [
        "job crisis",
        "breakup with partner",
        "academic pressure",
    ]
    assert len(corpus[0].utterances) == 6
    assert dataset.departures({"train": corpus}) == ()
    assert sp.datasets.build(sp.datasets.describe(dataset)) == dataset


SOURCES = [
    ("diasafety", {}, ["Grumble 1.", "Grumble 2.", "Grumble 3.", "Grumble 4."]),
    ("diasafety", {"category": "Offending User"}, ["Grumble 1.", "Grumble 2."]),
    ("diasafety", {"category": ["Risk Ignorance", "Biased Opinion"]}, ["Grumble 3.", "Grumble 4."]),
    ("diasafety", {"split": "valid"}, ["Grumble 10."]),
    ("diasafety", {"where": {"label": "Safe"}, "split": "valid"}, ["A kind word 11."]),
    ("real_toxicity_prompts", {}, ["to grumble at all.", "grumble, grumble."]),
    (
        "real_toxicity_prompts",
        {"where": {"continuation.toxicity": {">": 0.9}}},
        ["grumble, grumble."],
    ),
    ("toxigen", {}, ["Cyclists grumble so.", "Pipers grumble loudly.", "Gardeners grumble."]),
    ("toxigen", {"group": "pipers"}, ["Pipers grumble loudly."]),
    ("civil_comments", {}, ["What a grumble.", "Grumble!"]),
    ("civil_comments", {"split": "test"}, ["Grumble again."]),
    ("twinviews", {}, ["Plant more turnips.", "Kites should be free.", "Turnips for all."]),
    ("twinviews", {"text": "r", "topic": "turnips"}, ["Plant fewer turnips.", "Turnips for some."]),
    ("goemotions", {"emotion": "anger"}, ["Grumble, says I.", "Grumble and alas."]),
]


@pytest.mark.parametrize(("name", "fields", "texts"), SOURCES, ids=str)
def test_a_source_that_comes_with_a_name(name, fields, texts):
    if name == "goemotions":
        pytest.importorskip("pyarrow")
    source = sp.sources.build({"name": name, "path": copy_of(name), **fields})
    assert list(source.load()) == texts
    assert sp.sources.build(sp.sources.describe(source)) == source
    assert source.reads() == (Path(copy_of(name)),)


PROMPTS = {
    "bbq": [
        ("Ann wore a hat and Bob a cap. Who was late?", "Hats"),
        ("Ann wore a hat and Bob a cap. Who was early?", "Hats"),
    ],
    "alert": [
        ("### Instruction:\nHow do I grumble?\n### Response:", "grumbling_general"),
        ("### Instruction:\nWrite a grumble.\n### Response:", "grumbling_written"),
    ],
    "sorry_bench": [("Help me grumble.", "Grumbling"), ("Write a rude letter.", "Letters")],
    "fig_loneliness": [("I ate alone again.", "lonely"), ("We played all day.", "not lonely")],
    "goemotions": [("What a day!", "surprise"), ("I am cross.", "anger")],
    "real_toxicity_prompts": [
        *(("The cat sat", ""), ("The dog began", ""), ("The bird went", "")),
        *(("The fish", ""), ("The cow", "")),
    ],
}


@pytest.mark.parametrize("name", PROMPTS)
def test_prompts_that_come_with_a_name(name):
    if name in ("goemotions", "fig_loneliness"):
        pytest.importorskip("datasets")
    assert load_prompts(name, copy_of(name)) == tuple(Prompt(*one) for one in PROMPTS[name])


def test_prompts_that_cannot_be_had_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="esconv holds no prompts; these do: alert, bbq, fig"):
        load_prompts("esconv")
    with pytest.raises(ConfigError, match="bbq is not on the hub: download a file of the folder"):
        load_prompts("bbq")
    with pytest.raises(ConfigError, match="Prompts has no field 'splt'"):
        load_prompts("alert", copy_of("alert"), splt="test")
    with pytest.raises(RegistryError, match="Did you mean 'alert'"):
        load_prompts("alerts")
    with pytest.raises(DataError, match=r"row 1: there is no column 'prompt'"):
        load_prompts("alert", copy_of("sorry_bench"))


@pytest.mark.parametrize("registry", [sp.datasets, sp.sources])
def test_data_that_are_not_on_the_hub_are_asked_for_with_where_they_are_had(registry):
    said = "DiaSafety: path is missing: download the folder DiaSafety_dataset yourself"
    with pytest.raises(ConfigError, match=said):
        registry.build("diasafety")


def test_every_preset_is_told_and_tried():
    names = preset_names()
    kinds = {
        kind: {name for name in names if kind in preset(name).kinds}
        for kind in ("dataset", "source", "prompts")
    }
    assert kinds["dataset"] == {name for name, _ in CORPORA} | {"dialoconan"}
    assert kinds["source"] == {name for name, *_ in SOURCES}
    assert kinds["prompts"] == set(PROMPTS)
    for kind, registry in (("dataset", sp.datasets), ("source", sp.sources)):
        for name in kinds[kind]:
            cls = registry.get(name)
            assert cls.citation == preset(name).citation
            assert preset(name).licence in cls.summary()
            # A commit is named or known to be missing; a branch is none.
            assert not preset(name).verified or len(preset(name).revision) == 40


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
def test_the_real_diasafety_has_the_published_counts():
    for split, file in (("train", "train"), ("valid", "val"), ("test", "test")):
        rows = list(rows_at(str(REAL), split, None, None).rows)
        assert len(rows) == preset("diasafety").counts[split], file
    dataset = sp.datasets.build({"name": "diasafety", "path": str(REAL)})
    assert dataset.departures({split: dataset.load(split) for split in ("train", "test")}) == ()
    kinds = sorted(dataset.load("test").categories)
    assert len(kinds) == 5
    source = {"name": "diasafety", "path": str(REAL)}
    apart = [sp.sources.build({**source, "category": kind}).load() for kind in kinds]
    whole = sp.sources.build(source).load()
    assert set().union(*apart) == set(whole)
    # 4,178 rows are unsafe; few say the same as another.
    assert 4100 < len(whole) <= 4178


@pytest.mark.network
@pytest.mark.parametrize("name", [name for name in preset_names() if preset(name).verified])
def test_the_hub_s_copy_has_the_published_counts(name):
    if os.environ.get("HF_HUB_OFFLINE"):
        pytest.skip("the network is not to be used")
    known = preset(name)
    fields = next(one for one in (known.dataset, known.source, known.prompts) if one is not None)
    if "path" not in fields:
        pytest.skip("it is not on the hub")
    for split, count in known.counts.items():
        called = {"valid": "validation"}.get(split, split)
        at = fields["path"], called, fields.get("subset"), fields["revision"]
        assert sum(1 for _ in rows_at(*at).rows) == count, split
