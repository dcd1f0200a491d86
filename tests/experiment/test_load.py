import json
from pathlib import Path

import pytest
import yaml

from semspill import (
    ConfigError,
    ExperimentConfig,
    FrozenModel,
    Rater,
    RegistryError,
    load_config,
    raters,
)
from semspill.experiment._template import TEMPLATE
from semspill.scoring import RaterField

TOML = """\
seeds = [0, 3]
list_size = 20

[dataset]
name = "synthetic"
train = 120

[poisoner]
selector = { name = "category", category = "brave" }
budget = 0.2
"""
FIELDS = {
    "seeds": [0, 3],
    "list_size": 20,
    "dataset": {"name": "synthetic", "train": 120},
    "poisoner": {"selector": {"name": "category", "category": "brave"}, "budget": 0.2},
}


@pytest.fixture
def write(tmp_path):
    def write(text, name="run.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def said(config, *overrides, error=ConfigError) -> str:
    with pytest.raises(error) as caught:
        load_config(config, overrides)
    return str(caught.value)


def without(*names):
    return {key: value for key, value in FIELDS.items() if key not in names}


# Every form gives the same config


@pytest.mark.parametrize("name", ["run.toml", "run.yaml", "run.yml", "run.json", "RUN.TOML"])
def test_a_file_of_any_kind_gives_the_same_config(write, name):
    kind = name.lower().rpartition(".")[2]
    text = {"toml": TOML, "json": json.dumps(FIELDS)}.get(kind, yaml.safe_dump(FIELDS))
    path = write(text, name)
    expected = ExperimentConfig(**FIELDS)
    assert load_config(path) == load_config(str(path)) == expected
    assert expected.seeds == (0, 3)
    assert expected.dataset.train == 120


def test_a_mapping_and_a_config_will_do():
    config = load_config(FIELDS)
    assert isinstance(config, ExperimentConfig)
    assert load_config(config) is config


def test_a_config_survives_json():
    config = load_config({**FIELDS, "rater": "lexicon", "analyzer": {"far": ["calm"]}})
    again = load_config(json.loads(json.dumps(config.model_dump(mode="json"))))
    assert again == config


def test_the_mapping_given_in_stays_as_it_was():
    fields = json.loads(json.dumps(FIELDS))
    load_config(fields, ["poisoner.budget=0.5", "dataset.test=9"])
    assert fields == FIELDS


def test_the_template_is_a_config_that_names_no_file(write):
    config = load_config(write(TEMPLATE))
    assert config.arms == ("clean", "poison")
    assert config.watched == "brave"


# --set


@pytest.mark.parametrize(
    ("override", "reach", "value"),
    [
        ("poisoner.budget=0.01", lambda c: c.poisoner.budget, 0.01),
        ("seeds=[1, 2]", lambda c: c.seeds, (1, 2)),
        ("curve=false", lambda c: c.curve, False),
        ("dataset.train = 7", lambda c: c.dataset.train, 7),
        ("target=calm", lambda c: c.target, "calm"),
        ('target="calm"', lambda c: c.target, "calm"),
        ("target=a=b", lambda c: c.target, "a=b"),
        ("encoder=static", lambda c: type(c.encoder).__name__, "StaticEncoder"),
        ("rater={name='lexicon', words={pest=1}}", lambda c: c.rater.words, (("pest", 1.0),)),
        ("finetuner.clip_norm=null", lambda c: c.finetuner.clip_norm, None),
        ("finetuner.epochs=0", lambda c: c.finetuner.epochs, 0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_override_sets_one_field(override, reach, value):
    assert reach(load_config(FIELDS, [override])) == value


def test_overrides_come_after_one_another():
    config = load_config(FIELDS, ["list_size=5", "dataset.test=50", "list_size=6"])
    assert (config.list_size, config.dataset.test, config.dataset.train) == (6, 50, 120)


def test_a_bare_name_takes_a_field():
    fields = {**FIELDS, "dataset": "synthetic", "rater": "lexicon"}
    config = load_config(fields, ["dataset.train=9", "rater.words=[['pest', 1.0]]"])
    assert config.dataset.train == 9
    assert config.rater.words == (("pest", 1.0),)


def test_a_config_takes_overrides():
    assert load_config(load_config(FIELDS), ["dataset.train=9"]).dataset.train == 9


@pytest.mark.parametrize("override", ["seeds", "", "=1", "a..b=1", ".a=1", "a.=1"])
def test_an_override_that_sets_nothing_is_refused(override):
    assert said(FIELDS, override) == f"--set {override!r}: write it as field.subfield=value."


def test_a_number_has_no_fields():
    assert said(FIELDS, "list_size.x=1") == "--set: 'list_size' is 20, which has no field 'x'."
    assert said(FIELDS, "seeds.0=1") == "--set: 'seeds' is [0, 3], which has no field '0'."


def test_a_number_too_long_for_python_is_text():
    assert "list_size" in said(FIELDS, f"list_size={'9' * 5000}")


# Files that cannot be used


def test_a_missing_file_is_said_with_what_to_do(tmp_path):
    path = tmp_path / "no.toml"
    assert said(path) == (
        f"{path}: cannot be read (No such file or directory); `semspill init {path}` writes a "
        "config to start from."
    )


def test_a_folder_and_a_binary_file_cannot_be_read(tmp_path):
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    assert f"{folder}: cannot be read (Is a directory)" in said(folder)
    binary = tmp_path / "run.json"
    binary.write_bytes(b"\xff\xfe\x00")
    assert f"{binary}: cannot be read (UnicodeDecodeError)" in said(binary)


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("run.toml", "seeds = [0 1]", "line 1"),
        ("run.toml", "seeds = 0\nseeds = 1", "Cannot overwrite a value"),
        ("run.yaml", "a: [1,\nb: }", "line 2"),
        ("run.yaml", "day: 2020-13-45", "month must be in 1..12"),
        ("run.json", "{'a': 1}", "line 1 column 2"),
        ("run.json", f'{{"seeds": {"9" * 5000}}}', "digits"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused_with_the_place(write, name, text, part):
    path = write(text, name)
    message = said(path)
    kind = path.suffix[1:].upper()
    assert message.startswith(f"{path}: not valid {kind}: ")
    assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["run.ini", "run"])
def test_another_suffix_is_refused(write, name):
    path = write(TOML, name)
    assert said(path) == (
        f"{path}: a config file ends in .toml, .yaml, .yml, .json, not {path.suffix!r}."
    )


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [("run.yaml", "", "NoneType"), ("run.yaml", "- 1", "list"), ("run.json", "3", "int")],
)
def test_a_file_that_holds_no_table_is_refused(write, name, text, kind):
    path = write(text, name)
    assert said(path) == f"{path}: holds {kind}; a config is a table of fields."


# Fields that cannot be used


def test_an_unknown_field_is_said_with_the_nearest(write):
    path = write(TOML.replace("seeds", "seed"))
    assert said(path).startswith(
        f"{path}: seed: unknown field. Did you mean 'seeds' or 'dataset.seed'? A config has: "
    )
    assert said({**FIELDS, "finetuner": {"epoch": 3}}).startswith(
        "config: finetuner.epoch: unknown field. Did you mean 'epochs'? finetuner has: epochs,"
    )


def test_a_component_s_unknown_field_is_said_with_its_place():
    message = said({**FIELDS, "dataset": {"name": "synthetic", "trian": 9}})
    assert message.startswith(
        "config: dataset.trian: unknown field. Did you mean 'train'? dataset (synthetic) has: "
    )


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("poisoner.budget=0", "config: poisoner.budget: Input should be greater than 0, got 0."),
        ("poisoner.budget=2", "config: poisoner.budget: Input should be less than or equal to 1, "
         "got 2."),
        ("dataset.train='many'", "config: dataset.train: Input should be a valid integer, unable "
         "to parse string as an integer, got a string of 4 characters."),
        ("arms=['clean', 'pool']", "config: arms.1: Input should be 'clean', 'poison', "
         "'train_only', 'pool_only' or 'benign_swap', got a string of 4 characters."),
        ("train_share=0", "config: train_share: Input should be greater than 0, got 0."),
        ("list_size=1", "config: list_size: Input should be greater than or equal to 2, got 1."),
        ("analyzer.level=1", "config: analyzer.level: Input should be less than 1, got 1."),
    ],
)  # fmt: skip
def test_a_value_that_is_not_allowed_is_said_with_its_place(override, expected):
    assert said(FIELDS, override) == expected


def test_a_field_that_is_needed_is_named():
    assert said(without("dataset")) == "config: dataset: Field required."
    assert said(without("dataset", "poisoner")).splitlines() == [
        "config: dataset: Field required.",
        "config: poisoner: Field required.",
    ]


def test_an_unknown_component_is_said_with_the_nearest():
    message = said({**FIELDS, "encoder": "hashign"}, error=RegistryError)
    assert message.startswith(
        "config: No encoder is named 'hashign'. Did you mean 'hashing'? Registered: "
    )


# Fields that do not fit together


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"arms": ["poison"]}, "arms must hold 'clean' and each arm once, got ['poison']."),
        (
            {"arms": ["clean", "clean"]},
            "arms must hold 'clean' and each arm once, got ['clean', 'clean'].",
        ),
        ({"seeds": [0, -1]}, "seeds must be 0 or more and differ, got [0, -1]."),
        ({"seeds": [2, 2]}, "seeds must be 0 or more and differ, got [2, 2]."),
        (
            {"finetuner": {"keep": "best"}},
            "finetuner.keep is 'best', which needs valid_split, such as 'valid'.",
        ),
        (
            {"poisoner": {"selector": "random"}},
            "target must name a category, because RandomSelector does not name one.",
        ),
    ],
)
def test_fields_that_do_not_fit_together_are_refused(change, expected):
    assert said({**FIELDS, **change}) == f"config: {expected}"


def test_no_seed_is_refused():
    assert "seeds" in said({**FIELDS, "seeds": []})


def test_the_watched_category_is_the_selector_s_unless_named():
    assert load_config(FIELDS).watched == "brave"
    assert load_config({**FIELDS, "target": "calm"}).watched == "calm"
    control = {**FIELDS, "poisoner": {"selector": "random"}, "target": "calm"}
    assert load_config(control).watched == "calm"


def test_a_list_is_called_a_list(fields):
    with pytest.raises(ConfigError, match=r"config: seeds: Input should be a list, got 3\."):
        load_config({**fields, "seeds": 3})


@pytest.mark.parametrize(
    ("override", "part", "found"),
    [
        ("encoder.dim=64", "encoder", {"name": "hashing", "dim": 64}),
        ("rater.path='words.txt'", "rater", {"name": "lexicon", "path": "words.txt"}),
        ("poisoner.strategy.name='each_random'", "poisoner.strategy", {"name": "each_random"}),
        ("poisoner.source.at_least=0.5", "poisoner.source", None),
    ],
)
def test_a_field_of_a_default_component_can_be_set(override, part, found):
    if found is None:
        assert "source is given as" not in said(FIELDS, override)
        return
    told = load_config(FIELDS, [override]).model_dump(mode="json")
    for name in part.split("."):
        told = told[name]
    assert told.items() >= found.items()


def test_a_component_that_has_no_default_cannot_be_begun_from_one():
    fields = {name: value for name, value in FIELDS.items() if name != "dataset"}
    assert "dataset is given as an object" in said(fields, "dataset.train=60")
    assert "unknown field" in said(FIELDS, "nonsense.deep.field=1")


class Knot(Rater):
    """Holds one of its like."""

    source = "original"
    inner: RaterField | None = None
    tree: "Branch | None" = None

    def rate(self, texts):
        return [0.0 for _ in texts]


class Branch(FrozenModel):
    weight: float = 1.0
    next: "Branch | None" = None


Knot.model_rebuild()


def test_a_component_that_holds_its_like_is_searched_once():
    raters.register("knot")(Knot)
    try:
        told = said({**FIELDS, "rater": {"name": "knot", "tre": 3}})
        assert "rater.tre: unknown field. Did you mean 'tree'?" in told
    finally:
        raters.unregister("knot")
