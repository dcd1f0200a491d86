import io
import json
import logging
import shlex
import subprocess
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from rich.console import Console

from semspill import (
    Finetuner,
    PoisonStrategy,
    Rater,
    cli,
    load_config,
    raters,
    run,
    strategies,
)
from semspill.errors import PluginError

CONFIG = """\
list_size = 10
curve = false

[dataset]
name = "synthetic"
train = 60
test = 36
categories = 6

[poisoner]
selector = { name = "category", category = "brave" }
strategy = "each_random"
budget = 0.2

[model.encoder]
name = "hashing"
dim = 4
buckets = 128

[model.finetuner]
epochs = 1
batch_size = 32

[analyzer]
draws = 100
metrics = ["asr", "toxicity", "lift", "precision"]
"""


class Shrugs(Rater):
    """Rates [nothing] and has no number for it."""

    citation = "original"

    def rate(self, texts):
        return np.full(len(texts), np.nan)


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    """No time is spent on drawing."""
    monkeypatch.setattr("semspill.report._page.draw", lambda report: {})
    monkeypatch.setattr("semspill.report._page.report_page", lambda *given, **named: "")
    monkeypatch.setattr(
        "semspill.experiment.store._pages.comparison_page", lambda *given, **named: ""
    )


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "quick.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def one_line(text) -> str:
    """What was said, wherever it was broken."""
    return " ".join(text.split())


# run


def test_run_says_what_came_out_and_where_the_rest_is(semspill, config, tmp_path):
    code, out, err = semspill("run", config, "--out", "result")
    assert code == 0
    words, table, caveat = (part.splitlines() for part in out.split("\n\n"))
    report = json.loads((tmp_path / "result" / "report.json").read_text())
    [brave] = [g for g in report["groups"] if g["name"] == "brave" and g["arm"] == "poison"]
    asr = f"{100 * brave['estimates']['asr']['value']:.1f}"
    assert words[0].startswith(
        ("Spilled over", "No spillover found", "Cannot tell", "brave itself")
    )
    assert " test dialogues (" in one_line(" ".join(words))
    assert asr in one_line(" ".join(words))
    head, *groups = table
    assert head.split() == "poison, in % n planted rate toxicity lift P@1".split()
    names = [row.split("  ")[0] for row in groups]
    assert [names[0], *names[-2:]] == ["brave", "all but brave", "all"]
    assert f"{asr} [" in groups[0]
    assert caveat[0].startswith("Caveat 1 of ")
    assert caveat[-1] == "Report: result/report.html"
    assert (tmp_path / "result" / "report.html").exists()
    assert "seed 0, poison: planted rate " in one_line(err)


def test_the_output_fits_a_screen_and_no_number_is_cut(semspill, config):
    _, out, err = semspill("run", config, "--out", "result")
    lines = out.splitlines()
    assert len(lines) < 24
    assert max(len(line.rstrip()) for line in lines + err.splitlines()) <= 80
    table = out.split("\n\n")[1].splitlines()[1:]
    assert all(line.count("[") == line.count("]") == 3 for line in table)
    assert "…" not in out


def test_a_narrow_terminal_shows_fewer_numbers_rather_than_parts_of_them(
    semspill, config, monkeypatch
):
    monkeypatch.setattr(cli.out_console, "width", 60)
    _, out, _ = semspill("run", config, "--out", "result")
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 60
    head, *groups = out.split("\n\n")[1].splitlines()
    assert head.split() == "poison, in % n planted rate toxicity lift".split()
    rows = [row for row in groups if "in the report." not in row]
    assert len(rows) >= 5
    assert all(row.count("[") == row.count("]") == 2 for row in rows)


def test_the_folder_is_named_after_the_config_by_default(semspill, config, tmp_path):
    code, out, _ = semspill("run", config)
    assert code == 0
    assert (tmp_path / "semspill-runs" / "quick" / "report.json").exists()
    assert "Report: semspill-runs/quick/report.html\n" in out


def test_fields_can_be_set(semspill, config, tmp_path):
    code, _, _ = semspill(
        "run", config, "--out", "o", "--set", "seeds=[4]", "--set", "arms=['clean']"
    )
    assert code == 0
    printed = json.loads((tmp_path / "o" / "config.json").read_text())
    assert (printed["seeds"], printed["arms"]) == ([4], ["clean"])


def test_other_metrics_leave_the_columns_they_lack_out(semspill, config):
    code, out, _ = semspill(
        "run", config, "--out", "o", "--set", "analyzer.metrics=['toxicity', 'lift']"
    )
    assert code == 0
    assert ["poison,", "in", "%", "n", "toxicity", "lift"] in map(str.split, out.splitlines())
    assert "P@1" not in out


def test_an_existing_folder_needs_overwrite(semspill, config):
    quick = ("run", config, "--out", "result", "--set", "arms=['clean']")
    assert semspill(*quick)[0] == 0
    other = (*quick, "--set", "seeds=[7]")
    code, out, err = semspill(*other)
    assert (code, out) == (2, "")
    assert err.startswith("semspill: result already exists; choose another folder")
    assert err.endswith("pass --overwrite. Its config differs in seeds.\n")
    assert semspill(*other, "--overwrite")[0] == 0


def test_the_command_of_a_finished_run_trains_nothing_again(semspill, config, tmp_path):
    quick = ("run", config, "--out", "result", "--set", "arms=['clean']")
    assert semspill(*quick)[0] == 0
    files = {path: path.read_bytes() for path in tmp_path.rglob("result/**/*") if path.is_file()}
    code, _, err = semspill(*quick)
    assert code == 0
    assert "already done" in err
    again = {path: path.read_bytes() for path in tmp_path.rglob("result/**/*") if path.is_file()}
    assert again == files
    assert semspill(*quick, "--show-text")[0] == 2  # which what is there is not


def test_text_is_shown_only_when_asked_for(semspill, config, tmp_path):
    quick = ("run", config, "--set", "arms=['clean']")
    semspill(*quick, "--out", "masked")
    semspill(*quick, "--out", "shown", "--show-text")
    names = {path.parents[2].name: path.name for path in tmp_path.rglob("responses*")}
    assert names == {
        "masked": "responses.jsonl",
        "shown": "responses.UNMASKED-HARMFUL-TEXT.jsonl",
    }


def test_brackets_in_names_are_no_markup(semspill, tmp_path):
    path = tmp_path / "a[b].toml"
    path.write_text(CONFIG, encoding="utf-8")
    assert f"{path} is valid" in semspill("validate", path)[1]
    _, out, _ = semspill("run", path, "--out", "out[red]", "--set", "arms=['clean']")
    assert "Report: out[red]/report.html" in out


def test_an_interrupted_run_says_how_to_go_on(semspill, config, tmp_path, monkeypatch):
    finetune, begun = Finetuner.finetune, []

    def once(self, *given, **options):
        begun.append(1)
        if len(begun) > 1:
            raise KeyboardInterrupt
        return finetune(self, *given, **options)

    words = ("run", config, "--out", "my result", "--set", "arms=['clean', 'poison']")
    with monkeypatch.context() as patch:
        patch.setattr(Finetuner, "finetune", once)
        code, out, err = semspill(*words)
    assert (code, out) == (130, "")
    assert err.endswith(
        "semspill: Interrupted. 1 of 2 arms are finished in my result.partial; to "
        f"resume:\n  {shlex.join(map(str, ('semspill', *words)))}\n"
    )
    code, _, err = semspill(*words)
    assert code == 0
    assert "seed 0, clean: already done\n" in err
    assert not (tmp_path / "my result.partial").exists()


def _interrupt():
    raise KeyboardInterrupt


def test_quiet_prints_the_folder_and_nothing_else(semspill, config):
    assert semspill("run", config, "--out", "o[1]", "-q") == (0, "o[1]\n", "")
    vary = ["--vary", "poisoner.budget=0.2", "--out", "many"]
    assert semspill("sweep", config, *vary, "--quiet") == (0, "many\n", "")


def test_json_lines_are_the_events_and_the_outcome(semspill, config, tmp_path):
    code, out, err = semspill("run", config, "--out", "o", "--json")
    assert (code, err) == (0, "")
    *events, last = map(json.loads, out.splitlines())
    seen = []
    run(load_config(config), out=tmp_path / "again", observer=seen.append)
    assert [event["event"] for event in events] == [event.stage for event in seen]
    assert all(event["total"] == 2 for event in events)
    report = json.loads((tmp_path / "o" / "report.json").read_text())
    groups = {g["name"]: g["estimates"] for g in report["groups"] if g["arm"] == "poison"}
    assert (last["event"], last["out"]) == ("finished", "o")
    printed = last["summary"]
    assert (printed["target"], printed["arm"], printed["seeds"]) == ("brave", "poison", [0])
    assert printed["notes"] == report["notes"]
    names = {"target": "brave", "nearest": report["nearest"], "rest": "all but brave", "all": "all"}
    assert printed["groups"] == {
        role: {"name": name, "estimates": groups[name]} for role, name in names.items()
    }


def test_on_a_terminal_bars_show_progress(semspill, config, monkeypatch):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=80)
    monkeypatch.setattr("semspill.cli._progress.err_console", terminal)
    assert semspill("run", config, "--out", "result")[0] == 0
    assert "━" in screen.getvalue()
    assert "seed 0, clean: planted rate 0.0 %" in screen.getvalue()


def test_the_log_is_left_as_it_was(semspill, config, monkeypatch):
    logger = logging.getLogger("semspill")
    before = logger.level, list(logger.handlers), logger.propagate
    assert "candidates" not in semspill("run", config, "--set", "arms=['clean']")[2]
    semspill("run", config, "--out", "result", "--set", "target=nowhere")
    assert (logger.level, list(logger.handlers), logger.propagate) == before


def test_debug_shows_the_log_of_the_library(semspill, config):
    words = ("run", config, "--out", "o", "--set", "arms=['clean']", "--debug")
    assert "candidates (0 planted, 0 planted filtered out)" in one_line(semspill(*words)[2])


# Errors


@pytest.mark.parametrize(
    ("setting", "code", "printed"),
    [
        ("poisoner.budget=2", 2, "poisoner.budget: Input should be less than or equal to 1, got"),
        ("seed=1", 2, "seed: unknown field. Did you mean 'seeds' or 'dataset.seed'?"),
        ("model.encoder=hashign", 2, "No encoder is named 'hashign'. Did you mean 'hashing'?"),
        ("seeds", 2, "--set: 'seeds': write it as field.subfield=value."),
        ("target=braev", 3, "Category 'braev' is not in corpus 'synthetic' (train). Did you mean"),
        (
            "list_size=500",
            2,
            "list_size is 500, but 'test' has only 72 exchanges; lower list_size.",
        ),
        ("dataset={name='jsonl', path='no.jsonl'}", 3, "no.jsonl"),
    ],
)
def test_an_error_is_one_sentence_and_an_exit_code(semspill, config, setting, code, printed):
    found, out, err = semspill("run", config, "--out", "result", "--set", setting)
    assert (found, out) == (code, "")
    # Stages that were done before are logged above it.
    sentence = err.splitlines()[-1]
    assert sentence.startswith("semspill: ")
    assert printed in sentence


def test_a_plugin_that_breaks_its_promise_is_named(semspill, config):
    raters.register("shrugs")(Shrugs)
    try:
        code, _, err = semspill("run", config, "--out", "result", "--set", "rater=shrugs")
    finally:
        raters.unregister("shrugs")
    assert code == 3
    assert "semspill: Shrugs.rate gave nan to a text of" in err


def test_without_a_command_the_help_is_shown(semspill):
    _, out, err = semspill()
    for name in ("run", "validate", "list", "show", "init"):
        assert name in out + err
    assert semspill("--help")[0] == 0


# validate


def test_validate_says_what_would_run(semspill, config, tmp_path):
    code, out, err = semspill("validate", config, "--set", "seeds=[0, 7]")
    assert (code, err) == (0, "")
    assert out == (
        f"{config} is valid: arms clean, poison; seeds 0, 7; target brave.\n"
        f"The data were not checked; `semspill run {config} --dry-run` does that.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["quick.toml"]


def test_validate_says_it_as_json_too(semspill, config):
    code, out, _ = semspill("validate", config, "--json")
    assert (code, json.loads(out)) == (
        0,
        {"config": str(config), "valid": True, "arms": ["clean", "poison"], "seeds": [0],
         "target": "brave"},
    )  # fmt: skip
    code, out, _ = semspill("validate", config, "--json", "--set", "list_size=1")
    assert (code, json.loads(out)["code"]) == (2, 2)


def test_validate_says_every_problem_with_its_place(semspill, config):
    code, out, err = semspill(
        "validate", config, "--set", "poisoner.budget=0", "--set", "list_size=1"
    )
    assert (code, out) == (2, "")
    assert "--set: poisoner.budget: Input should be greater than 0, got 0." in err
    assert "--set: list_size: Input should be greater than or equal to 2, got 1." in err


def test_validate_without_a_file_says_how_to_get_one(semspill):
    code, _, err = semspill("validate", "no.toml")
    assert code == 2
    assert err == (
        "semspill: no.toml: cannot be read (No such file or directory); `semspill init no.toml` "
        "writes a config to start from.\n"
    )


# list and show


def test_list_shows_every_kind(semspill):
    code, out, _ = semspill("list")
    assert code == 0
    for kind in cli.KINDS:
        assert f"\n{kind} " in out
    assert "last_fixed" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("kind", sorted(cli.KINDS))
def test_list_of_a_kind_says_what_each_does(semspill, kind):
    code, out, _ = semspill("list", kind)
    assert code == 0
    for name in cli.KINDS[kind].names():
        assert f"\n{name} " in out
    assert "cannot be used" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out


@pytest.mark.parametrize("kind", ["strategy", "strategies", "rater", "raters"])
def test_a_kind_may_be_one_or_many(semspill, kind):
    assert semspill("list", kind)[0] == 0


def test_an_unknown_kind_is_said_with_the_nearest(semspill):
    code, _, err = semspill("list", "rtaers")
    assert code == 2
    assert err == (
        "semspill: There is no kind 'rtaers'. Did you mean 'raters'? Kinds: datasets, defenses, "
        "encoders, labellers, matchers, metrics, models, probes, raters, selectors, "
        "similarities, sources, strategies.\n"
    )


@pytest.fixture
def broken(monkeypatch, tmp_path):
    """A plugin whose module wants a package, and says so with brackets."""
    (tmp_path / "broken_plugin.py").write_text(
        "raise ImportError('pip install \"other[extra]\" and not [/this]')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("abandoned", "broken_plugin:Abandoned", "semspill.strategies")
    known = strategies._entry_points()
    monkeypatch.setattr(strategies, "_points", {**known, "abandoned": [point]})


@pytest.mark.usefixtures("broken")
def test_a_broken_plugin_is_listed_with_its_reason_beside_the_others(semspill):
    code, out, _ = semspill("list", "strategies")
    assert code == 0
    assert "cannot be used: The poison" in one_line(out)
    assert '"other[extra]"' in one_line(out)
    assert "[/this]" in one_line(out)
    assert "\nlast_fixed " in out
    assert "abandoned" in semspill("list")[1]


@pytest.mark.usefixtures("broken")
def test_a_broken_plugin_cannot_be_shown(semspill):
    code, out, err = semspill("show", "strategies", "abandoned")
    assert (code, out) == (3, "")
    assert "failed to import (broken_plugin:Abandoned): ImportError: pip install" in err
    with pytest.raises(PluginError):
        strategies.get("abandoned")


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in cli.KINDS for name in cli.KINDS[kind].names()]
)
def test_show_tells_fields_defaults_and_source_of_every_component(semspill, kind, name):
    code, out, _ = semspill("show", kind, name)
    assert code == 0
    cls = cli.KINDS[kind].get(name)
    printed = one_line(out)
    assert printed.startswith(f"{name} (")
    assert one_line(cls.citation) in printed
    for field in cls.model_fields:
        assert f"\n{field} " in out
    assert max(map(len, out.splitlines())) <= 80


def test_show_says_what_is_required_and_what_a_default_is(semspill):
    rows = [line.split() for line in semspill("show", "selector", "category")[1].splitlines()]
    assert any(row[:2] == ["category", "required"] for row in rows)
    _, out, _ = semspill("show", "metric", "toxic_share")
    assert any(line.startswith("threshold  0.9 ") for line in out.splitlines())
    assert "Fields" not in semspill("show", "metric", "asr")[1]


def test_list_and_show_say_it_as_json_too(semspill):
    kinds = json.loads(semspill("list", "--json")[1])
    assert kinds == {kind: list(registry.names()) for kind, registry in cli.KINDS.items()}
    printed = json.loads(semspill("list", "metric", "--json")[1])
    assert printed["kind"] == "metric"
    assert [part["name"] for part in printed["components"]] == kinds["metrics"]
    assert semspill("show", "metric", "--json") == semspill("list", "metric", "--json")
    shown = json.loads(semspill("show", "metric", "toxic_share", "--json")[1])
    assert (shown["kind"], shown["name"]) == ("metric", "toxic_share")
    [field] = [part for part in shown["fields"] if part["field"] == "threshold"]
    assert field["default"] == "0.9"
    assert set(shown) == {"kind", "name", "from", "description", "fields", "citation"}


class Loud(PoisonStrategy):
    """Says [it] again."""

    citation = "Someone [1999]"
    inner: Rater = Shrugs()
    """What it [wraps]."""

    def rewrite(self, victims, responses, rng):
        return victims


def test_show_describes_a_component_that_holds_another(semspill):
    strategies.register("loud")(Loud)
    try:
        _, out, _ = semspill("show", "strategies", "loud")
    finally:
        strategies.unregister("loud")
    assert "loud (poison strategy, registered in this session)" in out
    assert "Says [it] again." in out
    assert "What it [wraps]." in out
    assert "Shrugs" in out
    assert "Citation: Someone [1999]" in out


def test_show_of_a_kind_is_its_list(semspill):
    assert semspill("show", "raters") == semspill("list", "raters")


def test_an_unknown_component_is_said_with_the_nearest(semspill):
    code, _, err = semspill("show", "strategies", "last_fxed")
    assert code == 2
    assert "No poison strategy is named 'last_fxed'. Did you mean 'last_fixed'" in err


# init


def test_init_writes_a_config_that_is_valid(semspill, tmp_path):
    code, out, _ = semspill("init")
    assert (code, out) == (
        0,
        "Wrote experiment.toml. Next: semspill run experiment.toml\n",
    )
    text = (tmp_path / "experiment.toml").read_text(encoding="utf-8")
    assert text.startswith("# A semspill experiment")
    assert semspill("validate", "experiment.toml")[0] == 0


def test_init_never_replaces_a_file(semspill, tmp_path):
    (tmp_path / "mine.toml").write_text("mine")
    code, out, err = semspill("init", "mine.toml")
    assert (code, out) == (2, "")
    assert err == (
        "semspill: mine.toml cannot be written: it already exists; choose another name.\n"
    )
    assert (tmp_path / "mine.toml").read_text() == "mine"


def test_init_into_a_missing_folder_is_said(semspill):
    code, _, err = semspill("init", "no/such.toml")
    assert code == 2
    assert err == (
        "semspill: no/such.toml cannot be written: No such file or directory; choose another "
        "name.\n"
    )


@pytest.mark.slow
def test_the_config_of_init_runs_as_it_is_and_finds_the_spillover(semspill, tmp_path):
    semspill("init")
    assert semspill("run", "experiment.toml", "--out", "result")[0] == 0
    report = json.loads((tmp_path / "result" / "report.json").read_text())
    asr = {
        part["name"]: part["estimates"]["asr"]["value"]
        for part in report["groups"]
        if part["arm"] == "poison"
    }
    assert asr["brave"] > asr["all but brave"] > 0


def test_the_installed_command_works_and_help_loads_no_torch():
    code = (
        "import sys; sys.argv = ['semspill', 'list']\n"
        "from semspill.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "last_fixed" in ran.stdout


# Sweeps


def test_a_sweep_prints_a_row_per_variant(semspill, config, tmp_path):
    vary = ["--vary", "poisoner.budget=0.1,0.2"]
    code, out, err = semspill("sweep", config, *vary, "--out", "many")
    assert code == 0
    said, _, shown = out.partition("\n\n")
    assert "between budget=0.2 and budget=0.1" in one_line(said)
    title, head, *rows, last = shown.splitlines()
    assert title == "Planted rate by group, and P@1, in %"
    assert head.split() == ["budget", "target", "nearest", "others", "P@1"]
    assert [row.split()[0] for row in rows] == ["0.1", "0.2"]
    assert all(row.count("[") == row.count("]") == 4 for row in rows)
    assert last == "Reports: many"
    assert "2 variants, seed 0, clean: epoch 1 of 1" in err
    assert "budget=0.2, seed 0, clean: planted rate 0.0 %" in err
    assert (tmp_path / "many" / "budget=0.2" / "report.json").is_file()
    # The finished variants are found again.
    assert "epoch 1" not in one_line(semspill("sweep", config, *vary, "--out", "many")[2])


def test_a_sweep_has_a_folder_of_its_own(semspill, config, tmp_path):
    words = ["--vary", "poisoner.budget=0.2", "--set", "analyzer.metrics=['toxicity']"]
    code, out, _ = semspill("sweep", config, *words)
    assert code == 0
    assert f"Reports: semspill-runs/{config.stem}-sweep" in out
    # Nothing of what the table shows was computed.
    assert out.splitlines()[2].split() == ["0.2"]


def test_variants_of_several_fields_are_named_whole(semspill, config):
    words = ["--vary", "poisoner.budget=0.2", "--vary", "model.finetuner.epochs=0", "--out", "many"]
    words += ["--set", "arms=['clean']", "--set", "analyzer.metrics=['asr']"]
    _, out, _ = semspill("sweep", config, *words)
    assert "variant " in out
    assert "budget=0.2,epochs=0 " in out


def test_an_interrupted_sweep_says_how_to_go_on(semspill, config, monkeypatch):
    words = ("sweep", config, "--vary", "poisoner.budget=0.1,0.2", "--out", "many", "--quiet")
    with monkeypatch.context() as patch:
        patch.setattr("semspill.experiment._drive.Drive.plan", lambda *given: _interrupt())
        code, _, err = semspill(*words)
    assert code == 130
    assert err == "semspill: Interrupted. No arm was finished; there is nothing to resume.\n"
    with monkeypatch.context() as patch:
        patch.setattr("semspill.report._page.draw", lambda report: _interrupt())
        code, _, err = semspill(*words)
    assert code == 130
    assert "Interrupted. 4 of 4 arms are finished in many; to resume:" in err


def test_a_sweep_says_it_as_json_too(semspill, config, tmp_path):
    words = ("sweep", config, "--vary", "poisoner.budget=0.1,0.2", "--out", "many", "--json")
    code, out, err = semspill(*words)
    assert (code, err) == (0, "")
    *events, last = map(json.loads, out.splitlines())
    assert {event["total"] for event in events} == {4}
    assert last["out"] == "many"
    assert [part["variant"] for part in last["variants"]] == ["budget=0.1", "budget=0.2"]
    for part in last["variants"]:
        report = json.loads((tmp_path / part["out"] / "report.json").read_text())
        [brave] = [g for g in report["groups"] if g["name"] == "brave" and g["arm"] == "poison"]
        assert part["summary"]["groups"]["target"]["estimates"] == brave["estimates"]


def test_a_sweep_of_nothing_is_refused(semspill, config):
    assert semspill("sweep", config)[0] == 2
    code, _, err = semspill("sweep", config, "--vary", "poisoner.budget")
    assert code == 2
    assert "--vary: 'poisoner.budget': write it as field.subfield=value,value." in one_line(err)


def test_shards_say_what_they_trained_and_are_merged(semspill, config, tmp_path):
    words = ("sweep", config, "--vary", "poisoner.budget=0.1,0.2", "--out", "many")
    # A clean model and one for each budget; a shard has every second one.
    code, out, _ = semspill(*words, "--shard", "1/2")
    assert code == 0
    assert one_line(out).startswith("Shard 1 of 2: 2 models trained.")
    code, out, _ = semspill(*words, "--shard", "2/2", "--json")
    assert code == 0
    assert json.loads(out.splitlines()[-1]) == {"event": "finished", "out": "many", "trained": 1}
    assert semspill("merge", "many", "--quiet") == (0, "many\n", "")
    for name in ("budget=0.1", "budget=0.2"):
        assert (tmp_path / "many" / name / "report.json").is_file()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--shard", "one"), "--shard: write it as 3/16"),
        (("--shard", "1/2", "--show-text"), "--shard goes without --cache and --show-text."),
    ],
)
def test_a_shard_is_a_number_of_a_count_and_stands_alone(semspill, config, given, said):
    code, _, err = semspill("sweep", config, "--vary", "poisoner.budget=0.1,0.2", *given)
    assert code == 2
    assert said in one_line(err)


def test_write_messages_writes_training_files_and_counts_them(semspill, config, tmp_path):
    marked = "poison.UNMASKED-HARMFUL-TEXT.jsonl"
    code, out, _ = semspill("write-messages", config, "--out", "files")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("files/clean.jsonl: 60 rows, 0 planted")
    assert lines[1].startswith(f"files/{marked}: 60 rows, ")
    code, out, _ = semspill(
        *("write-messages", config, "--out", "more", "--format", "prompt_completion", "--json")
    )
    told = json.loads(out)
    assert (code, told["rows"], told["turns"]) == (0, "exchange", 4)
    assert (tmp_path / "more" / told["files"]["poison"]["file"]).is_file()
    code, _, said = semspill("write-messages", config, "--out", "files")
    assert (code, "already exists" in said) == (2, True)
    code, _, said = semspill("write-messages", config, "--out", "x", "--rows", "grumbles")
    assert code == 2
