import io
import json
import logging
import subprocess
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from matplotlib.figure import Figure
from rich.console import Console

from semspill import Finetuner, PoisonStrategy, Rater, cli, raters, strategies
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

[encoder]
name = "hashing"
dim = 4
buckets = 128

[finetuner]
epochs = 1
batch_size = 32

[analyzer]
draws = 100
"""


class Shrugs(Rater):
    """Rates [nothing] and has no number for it."""

    source = "original"

    def rate(self, texts):
        return np.full(len(texts), np.nan)


@pytest.fixture(autouse=True)
def quiet_place(monkeypatch, tmp_path):
    """An own working folder, an own cache, and no time spent on drawing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "semspill.scoring._scorer.user_cache_dir", lambda name: tmp_path / "cache" / name
    )
    for name in ("plot_distribution", "plot_epochs", "plot_spillover"):
        monkeypatch.setattr(f"semspill.report._plots.{name}", lambda report: Figure(figsize=(1, 1)))


@pytest.fixture
def semspill(monkeypatch, capsys):
    """Return a function that runs a command line: exit code, standard output, standard error."""
    for console in (cli.out_console, cli.err_console):
        monkeypatch.setattr(console, "width", 80)

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["semspill", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return stopped.value.code or 0, said.out, said.err

    return command


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "quick.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def one_line(text) -> str:
    """What was said, wherever it was broken."""
    return " ".join(text.split())


# run


def test_run_prints_the_groups_and_says_where_the_rest_is(semspill, config, tmp_path):
    code, out, err = semspill("run", config, "--out", "result")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].rstrip() == "Planted in brave, arm poison, in %"
    head, *groups = lines[1:8]
    assert head.split() == "group n planted chosen toxicity lift P@1".split()
    names = [row.split("  ")[0] for row in groups]
    assert [names[0], *names[-2:]] == ["brave", "all but brave", "all"]
    assert "Report: result/report.md\nPlots:  result/plots\n" in out
    assert (tmp_path / "result" / "report.md").exists()
    assert "seed 0, arm poison" in one_line(err)
    asr = json.loads((tmp_path / "result" / "report.json").read_text())["groups"]
    [brave] = [g for g in asr if g["name"] == "brave" and g["arm"] == "poison"]
    assert f"{100 * brave['estimates']['asr']['value']:.1f} [" in groups[0]


def test_the_output_fits_80_columns_and_no_number_is_cut(semspill, config):
    _, out, err = semspill("run", config, "--out", "result")
    lines = out.splitlines() + err.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    table = out.splitlines()[2:8]
    assert all(line.count("[") == line.count("]") == 3 for line in table)
    assert "…" not in out


def test_the_folder_is_named_after_the_config_by_default(semspill, config, tmp_path):
    code, out, _ = semspill("run", config)
    assert code == 0
    assert (tmp_path / "semspill-runs" / "quick" / "report.json").exists()
    assert "semspill-runs/quick/report.md" in out


def test_fields_can_be_set(semspill, config, tmp_path):
    code, _, _ = semspill(
        "run", config, "--out", "o", "--set", "seeds=[4]", "--set", "arms=['clean']"
    )
    assert code == 0
    said = json.loads((tmp_path / "o" / "config.json").read_text())
    assert (said["seeds"], said["arms"]) == ([4], ["clean"])


def test_other_metrics_leave_the_columns_they_lack_out(semspill, config):
    code, out, _ = semspill(
        "run", config, "--out", "o", "--set", "analyzer.metrics=['toxicity', 'lift']"
    )
    assert code == 0
    assert out.splitlines()[1].split() == ["group", "n", "toxicity", "lift"]
    assert "P@1" not in out


def test_an_existing_folder_needs_overwrite(semspill, config):
    quick = ("run", config, "--out", "result", "--set", "arms=['clean']")
    assert semspill(*quick)[0] == 0
    code, out, err = semspill(*quick)
    assert (code, out) == (2, "")
    assert err == (
        "semspill: result already exists; choose another folder with --out, or pass --overwrite.\n"
    )
    assert semspill(*quick, "--overwrite")[0] == 0


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
    assert "Report: out[red]/report.md" in out


def test_an_interrupted_run_says_how_to_go_on(semspill, config, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Finetuner, "finetune", lambda *given, **options: _interrupt())
        code, out, err = semspill("run", config, "--out", "result")
    assert (code, out) == (130, "")
    assert err.endswith(
        "semspill: Interrupted; result.partial keeps the finished arms, if any; the same command "
        "resumes.\n"
    )
    assert semspill("run", config, "--out", "result")[0] == 0
    assert not (tmp_path / "result.partial").exists()


def _interrupt():
    raise KeyboardInterrupt


def test_on_a_terminal_a_bar_shows_progress(semspill, config, monkeypatch):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=80)
    for module in ("_app", "_experiments"):
        monkeypatch.setattr(f"semspill.cli.{module}.err_console", terminal)
    assert semspill("run", config, "--out", "result")[0] == 0
    assert "━" in screen.getvalue()


def test_the_log_is_left_as_it_was(semspill, config):
    logger = logging.getLogger("semspill")
    before = logger.level, list(logger.handlers), logger.propagate
    assert "arm clean" in one_line(semspill("run", config, "--set", "arms=['clean']")[2])
    semspill("run", config, "--out", "result", "--set", "target=nowhere")
    assert (logger.level, list(logger.handlers), logger.propagate) == before


# Errors


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("poisoner.budget=2", 2, "poisoner.budget: Input should be less than or equal to 1, got"),
        ("seed=1", 2, "has no field 'seed'. Did you mean 'seeds'?"),
        ("encoder=hashign", 2, "No encoder is named 'hashign'. Did you mean 'hashing'?"),
        ("seeds", 2, "--set 'seeds': write it as field.subfield=value."),
        ("target=braev", 3, "Category 'braev' is not in corpus 'synthetic' (train). Did you mean"),
        (
            "list_size=500",
            2,
            "list_size is 500, but 'test' has only 72 exchanges; lower list_size.",
        ),
        ("dataset={name='jsonl', path='no.jsonl'}", 3, "no.jsonl"),
    ],
)
def test_an_error_is_one_sentence_and_an_exit_code(semspill, config, setting, code, said):
    found, out, err = semspill("run", config, "--out", "result", "--set", setting)
    assert (found, out) == (code, "")
    # Stages that were done before are logged above it.
    sentence = err.splitlines()[-1]
    assert sentence.startswith("semspill: ")
    assert said in sentence


def test_a_plugin_that_breaks_its_promise_is_named(semspill, config):
    raters.register("shrugs")(Shrugs)
    try:
        code, _, err = semspill("run", config, "--out", "result", "--set", "rater=shrugs")
    finally:
        raters.unregister("shrugs")
    assert code == 3
    assert "semspill: Shrugs.rate gave nan to a text of" in err


@pytest.mark.parametrize(
    "words", [("run",), ("bogus",), ("run", "a.toml", "--nope"), ("list", 1, 2)]
)
def test_a_wrong_command_line_is_2(semspill, words):
    code, _, err = semspill(*words)
    assert code == 2
    assert "Usage: semspill" in err


def test_without_a_command_the_help_is_shown(semspill):
    _, out, err = semspill()
    for name in ("run", "validate", "list", "show", "init"):
        assert name in out + err
    assert semspill("--help")[0] == 0


# validate


def test_validate_says_what_would_run(semspill, config, tmp_path):
    code, out, err = semspill("validate", config, "--set", "seeds=[0, 7]")
    assert (code, err) == (0, "")
    assert out == f"{config} is valid: arms clean, poison; seeds 0, 7; target brave.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["quick.toml"]


def test_validate_says_every_problem_with_its_place(semspill, config):
    code, out, err = semspill(
        "validate", config, "--set", "poisoner.budget=0", "--set", "list_size=1"
    )
    assert (code, out) == (2, "")
    assert f"{config}: poisoner.budget: Input should be greater than 0, got 0." in err
    assert f"{config}: list_size: Input should be greater than or equal to 2, got 1." in err


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
        "semspill: There is no kind 'rtaers'. Did you mean 'raters'? Kinds: datasets, sources, "
        "selectors, strategies, encoders, raters, similarities, metrics.\n"
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
    said = one_line(out)
    assert said.startswith(f"{name} (")
    assert one_line(cls.source) in said
    for field in cls.model_fields:
        assert f"\n{field} " in out
    assert max(map(len, out.splitlines())) <= 80


def test_show_says_what_is_required_and_what_a_default_is(semspill):
    rows = [line.split() for line in semspill("show", "selector", "category")[1].splitlines()]
    assert any(row[:2] == ["category", "required"] for row in rows)
    _, out, _ = semspill("show", "metric", "toxic_share")
    assert any(line.startswith("threshold  0.9 ") for line in out.splitlines())
    assert "Fields" not in semspill("show", "metric", "asr")[1]


class Loud(PoisonStrategy):
    """Says [it] again."""

    source = "Someone [1999]"
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
    assert "Source: Someone [1999]" in out


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
    assert "budget=0.1 " in out
    assert "budget=0.2 " in out
    assert "Reports: many" in out
    assert "arm clean" in one_line(err)
    assert (tmp_path / "many" / "budget=0.2" / "report.json").is_file()
    # The finished variants are found again.
    assert "epoch 1" not in one_line(semspill("sweep", config, *vary, "--out", "many")[2])


def test_a_sweep_has_a_folder_of_its_own(semspill, config, tmp_path):
    words = ["--vary", "poisoner.budget=0.2", "--set", "analyzer.metrics=['toxicity']"]
    code, out, _ = semspill("sweep", config, *words)
    assert code == 0
    assert f"Reports: semspill-runs/{config.stem}-sweep" in out


def test_an_interrupted_sweep_says_how_to_go_on(semspill, config, monkeypatch):
    monkeypatch.setattr(Finetuner, "finetune", lambda *a, **k: _interrupt())
    code, _, err = semspill("sweep", config, "--vary", "poisoner.budget=0.2", "--out", "many")
    assert code == 130
    assert "Interrupted; many keeps the finished arms; the same command resumes." in one_line(err)


def test_a_sweep_of_nothing_is_refused(semspill, config):
    assert semspill("sweep", config)[0] == 2
    code, _, err = semspill("sweep", config, "--vary", "poisoner.budget")
    assert code == 2
    assert "--vary 'poisoner.budget': write it as field.subfield=value,value." in one_line(err)
