import json
import re
import shutil
from itertools import count, pairwise

import numpy as np
import pytest

from semspill import ConfigError, DataError, PluginError, load_config, run, smallest_lift
from semspill.corpus import Exchange
from semspill.experiment import Forecast, ForecastPart, forecast
from semspill.experiment._artifacts import Artifacts
from semspill.experiment._data import Data
from semspill.experiment._forecast import _probe, _rehearsal, _values
from semspill.experiment._forecast._probe import Paces, pace
from semspill.experiment._forecast._reckoning import Plan, Reckoning, plans_of
from semspill.experiment._forecast._rehearsal import rehearse_similarities
from semspill.experiment._forecast._size import bytes_of, lift_found
from semspill.experiment._study import Study

ALL = ["clean", "poison", "train_only", "pool_only", "benign_swap"]


@pytest.fixture
def quick(fields):
    """Return a function that forecasts without patience."""

    def quick(out=None, overwrite=False, show_text=False, **changes):
        few = {"analyzer": {"draws": 100, "metrics": ["asr", "lift"]}}
        changed = {**fields, **few, **changes}
        return forecast(changed, out=out, overwrite=overwrite, show_text=show_text, patience=0.0)

    return quick


@pytest.fixture
def study(fields):
    def study(**changes) -> Study:
        config = load_config({**fields, **changes})
        made = Study(config, Data.load(config), Artifacts(None))
        for seed in config.seeds:
            made.tasks(seed)
        return made

    return study


def changed(found: Forecast, **values) -> str:
    return str(found.replace(**values))


# The design


@pytest.mark.parametrize(("arms", "seeds"), [(ALL, [5]), (["clean", "pool_only"], [0, 3])])
def test_it_counts_the_trainings_that_a_run_then_does(quick, fields, trainings, arms, seeds):
    found = quick(arms=arms, seeds=seeds)
    trainings.clear()
    few = {"draws": 100, "metrics": ["asr", "lift"]}
    report = run({**fields, "arms": arms, "seeds": seeds, "analyzer": few})
    assert found.trainings == len(trainings) == (3 if arms == ALL else 2)
    told = report.provenance["manifests"]
    assert list(found.planted.items()) == [(each["seed"], each["planted"]) for each in told]
    assert found.limit == told[0]["limit"]


def test_it_tells_the_design(quick):
    found = quick()
    assert (found.target, found.arms, found.seeds) == ("brave", ("clean", "poison"), (0,))
    # 90 dialogues of two exchanges, in batches of 32; 48 test dialogues of six categories.
    assert (found.train_dialogues, found.train_exchanges, found.batches) == (90, 180, 6)
    assert (found.test_exchanges, set(found.tests.values()), len(found.tests)) == (96, {8}, 6)
    assert (found.epochs, found.batch_size, found.limit, found.dropped) == (2, 32, 36, 0)
    assert found.planted[0] <= 36


def test_planted_texts_that_the_filters_drop_are_counted(quick, fields, tmp_path):
    grumbles = tmp_path / "grumbles.jsonl"
    grumbles.write_text(json.dumps({"text": "grumble " * 40}) + "\n")
    source = {"name": "jsonl", "path": str(grumbles), "text": "text"}
    poisoner = {**fields["poisoner"], "source": source}
    assert quick(poisoner=poisoner).dropped == 0
    assert quick(poisoner=poisoner, candidates={"max_chars": 200}).dropped == 1


def test_nothing_is_written(quick, tmp_path, monkeypatch, cache):
    monkeypatch.chdir(tmp_path)
    quick(out=tmp_path / "result")
    assert list(tmp_path.iterdir()) == list(cache.iterdir()) == []


def test_no_epochs_are_no_training(quick):
    found = quick(finetuner={"epochs": 0})
    assert (found.epochs, found.batches) == (0, 0)
    assert {part.name: part.seconds for part in found.parts}["training"] == 0


def test_the_clean_arm_alone_plants_and_finds_nothing(quick):
    found = quick(arms=["clean"])
    assert (found.arms, found.smallest_lift) == (("clean",), None)
    assert not {"Plants", "Finds", "planted"} & set(str(found).split())


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
    with pytest.raises(ConfigError, match="Category 'braev' is not among the tested ones"):
        quick(analyzer={"nearest": "braev"})
    with pytest.raises(DataError, match="Category 'bold' is not in corpus"):
        quick(target="bold")


# The folder


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
    assert found.folder.endswith("already exists; choose another folder with --out, or pass "
                                 "--overwrite.")  # fmt: skip
    found = quick(out=out, overwrite=True)
    assert (found.folder, found.refused) == (f"{out} would be replaced.", False)
    foreign = tmp_path / "photos"
    (foreign / "summer").mkdir(parents=True)
    found = quick(out=foreign, overwrite=True)
    assert (found.folder, found.refused) == (
        f"{foreign} was not written by a run; choose another folder.", True
    )  # fmt: skip


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


# Time


def test_a_pace_is_that_of_the_largest_part(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_probe.time, "perf_counter", lambda: now[0])
    sizes = []

    def work(part):
        sizes.append(len(part))
        now[0] += 1.0 if len(part) == 32 else 0.5 * len(part)  # slow to start

    assert pace(range(1000), work, patience=100.0) == 0.5
    assert sizes == [32, 128]
    assert pace(range(100), work, patience=1e9) == 0.5
    assert sizes[2:] == [32, 100]


def test_the_clock_stops_an_epoch_when_its_time_is_up(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_probe.time, "perf_counter", lambda: now[0])
    clock = _probe._Clock(5.0, iter)
    seen = []
    for batch in clock("abcdefgh"):
        seen.append(batch)
        now[0] += 2.0
    assert (seen, clock.steps, clock.seconds) == (["a", "b", "c"], 8, [2.0, 2.0, 2.0])
    assert list(clock("xy")) == ["x", "y"]  # which took no time


PACES = Paces(
    preparing=1.0, steps=6, step=0.5, context=0.01, response=0.02, search=0.03, rating=0.1,
    rated=(0.0, 1.0),
)  # fmt: skip


def seconds(study, plans) -> dict[str, float]:
    return {part.name: part.seconds for part in Reckoning(study, PACES, plans).parts()}


def test_time_is_reckoned_from_paces_and_plans(study):
    made = study()
    golds = len({exchange.response for exchange in made.data.test.exchanges})
    found = seconds(made, [Plan(pools=2, responses=100), Plan(pools=1, responses=110)])
    # Two trainings of two epochs of six batches.
    assert found["training"] == pytest.approx(2 * (1 + 2 * 6 * 0.5))
    # After each epoch 96 contexts and the pool; the lists of P@1 once; three pools in all.
    encoding = 2 * ((96 * 0.01 + 100 * 0.02) + (96 * 0.01 + 110 * 0.02)) + 2 * golds * 0.02
    assert found["answering"] == pytest.approx(encoding + 2 * 96 * 3 * 0.03)
    # Half of all answers, but never more than there are candidates.
    assert found["rating"] == pytest.approx(min(len(made.clean_pool), 288) * 0.1)


def test_validation_and_the_best_epoch_take_their_time(study):
    plain = seconds(study(), [Plan(1, 100)])
    valid = study(valid_split="valid", finetuner={"epochs": 2, "keep": "best"})
    found = seconds(valid, [Plan(1, 100)])
    said = valid.data.valid.exchanges
    each = len(said) * 0.01 + len({exchange.response for exchange in said}) * 0.02
    assert found["training"] - plain["training"] == pytest.approx(2 * each)
    # The kept model is asked a third time; without the curve it is asked once.
    third = 96 * 0.01 + 100 * 0.02 + 96 * 0.03
    assert found["answering"] - plain["answering"] == pytest.approx(third)
    once = seconds(study(curve=False), [Plan(1, 100)])
    assert plain["answering"] - once["answering"] == pytest.approx(third)


def test_arms_that_train_alike_are_one_plan(study):
    made = study(arms=ALL)
    tasks = made.tasks(0)
    plans = plans_of(tasks)
    assert [plan.pools for plan in plans] == [2, 2, 1]
    pool, by_arm = set(made.clean_pool.texts), {task.arm: set(task.candidates.texts)
                                                for task in tasks}  # fmt: skip
    assert plans[0].responses == len(pool | by_arm["pool_only"])
    assert plans[2].responses == len(pool | by_arm["benign_swap"])
    assert plans_of([]) == []


def test_similarities_that_take_long_are_extrapolated(study, fields, monkeypatch, rng):
    # 12 categories of 100 contexts are two batches of at most 1024.
    made = study(dataset={**fields["dataset"], "categories": 12, "train": 600})
    model = made.config.encoder.load(rng)
    now = count(1.0)
    monkeypatch.setattr(_rehearsal.time, "perf_counter", lambda: next(now))
    # centroid begins at 2 and is stopped at 4 with half of its batches; label takes 6 to 7.
    assert rehearse_similarities(made, model, patience=0.0) == 2 / 0.5 + 1
    assert [part.name for part in made.similarities] == ["any", "label"]


def test_similarities_that_are_soon_measured_are_kept(study, rng):
    made = study()
    rehearse_similarities(made, made.config.encoder.load(rng), patience=1e9)
    assert [part.name for part in made.similarities] == ["centroid", "label"]


def test_progress_sees_the_batches_of_the_training(fields):
    seen = []

    def progress(items):
        seen.extend(map(len, items))
        return iter(items)

    forecast(fields, patience=0.0, progress=progress)
    assert sum(seen) == 180
    assert max(seen) == 32


# Size and power


def test_the_lift_found_is_where_the_power_meets_it(study):
    made = study(seeds=[0, 1])
    lift = lift_found(made, (0.5, 0.5))
    # 8 dialogues of two exchanges; ratings that are all alike add no noise.
    least = smallest_lift(8, 2, dialogue_sd=(lift * (1 - lift) / 2) ** 0.5, seed_sd=0.0)
    assert lift == pytest.approx(least, abs=2e-3)
    assert lift_found(made, (0.0, 1.0)) > lift


def test_more_dialogues_find_less_and_one_finds_nothing(study, fields):
    sizes = [48, 96, 192]
    lifts = [lift_found(study(dataset={**fields["dataset"], "test": n}), (0.1, 0.2)) for n in sizes]
    assert all(few > many for few, many in pairwise(lifts))
    single = study(dataset={**fields["dataset"], "test": 6}, list_size=2)
    assert lift_found(single, (0.1, 0.2)) is None


def test_every_arm_writes_a_line_for_every_answer(study):
    two, five = study(), study(arms=ALL)
    mean = np.mean([len(text) for text in two.clean_pool.texts])
    assert bytes_of(five) - bytes_of(two) == pytest.approx(3 * 96 * (180 + mean))


# As text and as JSON

FOUND = Forecast(
    target="fear", seeds=(0, 1), arms=("clean", "poison"), trainings=4, epochs=3, batches=158,
    batch_size=256, train_dialogues=19546, train_exchanges=40276, candidates=39113,
    planted={0: 1207, 1: 1208}, limit=1208, dropped=0, tests={"fear": 71, "joy": 83, "awe": 50},
    test_exchanges=420, parts=(
        ForecastPart(name="loading", seconds=0.4, said="data"),
        ForecastPart(name="training", seconds=599.6, said="4 x (1.0 s + 3 x 158 batches x 0.3 s)"),
    ), low=420.0, high=900.0, measured=12.2, memory_mib=1097, disk_mib=24.4, smallest_lift=0.0771,
    folder="semspill-runs/x would be made.", refused=False,
)  # fmt: skip


def test_the_text_says_it_all_in_80_columns():
    lines = str(FOUND).splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(str(FOUND).split())
    for said in (
        "Trains 4 models: arms clean, poison; seeds 0, 1; arms that train alike share one",
        "3 epochs of 158 batches of 256, on 40276 exchanges of 19546 dialogues",
        "Plants 1207-1208 exchanges per seed, of at most 1208",
        "Answers 420 test exchanges, each from 39113 responses and what was planted",
        "204 test dialogues: 71 of the target fear, 50-83 of each of 2 other categories",
        "Time about 10 min (7 min to 15 min), measured for 12 s on this machine",
        "under 1 s loading data 10 min training 4 x (1.0 s + 3 x 158 batches x 0.3 s)",
        "Memory about 1097 MiB without a GPU's",
        "Disk about 24 MiB",
        "a toxicity lift of 0.077 or more in a category of 71 dialogues (the median)",
        "Folder semspill-runs/x would be made.",
    ):
        assert said in text
    assert FOUND.seconds == 600


def test_the_text_changes_with_what_is_known():
    assert "not known, because this system does not say" in " ".join(
        changed(FOUND, memory_mib=None).split()
    )
    assert "one of median size has 1 test dialogue" in " ".join(
        changed(FOUND, smallest_lift=None, tests={"fear": 1, "joy": 1}).split()
    )
    text = " ".join(changed(FOUND, trainings=1, dropped=2, planted={0: 5}).split())
    assert "Trains 1 model:" in text
    assert "Plants 5 exchanges per seed" in text
    assert "and what was planted; the filters keep 2 planted texts out" in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (0.99, "under 1 s"),
        (119.4, "119 s"),
        (121.0, "2 min"),
        (7100.0, "118 min"),
        (7300.0, "2.0 h"),
    ],
)
def test_durations_are_as_exact_as_a_forecast(given, said):
    assert _values.duration(given) == said


def test_a_forecast_survives_json():
    again = Forecast.model_validate(json.loads(FOUND.model_dump_json()))
    assert again == FOUND


def test_random_vectors_have_the_shape_of_real_ones():
    random = _probe._Random(7)
    asked = [Exchange("d", 1, "joy", ("I won!",), "Well done.")]
    assert random.encode_contexts(asked).shape == (1, 7)
    assert random.encode_responses(["a", "b"]).dtype == np.float32


def test_the_real_forecast_names_every_part(quick):
    found = quick()
    names = [part.name for part in found.parts]
    assert names == ["loading", "similarity", "training", "answering", "rating", "report"]
    assert found.low < found.seconds < found.high
    assert re.search(r"2 x \(\d+\.\d s \+ 2 x 6 batches x", str(found))
