"""A dry run tells the design of a run, the folder it meets and the lift it can detect."""

import json
import shutil
from itertools import pairwise

import numpy as np
import pytest

from semspill import ConfigError, DataError, PluginError, run
from semspill.analysis import smallest_lift
from semspill.experiment import Forecast, forecast
from semspill.models import Effort

ALL = ["clean", "poison", "train_only", "pool_only", "benign_swap"]


@pytest.fixture
def quick(fields):
    """Return a function that forecasts a run of the fields with some changed."""

    def quick(out=None, overwrite=False, show_text=False, **changes):
        few = {"analyzer": {"draws": 100, "metrics": ["asr", "lift"]}}
        changed = {**fields, **few, **changes}
        return forecast(changed, out=out, overwrite=overwrite, show_text=show_text)

    return quick


# The design


@pytest.mark.parametrize(("arms", "seeds"), [(ALL, [5]), (["clean", "pool_only"], [0, 3])])
def test_it_counts_the_trainings_that_a_run_then_does(quick, fields, trainings, arms, seeds):
    found = quick(arms=arms, seeds=seeds)
    trainings.clear()
    few = {"draws": 100, "metrics": ["asr", "lift"]}
    report = run({**fields, "arms": arms, "seeds": seeds, "analyzer": few})
    assert found.trainings == len(trainings) == (3 if arms == ALL else 2)
    told = report.provenance.planting.seeds
    assert list(found.planted.items()) == [(each.seed, each.planted) for each in told]
    assert found.limit == told[0].limit


def test_it_tells_the_design(quick):
    found = quick()
    assert (found.target, found.arms, found.seeds) == ("brave", ("clean", "poison"), (0,))
    # 90 dialogues of two exchanges; 48 test dialogues of six categories.
    assert (found.train_dialogues, found.train_exchanges) == (90, 180)
    assert (found.test_exchanges, set(found.tests.values()), len(found.tests)) == (96, {8}, 6)
    assert (found.epochs, found.limit, found.dropped) == (2, 36, 0)
    # 180 exchanges in batches of 32 are 5 batches and one of 20, twice.
    assert (found.effort.steps, found.effort.too_few) == (12, "")
    assert found.planted[0] <= 36


def test_planted_texts_that_the_filters_drop_are_counted(quick, fields, tmp_path):
    grumbles = tmp_path / "grumbles.jsonl"
    grumbles.write_text(json.dumps({"text": "grumble " * 40}) + "\n")
    source = {"name": "jsonl", "path": str(grumbles), "text": "text"}
    poisoner = {**fields["poisoner"], "source": source}
    assert quick(poisoner=poisoner).dropped == 0
    assert quick(poisoner=poisoner, model={"candidates": {"max_chars": 200}}).dropped == 1


def test_nothing_is_written(quick, tmp_path, monkeypatch, cache):
    monkeypatch.chdir(tmp_path)
    quick(out=tmp_path / "result")
    assert list(tmp_path.iterdir()) == list(cache.iterdir()) == []


def test_the_clean_arm_alone_plants_and_finds_nothing(quick):
    found = quick(arms=["clean"])
    assert (found.arms, found.smallest_lift) == (("clean",), None)
    assert not {"Plants", "Detects", "planted"} & set(str(found).split())


def test_the_labelled_texts_are_looked_at(quick, tmp_path):
    path = tmp_path / "labelled.csv"
    path.write_text("text,toxic\n" + "".join(f"tea {i},{i % 2}\n" for i in range(20)))
    labelled = {"path": path, "text": "text", "where": {"toxic": "1"}}
    with pytest.raises(ConfigError, match=r"labelled: .*guessing"):
        quick(labelled=labelled)
    with pytest.raises(DataError):
        quick(labelled={**labelled, "path": tmp_path / "missing.csv"})


def test_what_a_run_would_refuse_is_refused(quick, nothing):
    with pytest.raises(PluginError, match=r"Nothing\.rate gave nan"):
        quick(rater=nothing)
    with pytest.raises(DataError, match="Category 'bold' is not in corpus"):
        quick(target="bold")


# The folder


@pytest.mark.usefixtures("blank_plots")
def test_the_folder_is_made_kept_or_refused(quick, fields, tmp_path):
    out = tmp_path / "result"
    found = quick(out=out)
    assert (found.folder, found.refused) == (f"{out} would be made.", False)
    assert quick().folder == "Nothing would be written, because no folder is given."
    assert quick(out="/").refused
    run({**fields, "analyzer": {"draws": 100, "metrics": ["asr", "lift"]}}, out=out)
    found = quick(out=out)
    assert (found.refused, found.trainings) == (False, 0)
    assert found.folder == f"{out} holds this very run, finished; nothing would be trained."
    found = quick(out=out, list_size=21)
    assert found.refused
    assert found.folder.endswith(
        "already exists; choose another folder, or pass overwrite=True. Its config differs in "
        "list_size."
    )
    found = quick(out=out, overwrite=True)
    assert (found.folder, found.refused) == (f"{out} would be replaced.", False)
    foreign = tmp_path / "photos"
    (foreign / "summer").mkdir(parents=True)
    found = quick(out=foreign, overwrite=True)
    assert (found.folder, found.refused) == (
        f"{foreign} was not written by a run; choose another folder.", True
    )  # fmt: skip


@pytest.mark.usefixtures("blank_plots")
def test_an_interrupted_run_would_go_on(quick, fields, interrupt, tmp_path):
    out = tmp_path / "result"
    interrupt(2, fields, out=out)
    found = quick(out=out, analyzer={"draws": 100})
    assert found.folder == (
        f"The interrupted run in {out}.partial would go on: 1 of 2 arms are done."
    )
    assert (found.trainings, found.refused) == (1, False)
    unmasked = quick(out=out, show_text=True)  # which what is there is not
    assert (unmasked.folder.count("0 of 2 arms are done"), unmasked.trainings) == (1, 2)
    partial, aside = out.with_name("result.partial"), tmp_path / "aside"
    partial.rename(aside)
    run(fields, out=out)
    aside.rename(partial)
    found = quick(out=out, overwrite=True)
    assert found.folder.endswith(f"1 of 2 arms are done. Then {out} would be replaced.")
    shutil.rmtree(out)
    other = quick(out=out, list_size=21)
    assert other.refused
    assert "holds finished arms of an interrupted run of another config" in other.folder
    assert quick(out=out, list_size=21, overwrite=True).folder == f"{out} would be made."
    (out.with_name("result.partial") / "seed-0" / "clean" / "scores.npz").unlink()
    assert quick(out=out, list_size=21).folder == f"{out} would be made."


# Memory and power


def test_memory_is_that_of_weights_their_training_and_the_vectors(quick):
    found = quick()
    # Each tower has 512 rows of 8 float32 numbers and one for padding; training holds four copies.
    weights = 4 * 2 * 513 * 8 * 4
    vectors = (found.candidates + found.test_exchanges) * 8 * 4
    assert found.memory_mib * 2**20 == weights + vectors


def test_the_lift_is_where_the_power_meets_it(quick, monkeypatch):
    monkeypatch.setattr(
        "semspill.ToxicityScorer.score", lambda self, texts: np.full(len(texts), 0.5)
    )
    lift = quick(seeds=[0, 1]).smallest_lift
    # 8 dialogues of two exchanges; ratings that are all alike add no noise.
    least = smallest_lift(8, 2, dialogue_sd=(lift * (1 - lift) / 2) ** 0.5, seed_sd=0.0)
    assert lift == pytest.approx(least, abs=2e-3)
    monkeypatch.setattr(
        "semspill.ToxicityScorer.score", lambda self, texts: np.arange(len(texts)) % 2.0
    )
    assert quick(seeds=[0, 1]).smallest_lift > lift


def test_more_dialogues_detect_less_and_one_detects_nothing(quick, fields):
    def lift(dialogues, **changes):
        return quick(dataset={**fields["dataset"], "test": dialogues}, **changes).smallest_lift

    assert all(few > many for few, many in pairwise(map(lift, [48, 96, 192])))
    assert lift(6, list_size=2) is None


# As text and as JSON

FOUND = Forecast(
    target="fear", seeds=(0, 1), arms=("clean", "poison"), trainings=4, epochs=3,
    effort=Effort(steps=474, fewest=30, guessing=5.5),
    train_dialogues=19546, train_exchanges=40276, candidates=39113, planted={0: 1207, 1: 1208},
    limit=1208, dropped=0, tests={"fear": 71, "joy": 83, "awe": 50}, test_exchanges=420,
    test_dialogues=204, memory_mib=1097.2, smallest_lift=0.0771,
    folder="semspill-runs/x would be made.", refused=False,
)  # fmt: skip


def words(found: Forecast, **changes) -> str:
    return " ".join(str(found.replace(**changes)).split())


def test_the_text_holds_all_numbers_in_80_columns():
    assert max(map(len, str(FOUND).splitlines())) <= 80
    for part in (
        "Trains 4 models: arms clean, poison; seeds 0, 1;",
        "3 epochs on 40276 exchanges of 19546 dialogues, 474 optimizer steps",
        "Plants 1207-1208 exchanges per seed, of at most 1208",
        "Answers 420 test exchanges, each from 39113 responses and what was planted",
        "204 test dialogues: 71 of the target fear, 50-83 of each of 2 other categories",
        "Memory about 1097 MiB",
        "a toxicity lift of 7.7 points or more in a category of 71 dialogues (the median)",
        "Folder semspill-runs/x would be made.",
    ):
        assert part in words(FOUND)


def test_the_text_changes_with_what_is_known():
    single = words(FOUND, smallest_lift=None, tests={"fear": 1, "joy": 1})
    assert "one of median size has 1 test dialogue" in single
    assert "fewer than" not in words(FOUND)
    assert "optimizer step" not in words(FOUND, effort=None)
    few = Effort(steps=9, fewest=30, guessing=5.5, advice="raise the number of epochs")
    said = words(FOUND, effort=few)
    assert "9 optimizer steps" in said
    assert "fewer than 30" in said
    assert "Raise the number of epochs." in said
    text = words(FOUND, trainings=1, dropped=2, planted={0: 5})
    assert "Trains 1 model:" in text
    assert "Plants 5 exchanges per seed" in text
    assert "and what was planted; the filters keep 2 planted texts out" in text


def test_a_forecast_survives_json():
    assert Forecast.model_validate(json.loads(FOUND.model_dump_json())) == FOUND
