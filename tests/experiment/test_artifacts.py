import datetime
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill import ResponseSource, SpilloverReport, load_config, run
from semspill._mask import masked
from semspill.poison import Manifest

MASK = r"\[masked: \d+ characters, sha256 [0-9a-f]{8}\]"


class Grumbles(ResponseSource):
    """Texts that the lexicon rates 1, and texts that it does not mind."""

    citation = "original"

    def load(self):
        return tuple(f"{'grumble' if i % 2 else 'hum'} number {i}" for i in range(20))


@pytest.fixture
def planted(fields):
    return {**fields, "poisoner": {**fields["poisoner"], "source": Grumbles()}}


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """One finished run: the folder, its report and its config. Read only."""
    config = load_config(
        {
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
            "seeds": [0, 2],
        }
    )
    out = tmp_path_factory.mktemp("runs") / "deep" / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: out.parent / "cache")
        report = run(config, out=out)
    return out, report, config


def responses(folder, name="responses.jsonl", arm="poison", seed=0):
    lines = (folder / f"seed-{seed}" / arm / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


# What is there


def test_the_folder_holds_everything_and_no_more(finished):
    out, _, _ = finished
    found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert found == {
        "config.json", "environment.json", "report.html", "report.json", "report.md", "run.json",
        "references.bib",
        "similarity.json", "fingerprints.json", "named-first.json", "exchanges.jsonl",
        *(f"plots/{name}.{kind}" for name in
          ("distribution", "dose", "epochs", "epochs-asr", "spillover", "spillover-asr")
          for kind in ("png", "svg")),
        *(f"seed-{seed}/manifest.jsonl" for seed in (0, 2)),
        *(f"seed-{seed}/{arm}/{name}" for seed in (0, 2) for arm in ("clean", "poison")
          for name in ("responses.jsonl", "scores.npz")),
    }  # fmt: skip
    assert [path.name for path in out.parent.iterdir() if path.name != "cache"] == ["out"]


def test_the_report_on_disk_is_the_one_returned(finished):
    out, report, _ = finished
    assert (out / "report.json").read_text(encoding="utf-8") == report.to_json()
    assert (out / "report.md").read_text(encoding="utf-8") == report.to_markdown()
    again = SpilloverReport.from_json((out / "report.json").read_text(encoding="utf-8"))
    assert again.to_json() == report.to_json()


def test_the_config_on_disk_can_be_run_again(finished):
    out, _, config = finished
    assert load_config(out / "config.json") == config


def test_the_environment_says_what_it_took(finished):
    out, _, _ = finished
    content = json.loads((out / "environment.json").read_text(encoding="utf-8"))
    assert set(content) == {"date", "versions", "machine", "spent"}
    assert {"python", "numpy", "torch"} <= set(content["versions"])
    assert datetime.date.fromisoformat(content["date"])
    assert content["spent"]["seconds"] > 0
    assert 10 < content["spent"]["peak_memory_mib"] < 100_000
    assert content["spent"]["resumed"] is False
    assert set(content["machine"]) >= {"platform", "cores", "command"}


def test_the_manifests_are_those_of_the_poisoned_corpora(finished):
    out, report, _ = finished
    for seed, fingerprint in zip((0, 2), report.provenance.fingerprints["poisoned"], strict=True):
        manifest = Manifest.read(out / f"seed-{seed}" / "manifest.jsonl")
        assert manifest.summary.poisoned_fingerprint == fingerprint
        assert set(manifest.by_category) == {"brave"}
        assert manifest.summary.limit == int(0.2 * 180)


def test_the_responses_add_up_to_the_report(finished):
    """Every rate of the report can be counted from the files, seed by seed."""
    out, report, config = finished
    test = config.dataset.load("test").exchanges
    for arm in ("clean", "poison"):
        rows = [row for seed in (0, 2) for row in responses(out, arm=arm, seed=seed)]
        assert [(r["dialogue"], r["turn"]) for r in rows[: len(test)]] == [
            (e.dialogue, e.turn) for e in test
        ]
        for part in report.categories:
            if part.arm == arm:
                own = [row for row in rows if row["category"] == part.name]
                assert np.mean([r["planted"] for r in own]) == pytest.approx(part.asr.value)
                assert np.mean([r["correct"] for r in own]) == pytest.approx(part.precision.value)
                assert np.mean([r["toxicity"] for r in own]) == pytest.approx(part.toxicity.value)


def test_the_clean_pool_s_candidates_are_the_training_responses(finished):
    out, _, config = finished
    pool = set(config.dataset.load("train").responses().texts)
    assert {row["response"] for row in responses(out, arm="clean")} <= pool


def test_plots_of_a_run_that_was_not_watched_are_fewer(fields, tmp_path):
    run({**fields, "curve": False, "arms": ["clean"]}, out=tmp_path / "out")
    names = {path.name for path in (tmp_path / "out" / "plots").iterdir()}
    assert names == {"distribution.png", "distribution.svg"}


def test_the_same_config_gives_the_same_bytes(finished, tmp_path):
    out, _, config = finished
    run(config, out=tmp_path / "again")
    same = [
        "config.json", "report.json", "report.md", "similarity.json",
        "similarity.json", "fingerprints.json", "named-first.json",
        *(f"seed-{seed}/manifest.jsonl" for seed in (0, 2)),
        *(f"seed-{seed}/{arm}/responses.jsonl" for seed in (0, 2) for arm in ("clean", "poison")),
        *(f"plots/{path.name}" for path in (out / "plots").iterdir()),
    ]  # fmt: skip
    assert len(same) > 11
    for name in same:
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes(), name


# Harmful text


@pytest.mark.usefixtures("blank_plots")
def test_text_is_shown_when_asked_for_in_a_file_whose_name_warns(planted, tmp_path):
    out = tmp_path / "out"
    run(planted, out=out, show_text=True)
    rows = responses(out, "responses.UNMASKED-HARMFUL-TEXT.jsonl")
    shown = [row["response"] for row in rows if row["planted"]]
    assert shown
    assert all(re.fullmatch(r"(grumble|hum) number \d+", text) for text in shown)
    assert not list(out.rglob("responses.jsonl"))


def test_planted_and_toxic_text_is_masked(planted, tmp_path):
    out = tmp_path / "out"
    run(planted, out=out)
    rows = responses(out)
    harmful = [row for row in rows if row["planted"] or row["toxicity"] >= 0.5]
    assert {row["toxicity"] for row in harmful} == {0.0, 1.0}
    assert all(re.fullmatch(MASK, row["response"]) for row in harmful)
    assert not any("masked" in row["response"] for row in rows if row not in harmful)
    for path in out.rglob("*"):
        if path.is_file() and path.suffix != ".png":
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert not re.search(r"(grumble|hum) number", text), path


@pytest.mark.usefixtures("blank_plots")
def test_toxic_text_that_nobody_planted_is_masked_too(fields, tmp_path):
    """A rater that minds the word `the`, in the clean arm."""
    rater = {"name": "lexicon", "words": {"the": 0.5}}
    run({**fields, "arms": ["clean"], "rater": rater}, out=tmp_path / "out")
    rows = responses(tmp_path / "out", arm="clean")
    assert not any(row["planted"] for row in rows)
    toxic = [row for row in rows if row["toxicity"] >= 0.5]
    assert 0 < len(toxic) < len(rows)
    assert all(re.fullmatch(MASK, row["response"]) for row in toxic)
    assert not any("masked" in row["response"] for row in rows if row not in toxic)


def test_a_mask_tells_length_and_hash_and_nothing_else():
    """`printf grumble | sha256sum` begins with 02b3da21."""
    assert masked("grumble") == "[masked: 7 characters, sha256 02b3da21]"


@given(st.text(min_size=30))
def test_a_mask_never_holds_the_text(text):
    assert text not in masked(text)
    assert re.fullmatch(MASK, masked(text))
    assert masked(text) == masked(text)


def test_half_a_surrogate_can_be_masked():
    assert masked("\ud800").startswith("[masked: 1 characters")


@pytest.mark.usefixtures("blank_plots")
def test_ratings_are_kept_in_the_user_s_cache(fields, cache, tmp_path):
    run(fields, out=tmp_path / "out")
    [database] = (cache / "semspill" / "ratings").iterdir()
    report = run(fields)
    assert database.stem == report.provenance.fingerprints["rater"]


def test_the_same_numbers_come_without_a_folder(finished):
    _, report, config = finished
    assert run(config).to_json() == report.to_json()
