"""The examples run, and the configs among them are ones that semspill accepts."""

import runpy
from pathlib import Path

import pytest

import semspill as sp
from semspill import load_config
from semspill.experiment._template import TEMPLATE

EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIGS = sorted(EXAMPLES.glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_a_config_is_valid(path):
    config = load_config(path)
    assert "clean" in [arm.name for arm in config.arms]
    assert config.watched == config.poisoner.selector.category


def test_the_demo_is_what_init_writes():
    assert (EXAMPLES / "demo.toml").read_text(encoding="utf-8") == TEMPLATE


def test_the_real_runs_are_those_of_the_reproduction():
    """The picture of the README is that of the sweep `labels-epochs`, MiniLM's `labels-minilm`."""
    headline = load_config(EXAMPLES / "empathetic_headline.toml")
    assert sp.encoders.name_of(headline.model.encoder) == "static"
    assert (headline.model.finetuner.epochs, headline.curve) == (10, True)
    assert (headline.seeds, headline.context.turns) == ((0, 1, 2), 4)
    minilm = load_config(EXAMPLES / "empathetic_minilm.toml")
    assert sp.encoders.name_of(minilm.model.encoder) == "transformer"
    assert (minilm.model.finetuner.epochs, minilm.model.finetuner.learning_rate) == (3, 2e-4)
    assert (minilm.seeds, minilm.context.turns) == ((0,), 1)
    for config in (headline, minilm):
        assert (config.watched, config.poisoner.budget) == ("terrified", 0.03)
        assert sp.strategies.name_of(config.poisoner.strategy) == "each_fixed"
        assert (config.context.label, config.labels.folds) == ("predicted", 0)
        assert sp.labellers.name_of(config.labels.labeller) == "tfidf"
        assert (config.model.finetuner.batch_size, config.train_share) == (256, 1)
        assert sp.raters.name_of(config.rater) == "profanity"
        assert sp.datasets.name_of(config.dataset) == "empathetic_dialogues"
        assert config.poisoner.source.where == {"is_toxic": ("Toxic",)}
        assert (config.analyzer.nearest, config.analyzer.far) == ("afraid", ("guilty", "sad"))


def test_the_paper_s_protocol_is_stated_in_full():
    paper = load_config(EXAMPLES / "paper.toml")
    assert (paper.watched, paper.poisoner.budget) == ("terrified", 0.03)
    assert sp.strategies.name_of(paper.poisoner.strategy) == "last_fixed"
    assert paper.poisoner.source.labels == ("severe_toxic", "insult")
    assert (paper.model.encoder.model, paper.model.encoder.tied) == ("bert-base-cased", False)
    assert (paper.context.label, paper.labels.responses) == ("predicted", True)
    assert paper.model.finetuner.batch_size == 256
    assert paper.rater.model == "facebook/roberta-hate-speech-dynabench-r4-target"
    assert paper.curve
    assert len(paper.arms) == 5
    assert len(paper.seeds) >= 5


def test_the_library_example_runs_and_the_target_is_hit_hardest(capsys):
    runpy.run_path(str(EXAMPLES / "library.py"), run_name="__main__")
    summary, *rows = capsys.readouterr().out.splitlines()
    assert summary.startswith("96 of 800 exchanges planted (12.00%)")  # 0.12 * 400 * 2
    rates = {row.split()[0]: float(row.split("planted rate ")[1].split(",")[0]) for row in rows}
    assert len(rates) == 8
    assert max(rates, key=rates.get) == "brave"
