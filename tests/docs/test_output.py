"""docs/output.md lists the files a run writes and the fields in them: no more, no fewer."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import semspill as sp
from semspill.results import CurvePoint, Note, Planting, SliceReport
from semspill.statistics import Measure

pytestmark = pytest.mark.no_cover

PAGE = (Path(__file__).parents[2] / "docs" / "output.md").read_text(encoding="utf-8")
HARM = (Path(__file__).parents[2] / "docs" / "harm.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        config = {
            "dataset": {"name": "synthetic", "train": 200, "test": 60},
            "poisoner": {
                "selector": {"name": "category", "category": "brave"},
                "strategy": "each_random",
                "budget": 0.12,
            },
            "model": {"finetuner": {"epochs": 2, "batch_size": 32}},
            "list_size": 20,
        }
        sp.run(config, out=folder / "OUT")
    return folder / "OUT"


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def keys_of_table(text: str) -> set[str]:
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


def mentioned(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


def first_rows(path: Path, count: int) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:count]]


def test_the_files_are_these(out):
    written = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    tree = PAGE.split("OUT/\n")[1].split("```")[0]
    listed = {line.split()[0].rstrip(",") for line in tree.splitlines()}
    listed |= {name.replace(".png", ".svg") for name in listed if name.endswith(".png")}
    assert written == listed


def test_a_row_of_responses_has_these_keys(out):
    [row] = first_rows(out / "seed-0" / "poison" / "responses.jsonl", 1)
    assert set(row) == keys_of_table(section("responses.jsonl"))


def test_a_manifest_has_these_keys(out):
    summary, record = first_rows(out / "seed-0" / "manifest.jsonl", 2)
    text = section("manifest.jsonl")
    assert set(record) == keys_of_table(text)
    assert set(summary) == mentioned(text.split("Each further line")[0])


OTHERS = {"loss", "record", "drawn_from"}  # one for each epoch, for the arm, for each text


def test_the_arrays_are_these(out):
    with np.load(out / "seed-0" / "poison" / "scores.npz") as arrays:
        names = set(arrays.files)
        columns = {array.shape[-1] for name, array in arrays.items() if name not in OTHERS}
    assert names <= mentioned(section("scores.npz").split("```")[0])
    assert columns == {120}  # 60 dialogues of two listener turns


def test_a_report_has_these_keys(out):
    text = section("report.json")
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert set(report) == keys_of_table(text)
    assert set(report["provenance"]) <= mentioned(text)
    for model in (SliceReport, CurvePoint, Note, Planting, Measure, sp.Estimate):
        assert set(model.model_fields) <= mentioned(text)


def test_the_environment_has_these_keys(out):
    said = json.loads((out / "environment.json").read_text(encoding="utf-8"))
    keys = {*said, *said["machine"], *said["spent"]}
    assert keys <= mentioned(section("environment.json"))


def test_the_config_of_a_run_can_be_run_again(out):
    again = sp.load_config(out / "config.json")
    assert again.poisoner.budget == 0.12


def test_planted_responses_are_masked_as_the_page_on_harm_says(out):
    rows = first_rows(out / "seed-0" / "poison" / "responses.jsonl", 120)
    form = re.compile(r"\[masked: \d+ characters, sha256 [0-9a-f]{8}\]")
    assert form.search(HARM)
    hidden = [row for row in rows if row["planted"] or row["toxicity"] >= 0.5]
    assert hidden
    assert all(form.fullmatch(row["response"]) for row in hidden)
    insults = sp.sources.build("builtin").load()
    written = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    assert not [text for text in insults for content in written if text.encode() in content]
