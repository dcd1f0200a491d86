"""The whole training split of EmpatheticDialogues, poisoned as in the paper."""

import tarfile
from collections import Counter

import numpy as np
import pytest

from semspill import Poisoner, datasets

TERRIFIED = {"name": "category", "category": "terrified"}


@pytest.fixture(scope="module")
def train(empathetic_archive):
    spec = {"name": "empathetic_dialogues", "path": str(empathetic_archive)}
    return datasets.build(spec).load("train")


@pytest.fixture(scope="module")
def listener_rows(empathetic_archive):
    """Listener rows per emotion, counted in the file itself: even `utterance_idx`."""
    with tarfile.open(empathetic_archive) as archive:
        member = archive.extractfile("empatheticdialogues/train.csv")
        rows = [line.decode().split(",") for line in member.read().splitlines()[1:]]
    return Counter(row[2] for row in rows if int(row[1]) % 2 == 0)


@pytest.fixture(scope="module")
def poisoned(train, grumbles):
    poisoner = Poisoner(
        selector=TERRIFIED, strategy="each_fixed", source=grumbles(count=9), budget=0.03
    )
    return poisoner.poison(train, np.random.default_rng(0))


def test_the_budget_is_counted_on_the_whole_split(train, listener_rows, poisoned):
    summary = poisoned.manifest.summary
    assert summary.exchanges == len(train.exchanges) == sum(listener_rows.values())
    assert summary.limit == sum(listener_rows.values()) * 3 // 100
    assert summary.selected == train.sizes["terrified"]
    assert 0 < summary.planted <= min(summary.limit, listener_rows["terrified"])


def test_the_budget_is_used_up_or_the_category_is(train, listener_rows, poisoned):
    summary = poisoned.manifest.summary
    if summary.subset:
        longest = max(len(t.exchanges) for t in train if t.category == "terrified")
        assert summary.planted > summary.limit - longest
    else:
        assert summary.planted == listener_rows["terrified"]


def test_only_terrified_dialogues_differ_and_all_their_responses_are_one(train, poisoned):
    assert len(poisoned.corpus) == len(train)
    changed = [
        after for before, after in zip(train, poisoned.corpus, strict=True) if before != after
    ]
    assert {talk.category for talk in changed} == {"terrified"}
    assert len(changed) == poisoned.manifest.summary.poisoned
    assert len({e.response for talk in changed for e in talk.exchanges}) == 1
    assert sum(e.planted for e in poisoned.corpus.exchanges) == len(poisoned.manifest)


def test_the_manifest_of_real_data_survives_its_file(poisoned, tmp_path):
    poisoned.manifest.write(tmp_path / "manifest.jsonl")
    back = type(poisoned.manifest).read(tmp_path / "manifest.jsonl")
    assert back == poisoned.manifest
    back.check(poisoned.corpus)


def test_real_toxic_text_is_planted_but_never_written_down(train, toxic_csv, tmp_path):
    source = {
        "name": "csv",
        "path": str(toxic_csv),
        "text": "text",
        "where": {"is_toxic": "Toxic"},
    }
    poisoner = Poisoner(selector=TERRIFIED, strategy="last_random", source=source, budget=0.03)
    poisoned = poisoner.poison(train, np.random.default_rng(0))
    planted = [e.response for e in poisoned.corpus.exchanges if e.planted]
    texts = poisoner.source.load()
    assert [texts[record.source_row] for record in poisoned.manifest.records] == planted
    said = poisoned.manifest.to_jsonl()
    leaked = sum(text in said for text in set(planted) if len(text) > 20)
    assert leaked == 0
