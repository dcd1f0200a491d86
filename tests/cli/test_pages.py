"""`semspill report` and `semspill compare`, on runs of a fraction of a second."""

import base64
import gzip
import json
import re
import shutil

import pytest
from matplotlib.figure import Figure

from semspill import ConfigError, DataError, SpilloverReport, compare, run, sweep
from semspill.experiment import read_report, write_comparison, write_page
from semspill.results import Comparison

FIELDS = {
    "dataset": {"name": "synthetic", "train": 60, "test": 36, "categories": 6},
    "poisoner": {
        "selector": {"name": "category", "category": "brave"},
        "strategy": "each_random",
        "budget": 0.2,
    },
    "model": {
        "encoder": {"name": "hashing", "dim": 4, "buckets": 128},
        "finetuner": {"epochs": 1, "batch_size": 32},
    },
    "analyzer": {"draws": 100},
    "list_size": 10,
    "curve": False,
}
UNMASKED = "UNMASKED-HARMFUL-TEXT"


@pytest.fixture(scope="module", autouse=True)
def quick(tmp_path_factory):
    """An own cache, and no time spent on drawing."""
    cache = tmp_path_factory.mktemp("cache")
    plots = [f"figures._matrix.plot_{name}" for name in ("matrix", "pairs")]
    plots += [
        f"_page._comparison.plot_{name}"
        for name in ("curves", "groups", "matrix", "pairs", "differences")
    ]
    plots += [f"_page._charts.plot_{name}" for name in ("decomposition", "distribution")]
    plots += ["_page._charts.plot_epochs", "_page._charts.plot_spillover"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: cache / name)
        for name in plots:
            patch.setattr(f"semspill.report.{name}", lambda *_, **__: Figure(figsize=(1, 1)))
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs, of which one shows text, and a sweep over two targets; nobody changes them."""
    folder = tmp_path_factory.mktemp("runs")
    run(FIELDS, out=folder / "masked")
    run(FIELDS | {"seeds": [1]}, out=folder / "shown", show_text=True)
    sweep(FIELDS, {"poisoner.selector.category": ["brave", "weary"]}, out=folder / "targets")
    return folder


@pytest.fixture
def mine(runs, tmp_path):
    """A copy to change."""
    shutil.copytree(runs, tmp_path / "runs")
    return tmp_path / "runs"


def planted(folder):
    """Texts that a run planted and chose, as they are."""
    paths = folder.glob(f"seed-*/poison/responses.{UNMASKED}.jsonl")
    rows = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return {row["response"] for row in rows if row["planted"]}


def held(path):
    """All that a page says or has packed up, as it is."""
    page = path.read_text()
    found = re.search('id="exchange-data">([^<]+)<', page)
    packed = gzip.decompress(base64.b64decode(found[1])).decode() if found else "{}"
    return page + json.dumps(json.loads(packed), ensure_ascii=False)


# report


def test_the_page_of_a_run_is_written_again_as_the_run_wrote_it(mine, semspill):
    page = mine / "masked" / "report.html"
    written = page.read_bytes()
    page.unlink()
    code, printed, _ = semspill("report", mine / "masked")
    assert code == 0
    assert printed == f"Report: {page}\n"
    assert page.read_bytes() == written


def test_the_page_can_lie_elsewhere(runs, semspill, tmp_path):
    code, _, _ = semspill("report", runs / "masked", "--out", tmp_path / "new" / "x.html")
    assert code == 0
    assert (tmp_path / "new" / "x.html").read_bytes() == (
        runs / "masked" / "report.html"
    ).read_bytes()


def test_text_is_masked_unless_asked_for(mine):
    shown = mine / "shown"
    texts = planted(shown)
    assert texts
    plain = held(write_page(shown))
    assert not any(text in plain for text in texts)
    assert "[masked:" in plain
    told = write_page(shown, show_text=True)
    assert told == shown / f"report.{UNMASKED}.html"
    assert all(text in held(told) for text in texts)
    assert write_page(shown, mine / f"{UNMASKED}.html", show_text=True).is_file()


def test_text_that_a_run_does_not_hold_cannot_be_shown(runs, semspill):
    code, _, printed = semspill("report", runs / "masked", "--show-text")
    assert code == 2
    assert "holds no unmasked responses; run it again with --show-text." in printed
    with pytest.raises(ConfigError, match="page of a sweep holds no text; give the folder of a v"):
        write_page(runs / "targets", show_text=True)
    assert not list(runs.glob(f"[mt]*/*{UNMASKED}*"))


def test_a_page_of_unmasked_text_must_say_so_in_its_name(runs, tmp_path):
    with pytest.raises(
        ConfigError, match=f"cannot be named 'x.html'; choose a name with {UNMASKED}"
    ):
        write_page(runs / "shown", tmp_path / "x.html", show_text=True)
    assert not (tmp_path / "x.html").exists()


def test_a_run_without_its_responses_still_has_a_page(mine):
    for path in (mine / "masked").glob("seed-*"):
        shutil.rmtree(path)
    assert "brave" in write_page(mine / "masked").read_text()
    with pytest.raises(ConfigError, match="no unmasked responses"):
        write_page(mine / "masked", show_text=True)


def test_what_is_no_run_is_refused(mine, semspill, tmp_path):
    code, _, printed = semspill("report", tmp_path / "nowhere")
    assert code == 3
    assert "holds no finished run: report.json is missing; give a folder that" in printed
    (mine / "masked" / "report.json").write_text("{")
    with pytest.raises(DataError, match=r"report\.json is broken; run the experiment again"):
        read_report(mine / "masked")
    with pytest.raises(DataError, match=r"cannot be written \(.*\); choose another file"):
        write_page(mine / "shown", mine / "shown" / "config.json" / "x.html")


def test_a_report_is_read_back(runs):
    found = read_report(str(runs / "masked"))
    assert isinstance(found, SpilloverReport)
    assert found.target == "brave"


# Sweeps


def test_a_sweep_ends_in_a_page_of_its_variants(mine):
    folder = mine / "targets"
    page = (folder / "report.html").read_text()
    for target in ("brave", "weary"):
        assert f'href="category%3D{target}/report.html"' in page
    assert 'id="chart-matrix-asr"' in page
    assert 'id="chart-pairs-toxicity"' in page
    assert write_page(folder).read_text() == page


def test_a_sweep_shows_the_variants_of_its_last_command(mine):
    """Its matrix is of two targets; one variant is left, so the matrix is not of this sweep."""
    folder = mine / "targets"
    printed = json.loads((folder / "sweep.json").read_text())
    assert printed["variants"] == ["category=brave", "category=weary"]
    (folder / "sweep.json").write_text(json.dumps(printed | {"variants": ["category=weary"]}))
    page = write_page(folder).read_text()
    assert "category%3Dweary" in page
    assert "category%3Dbrave" not in page
    assert "matrix-asr" not in page


def test_a_sweep_of_an_earlier_version_shows_all_its_folders(mine):
    folder = mine / "targets"
    written = (folder / "report.html").read_text()
    (folder / "sweep.json").write_text("{}")
    assert write_page(folder).read_text() == written


def test_a_sweep_of_anything_but_targets_says_how_variants_differ(mine):
    folder = mine / "budgets"
    sweep(FIELDS, {"poisoner.budget": [0.1, 0.2]}, out=folder)
    found = Comparison.from_json((folder / "comparison.json").read_text())
    assert found == compare(folder)
    assert (found.baseline, found.runs) == ("budget=0.1", ("budget=0.2",))
    page = (folder / "report.html").read_text()
    assert 'id="chart-difference-asr"' in page
    assert write_page(folder).read_text() == page
    assert not (mine / "targets" / "comparison.json").exists()
    sweep(FIELDS, {"poisoner.budget": [0.1]}, out=folder)
    assert not (folder / "comparison.json").exists()  # it would be of other variants


def test_a_broken_sweep_is_refused(mine):
    (mine / "targets" / "matrix-asr.json").write_text("{")
    with pytest.raises(DataError, match=r"A matrix in .* is broken; run the sweep again"):
        write_page(mine / "targets")
    (mine / "targets" / "sweep.json").write_text("[")
    with pytest.raises(DataError, match=r"sweep\.json is broken; run the sweep again"):
        write_page(mine / "targets")


# compare


def test_the_terminal_says_which_run_is_better_and_how_sure_that_is(runs, semspill, tmp_path):
    code, printed, _ = semspill("compare", runs / "masked", runs / "shown", "--labels", "one, two")
    assert code == 0
    said, _, shown = printed.partition("\n\n")
    said = " ".join(said.split())
    assert "between two and one: outside the target the planted rate is" in said
    assert "two and one are paired by exchange, not by seed, because they share no seed." in said
    head, *rows, last = shown.splitlines()
    assert head.split() == ["in", "%", "one", "two", "difference,", "points", "p,", "Holm"]
    assert "planted rate, brave" in rows[0]
    assert last == "Comparison: comparison.html"
    page = (tmp_path / "comparison.html").read_text()
    assert "2 runs side by side" in page
    assert page.count(">one</a>") == page.count(">two</a>") == 1
    assert 'id="chart-difference-asr"' in page
    assert not any(text in page for text in planted(runs / "shown"))


def test_a_program_gets_every_difference_from_the_baseline_named(runs, semspill):
    words = ["--labels", "one,two", "--baseline", "two", "--json"]
    code, printed, _ = semspill("compare", runs / "masked", runs / "shown", *words)
    assert code == 0
    found = json.loads(printed)
    assert (found["out"], found["baseline"], found["runs"]) == ("comparison.html", "two", ["one"])
    before, after = (read_report(runs / n).group("brave").asr.value for n in ("shown", "masked"))
    target = next(d for d in found["differences"] if (d["role"], d["metric"]) == ("target", "asr"))
    assert target["estimate"]["value"] == pytest.approx(after - before)
    code, _, printed = semspill("compare", runs / "masked", runs / "shown", "--baseline", "shwn")
    assert code == 2
    assert "Did you mean 'shown'?" in printed


def test_reports_and_folders_compare_alike(runs):
    folders = [runs / "masked", runs / "shown"]
    by_folder = compare(*folders)
    assert (by_folder.baseline, by_folder.runs) == ("masked", ("shown",))
    in_memory = [run(FIELDS), run(FIELDS | {"seeds": [1]})]
    by_letter = compare(*in_memory)
    assert (by_letter.baseline, by_letter.runs) == ("A", ("B",))
    assert compare(*in_memory, labels=["masked", "shown"]) == by_folder
    with pytest.raises(DataError, match=r"read from JSON holds no answers to compare; give the fo"):
        compare(read_report(folders[0]), in_memory[1])


def test_arms_of_one_run_are_compared(runs, semspill, tmp_path):
    report = read_report(runs / "masked")
    lift = report.group("brave", "poison").asr_lift.value
    code, printed, _ = semspill("compare", runs / "masked", "--arms", "clean, poison", "--json")
    assert code == 0
    found = json.loads(printed)
    assert (found["baseline"], found["runs"]) == ("clean", ["poison"])
    target = next(d for d in found["differences"] if (d["role"], d["metric"]) == ("target", "asr"))
    assert target["estimate"]["value"] == pytest.approx(lift)
    page = (tmp_path / "comparison.html").read_text()
    assert ">clean</a>" in page
    assert ">poison</a>" in page
    assert "Arms differ" not in page


def test_an_arm_of_several_runs_is_compared(runs):
    both = runs / "masked", runs / "shown"
    one = compare(*both, arms=["clean"])
    assert (one.baseline, one.runs) == ("masked", ("shown",))
    assert one.pairings["shown"].left_out["asr"]  # nothing is planted
    every = compare(*both, arms=["clean", "poison"])
    assert (every.baseline, len(every.runs)) == ("masked, clean", 3)
    assert compare(*both, arms=["poison"]) == compare(*both)
    with pytest.raises(DataError, match="Did you mean 'poison'"):
        compare(*both, arms=["poisn"])
    with pytest.raises(ConfigError, match="3 labels for 4 arms"):
        compare(*both, arms=["clean", "poison"], labels=["a", "b", "c"])


def test_a_run_is_compared_with_another_one(runs, semspill):
    code, _, printed = semspill("compare", runs / "masked")
    assert code == 2
    assert "needs two runs or more" in printed


def test_a_sweep_stands_for_its_variants_and_folders_name_the_runs(runs, tmp_path):
    page = write_comparison([runs / "targets", runs / "masked"], tmp_path / "x.html").read_text()
    for name in ("category=brave", "category=weary", "masked"):
        assert f">{name}</a>" in page
    assert "matrix-asr" not in page


def test_folders_of_one_name_are_told_apart_by_where_they_lie(runs, mine, tmp_path):
    folders = [runs / "masked", mine / "masked"]
    (mine / "masked" / "report.html").unlink()
    page = write_comparison(folders, tmp_path / "x.html").read_text()
    assert f">{runs.name}/masked</" in page
    assert "runs/masked</" in page
    assert ">runs/masked</a>" not in page  # its page is gone


@pytest.mark.parametrize(
    ("count", "labels", "printed"),
    [
        (0, None, r"There is no run to compare; give the folders of one or more\."),
        (2, ["one"], r"There are 1 labels for 2 runs; give one for each run\."),
        (2, ["one", "one"], "cannot be distinguished by 'one', 'one'; give each its own label"),
        (2, ["one", ""], "cannot be distinguished by 'one', ''"),
    ],
)
def test_labels_must_fit_the_runs(runs, tmp_path, count, labels, printed):
    folders = [runs / "masked", runs / "shown"][:count]
    with pytest.raises(ConfigError, match=printed):
        write_comparison(folders, tmp_path / "x.html", labels=labels)


def test_the_same_run_twice_needs_labels(runs, tmp_path):
    with pytest.raises(ConfigError, match="give each its own label"):
        write_comparison([runs / "masked"] * 2, tmp_path / "x.html")


def test_what_is_no_run_is_not_compared(semspill, tmp_path):
    code, _, printed = semspill("compare", tmp_path)
    assert code == 3
    assert "holds no finished run" in printed
