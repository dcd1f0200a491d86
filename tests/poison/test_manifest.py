"""The manifest: one record per planted utterance, hashes instead of text, checked on reading."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import Corpus, Manifest, Poisoner, sources
from semspill.errors import DataError
from semspill.poison import Record

FEAR = {"name": "category", "category": "fear"}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def clean(corpus_of):
    return corpus_of(("joy", 1), ("fear", 2), ("fear", 2))


@pytest.fixture
def poisoned(clean, grumbles):
    poisoner = Poisoner(selector=FEAR, source=grumbles(), strategy="each_random", budget=1.0)
    return poisoner.poison(clean, np.random.default_rng(7))


def test_the_records_by_hand(clean, poisoned):
    said = [(r.dialogue, r.victim, r.turn, r.category) for r in poisoned.manifest.records]
    assert said == [(d, d, turn, "fear") for d in ("d1", "d2") for turn in (1, 3)]
    for record, turn_text in zip(poisoned.manifest.records, "0101", strict=True):
        before = f"l{record.victim[1]}.{turn_text}"
        after = poisoned.corpus[int(record.victim[1])].utterances[record.turn].text
        assert after == f"grumble {record.source_row}"
        assert record.sha256_before == sha256(before)
        assert record.sha256_after == sha256(after)
        assert (record.strategy, record.seed) == ("each_random", 7)


def test_the_summary_by_hand(clean, poisoned):
    summary = poisoned.manifest.summary
    assert (summary.selected, summary.eligible, summary.wanted, summary.poisoned) == (2, 2, 2, 2)
    assert (summary.planted, summary.limit, summary.exchanges, summary.seed) == (4, 5, 5, 7)
    assert summary.clean_fingerprint == clean.fingerprint
    assert summary.poisoned_fingerprint == poisoned.corpus.fingerprint
    assert len(poisoned.manifest) == 4


def test_by_category_counts_most_first(clean, grumbles, rng):
    poisoner = Poisoner(selector="random", source=grumbles(), strategy="each_fixed", budget=1.0)
    assert list(poisoner.poison(clean, rng).manifest.by_category.items()) == [
        ("fear", 4),
        ("joy", 1),
    ]


def test_the_file_is_a_summary_and_one_json_line_per_record_without_any_text(poisoned, tmp_path):
    path = tmp_path / "deep" / "manifest.jsonl"
    poisoned.manifest.write(path)
    first, *rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert first["semspill_manifest"] == 1
    assert first["planted"] == len(rows) == 4
    assert set(rows[0]) == set(Record.model_fields)
    assert b"grumble " not in path.read_bytes()
    assert list(tmp_path.rglob("*")) == [path.parent, path]


def test_what_was_written_is_read_back(poisoned, tmp_path):
    poisoned.manifest.write(tmp_path / "manifest.jsonl")
    back = Manifest.read(tmp_path / "manifest.jsonl")
    assert back == poisoned.manifest
    back.check(poisoned.corpus)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@settings(deadline=None)
@given(name=NAMES, category=NAMES, seed=st.none() | st.integers(0, 2**128))
def test_any_id_category_and_seed_survive_the_file(tmp_path_factory, name, category, seed):
    summary = {"poisoner": {"category": category}, "seed": seed, "selected": 1, "eligible": 1}
    summary |= {"wanted": 1, "poisoned": 1, "planted": 1, "limit": 1, "exchanges": 1}
    summary |= {"clean_fingerprint": "a", "poisoned_fingerprint": "b"}
    record = {"dialogue": name, "victim": name, "turn": 1, "category": category, "seed": seed}
    record |= {"strategy": "x", "source_row": None, "sha256_before": "c", "sha256_after": "d"}
    manifest = Manifest.model_validate({"summary": summary, "records": (record,)})
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    manifest.write(path)
    assert Manifest.read(path) == manifest


def lines(manifest):
    return manifest.to_jsonl().splitlines()


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        (lambda rows: [], "is empty; a manifest begins with its summary"),
        (lambda rows: rows[1:], "line 1: not a manifest: the first line is not the summary"),
        (lambda rows: ["[1]", *rows[1:]], "line 1: not a manifest"),
        (lambda rows: ["7", *rows[1:]], "line 1: not a manifest"),
        (lambda rows: [rows[0].replace(": 1,", ": 2,"), *rows[1:]], "line 1: not a manifest"),
        (lambda rows: [*rows[:2], rows[2][:40], *rows[3:]], "line 3: not a manifest: Unterminated"),
        (lambda rows: [*rows[:2], "", *rows[2:]], "line 3: not a manifest"),
        (lambda rows: [rows[0], "[]"], "line 2: not a manifest"),
        (lambda rows: [rows[0], rows[1].replace('"turn"', '"tern"')], "line 2: .*no field 'tern'"),
        (
            lambda rows: [rows[0], rows[1].replace('"turn": 1', '"turn": "x"')],
            "line 2: .*turn: Input should be",
        ),
        (
            lambda rows: [rows[0].replace('"planted"', '"plante"'), *rows[1:]],
            "line 1: .*no field 'plante'",
        ),
        (lambda rows: ["\udcff"], "not UTF-8"),
    ],
    ids=[
        "empty",
        "no summary",
        "list",
        "number",
        "version",
        "torn",
        "blank",
        "list record",
        "unknown field",
        "wrong type",
        "summary field",
        "bytes",
    ],
)
def test_a_broken_file_is_refused_with_its_line(poisoned, tmp_path, breaking, said):
    path = tmp_path / "manifest.jsonl"
    text = "".join(line + "\n" for line in breaking(lines(poisoned.manifest)))
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DataError, match=said) as caught:
        Manifest.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_path_without_a_manifest_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="There is no manifest at"):
        Manifest.read(tmp_path / name)


def test_check_refuses_the_clean_corpus(clean, poisoned):
    with pytest.raises(DataError, match="Dialogue 'd1', turn 1, does not hold the text"):
        poisoned.manifest.check(clean)


def test_check_refuses_a_corpus_without_a_planted_dialogue(poisoned):
    fewer = Corpus(poisoned.corpus.dialogues[:2], name="tiny")
    with pytest.raises(DataError, match="Dialogue 'd2', turn 1, does not hold"):
        poisoned.manifest.check(fewer)


@pytest.mark.parametrize("turn", [-1, 4, 99])
def test_check_refuses_a_turn_that_is_not_there(poisoned, turn):
    moved = poisoned.manifest.records[0].replace(turn=turn)
    wrong = poisoned.manifest.replace(records=(moved,))
    with pytest.raises(DataError, match=f"turn {turn}, does not hold"):
        wrong.check(poisoned.corpus)


def test_check_refuses_a_corpus_that_differs_elsewhere(poisoned):
    talks = (poisoned.corpus[0].with_response(-1, "new"), *poisoned.corpus.dialogues[1:])
    with pytest.raises(DataError, match="corpus 'tiny' differs elsewhere"):
        poisoned.manifest.check(Corpus(talks, name="tiny"))


@pytest.mark.parametrize("kept", [slice(1, None), slice(0, 3), slice(0, 0)])
def test_check_refuses_a_manifest_that_lost_records(poisoned, kept):
    fewer = poisoned.manifest.replace(records=poisoned.manifest.records[kept])
    with pytest.raises(DataError, match="planted utterances"):
        fewer.check(poisoned.corpus)


def test_the_summary_rebuilds_the_poisoner(clean, poisoned, grumbles):
    sources.register("grumbles")(grumbles)
    try:
        poisoner = Poisoner(selector=FEAR, source="grumbles", strategy="each_random", budget=1.0)
        first = poisoner.poison(clean, np.random.default_rng(3)).manifest
        again = Poisoner(**json.loads(json.dumps(first.summary.model_dump()["poisoner"])))
    finally:
        sources.unregister("grumbles")
    assert again == poisoner
