"""What the TAB key offers: fields and values behind `--set`, components, files and folders."""

from types import SimpleNamespace

import pytest

from semspill import datasets, load_config
from semspill.cli._completion import (
    complete_config,
    complete_kind,
    complete_name,
    complete_out,
    complete_override,
    complete_run,
)
from semspill.errors import ConfigError
from semspill.experiment._fields import config_fields

TOML = """\
dataset = "synthetic"
model.encoder = { name = "transformer", model = "minilm" }
[poisoner]
selector = { name = "category", category = "brave" }
"""


@pytest.fixture
def offered():
    """Return a function from what was typed to what is offered, by name."""

    def offered(typed, **params) -> dict[str, str]:
        found = complete_override(SimpleNamespace(params=params, args=[]), typed)
        return dict(one if isinstance(one, tuple) else (one, "") for one in found)

    return offered


def test_names_come_with_their_meaning(offered):
    assert offered("poisoner.b") == {
        "poisoner.budget=": "Most planted exchanges, as a share of the clean corpus's exchanges "
        "(the paper's epsilon)."
    }  # fmt: skip
    top = offered("")
    assert {"poisoner.", "model=", "seeds=", "context."} <= set(top)
    assert not any(name.count(".") > name.endswith(".") for name in top)
    assert list(offered("ana")) == ["analyzer."]


def test_what_lies_below_a_complete_name_is_offered_too(offered):
    assert {"model.encoder=", "model.encoder.name=", "model.encoder.dim="} <= set(
        offered("model.encoder")
    )
    assert "model.encoder=" not in offered("model.encoder.")


def test_values_follow_the_equals_sign(offered):
    assert list(offered("poisoner.strategy=last")) == [
        "poisoner.strategy=last_fixed", "poisoner.strategy=last_random"
    ]  # fmt: skip
    assert list(offered("curve=")) == ["curve=true", "curve=false"]
    assert list(offered("model.finetuner.schedule=")) == [
        "model.finetuner.schedule=linear", "model.finetuner.schedule=constant"
    ]  # fmt: skip
    assert list(offered("target=")) == ["target=null"]
    assert offered("poisoner.budget=") == offered("nonsense=") == {}


def test_the_config_on_the_command_line_decides_which_component_has_fields(offered, tmp_path):
    path = tmp_path / "my.toml"
    path.write_text(TOML)
    assert "model.encoder.pooling=" in offered("model.encoder.", config=path)
    assert "model.encoder.pooling=" not in offered("model.encoder.")
    assert list(offered("poisoner.selector.c", config=str(path))) == ["poisoner.selector.category="]
    assert list(offered("dataset.ov", config=path)) == ["dataset.overlap="]
    later = offered("model.encoder.", config=path, overrides=["model.encoder=hashing"])
    assert "model.encoder.buckets=" in later


def test_what_cannot_be_read_is_done_without(offered, tmp_path):
    assert "model.encoder.dim=" in offered("model.encoder.d", config=tmp_path / "missing.toml")
    assert "model.encoder.dim=" in offered("model.encoder.d", overrides=["half typed"])


# Components, files and folders


def test_kinds_and_their_names_are_completed():
    context = SimpleNamespace(params={"kind": "strategy"})
    assert complete_kind("st") == ["strategies"]
    assert complete_name(context, "last_f") == ["last_fixed"]
    context.params["kind"] = "datasets"
    assert complete_name(context, "") == list(datasets.names())
    context.params["kind"] = "raterz"
    assert complete_name(context, "") == []


def test_configs_and_folders_are_completed_wherever_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("runs/a", "runs/b", "c", "[deep]/one.partial"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("runs/a/report.json", "c/report.json", "[deep]/more.yaml", "[deep]/x.txt"):
        (tmp_path / name).touch()
    (tmp_path / "my.toml").touch()
    assert complete_run("") == ["c", "runs/a"]
    assert complete_run("runs/") == ["runs/a"]
    assert complete_config("") == ["[deep]/more.yaml", "c/report.json", "my.toml"]
    assert complete_config("[deep]/") == ["[deep]/more.yaml"]
    assert complete_out("") == ["[deep]/one"]
    assert complete_out(f"{tmp_path}/[deep]/") == [f"{tmp_path}/[deep]/one"]


def test_a_shell_gets_fields_and_values(semspill, monkeypatch):
    monkeypatch.setenv("_SEMSPILL_COMPLETE", "complete_zsh")
    for typed, offered in (
        ("schedule=l", "model.finetuner.schedule=linear"),
        ("sch", "model.finetuner.sch"),
    ):
        words = f"semspill run my.toml --set model.finetuner.{typed}"
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", words)
        code, out, err = semspill()
        assert (code, err) == (0, "")
        assert f'"{offered}' in out


# Fields of a config


def test_every_field_offered_is_one():
    given = {
        "dataset": "synthetic",
        "poisoner": {"selector": {"name": "random"}},
        "target": "brave",
    }
    config = load_config(given)
    for field in config_fields(given):
        part: object = config
        *path, last = field.path.split(".")
        for name in path:
            part = getattr(part, name, None)
        if last == "name" or part is None:  # parts that are not there by default
            continue
        assert last in type(part).model_fields
        assert field.meaning


def test_a_broken_or_unknown_component_has_no_fields():
    for given in ({"model": "nobody"}, {"model": {"encoder": {"name": 3}}}, {"model": 3}):
        assert not any(field.path == "model.encoder.dim" for field in config_fields(given))


def test_optional_parts_have_fields_too():
    paths = {field.path: field for field in config_fields({"labelled": None})}
    assert "labelled.path" in paths
    assert paths["labelled"].whole
    assert "empathetic_dialogues" in paths["dataset"].values
    assert "dataset.name" in paths
    assert "dataset.path" not in paths


def said(*overrides) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config({"dataset": "synthetic", "poisoner": {"selector": "random"}, "target": "a",
                     "model": {"encoder": "hashing"}}, overrides)  # fmt: skip
    return str(caught.value)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("poisoner.buget=1", "overrides: poisoner.buget: unknown field. Did you mean 'budget'? "
         "poisoner has: selector, strategy, source, budget, rate, placement, taint_context."),
        ("model.encoder.dimm=3", "overrides: model.encoder.dimm: unknown field. Did you mean "
         "'dim'? model.encoder "
         "(hashing) has: tied, fast, buckets, dim, word_ngrams, char_ngrams."),
        ('analyzer.metrics=[{name="toxic_share",treshold=1}]', "overrides: analyzer.metrics.0."
         "treshold: unknown field. Did you mean 'threshold'? analyzer.metrics.0 (toxic_share) "
         "has: threshold."),
    ],
)  # fmt: skip
def test_an_unknown_field_is_said_with_its_whole_path(override, expected):
    assert said(override) == expected


def test_a_field_of_another_place_is_suggested_with_its_path():
    message = said("epochs=2")
    assert message.startswith(
        "overrides: epochs: unknown field. Did you mean 'model.finetuner.epochs'? A "
    )
    near = "Did you mean 'context.max_tokens' or 'answer_context.max_tokens'? A config has: "
    assert near in said("max_tokens=9")
    assert ". A config has" in said("qqq=1")


def test_what_only_follows_from_another_problem_is_not_said():
    message = said('similarities=[{name="centroid",moost=3}]')
    assert message.count("\n") == 0
    assert message.startswith(
        "overrides: similarities.0.moost: unknown field. Did you mean 'most'?"
    )
