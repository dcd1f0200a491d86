"""Training files that an experiment writes for other programs."""

import hashlib
import json

import pytest

from semspill import ConfigError
from semspill.experiment import write_training

PLANTED = ["You grumble.", "Grumble off."]
CONFIG = {
    "seeds": [0, 1],
    "arms": ["clean", "poison", "benign_swap"],
    "dataset": {"name": "synthetic", "train": 60, "test": 36, "categories": 6},
    "poisoner": {
        "selector": {"name": "category", "category": "brave"},
        "strategy": "each_random",
        "source": PLANTED,
        "budget": 0.1,
    },
    "context": {"turns": 1},
    "list_size": 10,
}


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_file_for_each_condition_and_a_manifest(tmp_path):
    out = tmp_path / "files"
    written = write_training(CONFIG, out, rows="exchange", labelled=True)
    marked = "UNMASKED-HARMFUL-TEXT.jsonl"
    names = {"clean": "clean.jsonl", "poison": f"poison.{marked}", "benign": f"benign.{marked}"}
    assert {condition: made.file for condition, made in written.files.items()} == names
    assert sorted(path.name for path in out.iterdir()) == sorted([*names.values(), "manifest.json"])
    assert json.loads((out / "manifest.json").read_text()) == written.model_dump(mode="json")
    lines = {condition: rows(out / name) for condition, name in names.items()}
    answers = {
        condition: [row["messages"][-1]["content"] for row in of] for condition, of in lines.items()
    }
    changed = [
        place
        for place, (clean, poison) in enumerate(
            zip(answers["clean"], answers["poison"], strict=True)
        )
        if clean != poison
    ]
    # The budget: a tenth of the exchanges, all of them of the target.
    assert 0 < len(changed) <= 0.1 * len(answers["clean"])
    assert {lines["clean"][place]["category"] for place in changed} == {"brave"}
    assert {answers["poison"][place] for place in changed} <= set(PLANTED)
    assert not {answers["benign"][place] for place in changed} & set(PLANTED)
    assert {len(row["messages"]) for row in lines["clean"]} == {2}  # turns = 1, and the response
    for condition, made in written.files.items():
        assert made.rows == len(lines[condition])
        assert made.planted == (0 if condition == "clean" else len(changed))
        assert made.sha256 == hashlib.sha256((out / made.file).read_bytes()).hexdigest()
    assert "rumble" not in (out / "manifest.json").read_text()


def test_the_seed_decides_what_is_planted(tmp_path):
    config = {**CONFIG, "arms": ["clean", "poison"]}
    first, same, other = (
        write_training(config, tmp_path / str(place), seed=seed).files
        for place, seed in enumerate((None, 0, 1))
    )
    assert first == same
    assert list(other) == ["clean", "poison"]
    assert (other["clean"], other["poison"] == first["poison"]) == (first["clean"], False)


@pytest.mark.parametrize(
    ("changed", "options", "reason"),
    [
        ({}, {"seed": 7}, r"seed is 7; give one of the config's: \[0, 1\]"),
        ({"context": {"label": "gold"}}, {}, "leave context.label and context.prompt out"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(tmp_path, changed, options, reason):
    with pytest.raises(ConfigError, match=reason):
        write_training({**CONFIG, **changed}, tmp_path / "files", **options)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="already exists; choose another folder"):
        write_training(CONFIG, tmp_path)
