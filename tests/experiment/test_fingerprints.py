"""What arms are made with and from belongs to each arm, and is not mixed without a word."""

import json
from pathlib import Path

import numpy as np
import pytest

from semspill import DataError, Encoder, ResponseSource, run, sweep
from semspill.encoders import HashingEncoder
from semspill.experiment import _perform

pytestmark = pytest.mark.usefixtures("blank_plots")


@pytest.fixture
def fields(lean_fields):
    return lean_fields


# Versions and devices


def test_versions_and_devices_are_those_of_the_arms(fields, interrupt, tmp_path, monkeypatch):
    interrupt(2, fields, out=tmp_path / "out")
    now = {**_perform.versions(), "torch": "9.9"}
    with monkeypatch.context() as patch:
        patch.setattr(_perform, "versions", lambda: now)
        patch.setattr("semspill._device.device_name", lambda wanted: "cuda: Abacus")
        report = run(fields, out=tmp_path / "out")
    before = _perform.versions()["torch"]
    assert report.provenance.versions["torch"] == f"{before}, 9.9"
    assert report.provenance.device == "cpu, cuda: Abacus"
    clean, poison = report.provenance.arms
    assert (clean.arm, clean.versions["torch"], clean.device) == ("clean", before, "cpu")
    assert (poison.arm, poison.versions["torch"]) == ("poison", "9.9")
    [note] = [note for note in report.notes if note.kind == "mixed_versions"]
    assert note.values == {"torch": f"{before}, 9.9", "device": "cpu, cuda: Abacus"}


def test_arms_that_were_made_alike_need_no_remark(fields):
    report = run(fields)
    assert report.provenance.arms == ()
    assert not [note for note in report.notes if note.kind == "mixed_versions"]


# Bytes


class FromFile(Encoder):
    """An encoder whose random weights depend on a file."""

    citation = "original"
    path: Path

    def load(self, rng):
        seed = len(self.path.read_bytes())
        return HashingEncoder(dim=8, buckets=512).load(np.random.default_rng(seed))


def test_other_weights_under_the_same_name_are_refused(fields, interrupt, tmp_path):
    weights = tmp_path / "weights"
    weights.write_text("first")
    fields = {**fields, "model": {**fields["model"], "encoder": FromFile(path=weights)}}
    interrupt(2, fields, out=tmp_path / "out")
    weights.write_text("other")
    with pytest.raises(DataError, match=r"before this changed: model\.encoder; remove"):
        run(fields, out=tmp_path / "out")
    weights.write_text("first")
    run(fields, out=tmp_path / "out")


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("text\n" + "".join(f"grumble number {i}\n" for i in range(200)))
    return path


def of_a_file(fields, texts):
    source = {"name": "csv", "path": texts, "text": "text"}
    return {**fields, "poisoner": {**fields["poisoner"], "source": source}, "seeds": [0, 1]}


def test_other_texts_that_one_seed_does_not_plant_are_refused(fields, interrupt, texts, tmp_path):
    """The texts of the first seed stay; those of the second would be drawn from others."""
    fields = of_a_file(fields, texts)
    interrupt(2, fields, out=tmp_path / "out")
    manifest = (tmp_path / "out.partial" / "seed-0" / "manifest.jsonl").read_text()
    planted = {json.loads(line).get("source_row") for line in manifest.splitlines()}
    spare = next(row for row in range(200) if row not in planted)
    texts.write_text(texts.read_text().replace(f"number {spare}\n", f"number {spare}!\n"))
    with pytest.raises(DataError, match=r"changed: poisoner\.source; remove that folder"):
        run(fields, out=tmp_path / "out")


def test_each_arm_knows_what_it_was_made_from(fields, interrupt, texts, tmp_path):
    """Also where the list of all fingerprints and the manifest are lost."""
    fields = of_a_file(fields, texts)
    interrupt(3, fields, out=tmp_path / "out")
    texts.write_text(texts.read_text().replace("number", "numbre"))
    for name in ("fingerprints.json", "seed-0/manifest.jsonl"):
        (tmp_path / "out.partial" / name).write_bytes(b"")
    with pytest.raises(DataError, match="was made before this changed"):
        run(fields, out=tmp_path / "out")


# The candidates


class Two(ResponseSource):
    """A short text and a long one."""

    citation = "original"
    short: str = "Grumble!"

    def load(self):
        return (self.short, "grumble " * 40)


@pytest.mark.parametrize(
    ("short", "said"),
    [
        ("Grumble!", "1 of 2 planted responses out of the pool of the arm poison: those could"),
        ("Grumble! " * 40, "2 of 2 planted responses out of the pool of the arm poison: none co"),
    ],
)
def test_planted_texts_that_the_filter_drops_are_said(fields, short, said):
    poisoner = {**fields["poisoner"], "strategy": "each_random", "source": Two(short=short)}
    fields = {**fields, "poisoner": poisoner}
    [note] = [
        note
        for note in run(
            {**fields, "model": {**fields["model"], "candidates": {"max_chars": 100}}}
        ).notes
        if note.kind == "pool_filter"
    ]
    assert said in note.text
    assert (note.values["arm"], note.values["planted"]) == ("poison", 2)
    assert not [note for note in run(fields).notes if note.kind == "pool_filter"]


# Ratings


def test_a_field_moves_the_kept_ratings_or_keeps_none(fields, cache, tmp_path):
    run({**fields, "rating_cache": False})
    assert not cache.exists() or not list(cache.rglob("*.sqlite3"))
    run({**fields, "rating_cache": str(tmp_path / "mine")})
    assert len(list((tmp_path / "mine").glob("*.sqlite3"))) == 1
    assert not cache.exists() or not list(cache.rglob("*.sqlite3"))


def test_where_ratings_are_kept_does_not_matter_to_a_sweep(fields, trainings, tmp_path):
    vary = {"poisoner.budget": [0.2]}
    sweep(fields, vary, out=tmp_path / "out")
    trainings.clear()
    sweep({**fields, "rating_cache": False}, vary, out=tmp_path / "out")
    assert trainings == []
