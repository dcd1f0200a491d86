import sys

import pytest

from semspill import Finetuner, run
from semspill.experiment._environment import peak_memory
from semspill.experiment._provenance import citations_of

pytestmark = pytest.mark.usefixtures("blank_plots")


def test_the_report_says_what_it_was_trained_on(fields):
    model = {**fields["model"], "finetuner": {"epochs": 0, "device": "cpu"}}
    report = run({**fields, "model": model})
    assert report.provenance.device == "cpu"
    assert report.provenance.config["model"]["finetuner"]["device"] == "cpu"


def test_the_source_of_every_part_is_said(fields):
    model = {**fields["model"], "finetuner": {"epochs": 0}}
    sources = run({**fields, "model": model, "similarities": ["centroid"]}).provenance.citations
    assert {"SyntheticDataset", "CategorySelector", "EachRandom", "BuiltinSource"} < set(sources)
    # What takes no part is not cited: no arm plants harmless responses, no context shows labels.
    assert not {"BenignSource", "TfidfLabeller"} & set(sources)
    assert citations_of(Finetuner())["Finetuner"] == Finetuner.citation


def test_peak_memory_is_mebibytes_of_this_process():
    assert 50 < peak_memory() < 50_000


def test_peak_memory_is_unknown_where_the_system_does_not_say(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    assert peak_memory() is None


def test_the_written_config_gives_the_same_report_again(fields, tmp_path):
    first = run(fields, out=tmp_path / "first")
    assert run(tmp_path / "first" / "config.json").to_json() == first.to_json()
