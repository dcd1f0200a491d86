"""What the arms of a run answered, read from its folder and shown on pages."""

import base64
import gzip
import json
import re
import shutil

import numpy as np
import pytest

from semspill import ConfigError, DataError, datasets, run
from semspill._mask import masked
from semspill.experiment import read_exchanges, write_page

pytestmark = pytest.mark.usefixtures("blank_module")

SHOWN, HIDDEN = "responses.UNMASKED-HARMFUL-TEXT.jsonl", "responses.jsonl"


@pytest.fixture(scope="module", params=[True, False], ids=["shown", "masked"])
def folder(request, tmp_path_factory):
    """One finished run, read only, and whether its text is shown."""
    fields = {
        "dataset": {"name": "synthetic", "train": 90, "test": 48, "categories": 6},
        "poisoner": {
            "selector": {"name": "category", "category": "brave"},
            "strategy": "each_random",
            "budget": 0.2,
        },
        "model": {
            "encoder": {"name": "hashing", "dim": 8, "buckets": 512, "char_ngrams": None},
            "finetuner": {"epochs": 2, "batch_size": 32},
        },
        "analyzer": {"draws": 100},
        "list_size": 20,
        "seeds": [0, 1],
    }
    out = tmp_path_factory.mktemp("runs") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: out.parent / "cache")
        run(fields, out=out, show_text=request.param)
    return out, request.param


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_table_says_what_the_files_of_responses_say(folder):
    out, shown = folder
    table = read_exchanges(out, [0, 1], ["clean", "poison"])
    assert set(table.answers) == {(0, "clean"), (0, "poison"), (1, "clean"), (1, "poison")}
    assert table.unmasked == shown
    assert len(set(table.texts)) == len(table.texts)
    for (seed, arm), answered in table.answers.items():
        rows = rows_of(out / f"seed-{seed}" / arm / (SHOWN if shown else HIDDEN))
        assert len(table) == len(rows)
        assert table.dialogues == tuple(row["dialogue"] for row in rows)
        assert table.turns == tuple(row["turn"] for row in rows)
        assert table.categories == tuple(row["category"] for row in rows)
        assert [table.texts[place] for place in answered.text] == [row["response"] for row in rows]
        for name in ("toxicity", "score", "planted", "correct"):
            assert getattr(answered, name).tolist() == [row[name] for row in rows]
        harmful = [row["planted"] or row["toxicity"] >= 0.5 for row in rows]
        assert table.harmful[answered.text].tolist() == harmful
    assert table.harmful.any()
    assert not table.harmful.all()


def test_contexts_are_there_only_where_all_is_shown(folder):
    out, shown = folder
    table = read_exchanges(out, [0], ["poison"])
    if shown:
        rows = rows_of(out / "seed-0" / "poison" / SHOWN)
        assert table.contexts == tuple(tuple(row["context"]) for row in rows)
        assert all(
            len(said) == turn for said, turn in zip(table.contexts, table.turns, strict=True)
        )
    else:
        assert table.contexts is None
        assert "context" not in rows_of(out / "seed-0" / "poison" / HIDDEN)[0]


def test_a_masked_table_holds_no_harmful_text_and_no_context(folder):
    out, shown = folder
    table = read_exchanges(out, [0], ["clean", "poison"])
    hidden = table.masked()
    assert hidden.contexts is None
    assert not hidden.unmasked
    assert np.array_equal(hidden.harmful, table.harmful)
    for text, safe, harmful in zip(table.texts, hidden.texts, table.harmful, strict=True):
        assert safe == (masked(text) if shown and harmful else text)
        assert safe.startswith("[masked: ") == bool(harmful)


def test_of_a_folder_that_holds_both_kinds_everything_is_masked(folder, tmp_path):
    out, shown = folder
    shutil.copytree(out, tmp_path / "mixed")
    path = tmp_path / "mixed" / "seed-0" / "clean" / (SHOWN if shown else HIDDEN)
    path.rename(path.with_name(HIDDEN if shown else SHOWN))
    table = read_exchanges(tmp_path / "mixed", [0], ["clean", "poison"])
    assert table.unmasked
    hidden = table.masked()
    for text, harmful in zip(hidden.texts, hidden.harmful, strict=True):
        assert text.startswith("[masked: ") == bool(harmful)


def test_a_run_without_its_responses_says_so(folder, tmp_path):
    out, shown = folder
    shutil.copytree(out, tmp_path / "copy")
    path = tmp_path / "copy" / "seed-1" / "clean" / (SHOWN if shown else HIDDEN)
    path.write_text('{"planted": true}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"clean.*is missing or broken; run the experiment again"):
        read_exchanges(tmp_path / "copy", [0, 1], ["clean"])
    path.unlink()
    with pytest.raises(DataError, match="is missing or broken"):
        read_exchanges(tmp_path / "copy", [0, 1], ["clean"])


def test_only_the_page_that_says_so_in_its_name_can_show_harmful_text(folder):
    out, shown = folder
    assert (out / "report.html").is_file()
    assert (out / "report.UNMASKED-HARMFUL-TEXT.html").is_file() == shown


def payload(page):
    [packed] = re.findall(r'id="exchange-data">([^<]*)<', page.read_text(encoding="utf-8"))
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_contexts_can_be_read_afterwards_and_harmful_responses_stay_masked(folder, tmp_path):
    out, _ = folder
    page = write_page(out, tmp_path / "page.html", contexts=True)
    table = payload(page)
    test = datasets.build({"name": "synthetic", "train": 90, "test": 48, "categories": 6}).load(
        "test"
    )
    said = table["contexts"]["utterances"]
    shown = [tuple(said[place] for place in row) for row in table["contexts"]["before"]]
    assert shown == [exchange.context for exchange in test.exchanges]
    harmful = [
        text for text, bad in zip(table["texts"], table["harmful"], strict=True) if bad == "1"
    ]
    assert harmful
    assert all(text.startswith("[masked: ") for text in harmful)
    assert not table["unmasked"]


def test_contexts_are_shown_under_a_name_of_their_own(folder, tmp_path):
    out, _ = folder
    shutil.copytree(out, tmp_path / "copy")
    page = write_page(tmp_path / "copy", contexts=True)
    assert page.name == "report.contexts.html"
    assert payload(tmp_path / "copy" / "report.html")["contexts"] is None


def test_contexts_of_another_test_split_are_refused(folder, tmp_path):
    out, _ = folder
    other = datasets.build(
        {"name": "synthetic", "train": 90, "test": 48, "categories": 6, "seed": 7}
    ).load("test")
    with pytest.raises(DataError, match="The test split is another one than the run in"):
        write_page(out, tmp_path / "page.html", contexts=other)
    assert not (tmp_path / "page.html").exists()


def test_the_page_of_a_sweep_has_no_contexts(tmp_path):
    (tmp_path / "sweep.json").write_text("{}")
    with pytest.raises(ConfigError, match="give the folder of a variant"):
        write_page(tmp_path, contexts=True)
