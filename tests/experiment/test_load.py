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
from semspill.analysis import similarities
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


def refusal(config, *overrides, error=ConfigError) -> str:
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
    assert [arm.name for arm in config.arms] == ["clean", "poison"]
    assert config.watched == "brave"


# Overrides


@pytest.mark.parametrize(
    ("override", "reach", "value"),
    [
        ("poisoner.budget=0.01", lambda c: c.poisoner.budget, 0.01),
        ("seeds=[1, 2]", lambda c: c.seeds, (1, 2)),
        ("curve=false", lambda c: c.curve, False),
        ("rating_cache=false", lambda c: c.rating_cache, False),
        ("rating_cache=ratings", lambda c: c.rating_cache, Path("ratings").resolve()),
        ("dataset.train = 7", lambda c: c.dataset.train, 7),
        ("target=calm", lambda c: c.target, "calm"),
        ('target="calm"', lambda c: c.target, "calm"),
        ("target=a=b", lambda c: c.target, "a=b"),
        ("model.encoder=static", lambda c: type(c.model.encoder).__name__, "StaticEncoder"),
        ("rater={name='lexicon', words={pest=1}}", lambda c: c.rater.words, (("pest", 1.0),)),
        ("model.finetuner.clip_norm=null", lambda c: c.model.finetuner.clip_norm, None),
        ("model.finetuner.epochs=0", lambda c: c.model.finetuner.epochs, 0),
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


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("seeds", "'seeds'"),
        ("", "a string of 0 characters"),
        ("=1", "a string of 0 characters"),
        ("a..b=1", "'a..b'"),
        (".a=1", "a string of 2 characters"),
        ("you grumble", "a string of 11 characters"),
    ],
)
def test_an_override_that_sets_nothing_is_refused(override, told):
    assert refusal(FIELDS, override) == f"overrides: {told}: write it as field.subfield=value."


def test_a_number_has_no_fields():
    assert (
        refusal(FIELDS, "list_size.x=1") == "overrides: 'list_size' is 20, which has no field 'x'."
    )
    assert refusal(FIELDS, "seeds.0=1") == "overrides: 'seeds' is [0, 3], which has no field '0'."


def test_a_number_too_long_for_python_is_text():
    assert "list_size" in refusal(FIELDS, f"list_size={'9' * 5000}")


# Files that cannot be used


def test_a_missing_file_is_said_with_what_to_do(tmp_path):
    path = tmp_path / "no.toml"
    assert refusal(path) == (
        f"{path}: cannot be read (No such file or directory); `semspill init {path}` writes a "
        "config to start from."
    )


def test_a_folder_and_a_binary_file_cannot_be_read(tmp_path):
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    assert f"{folder}: cannot be read (Is a directory)" in refusal(folder)
    binary = tmp_path / "run.json"
    binary.write_bytes(b"\xff\xfe\x00")
    assert f"{binary}: cannot be read (it is text in UTF-16; save it as UTF-8)" in refusal(binary)


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("run.toml", "seeds = [0 1]", "line 1"),
        ("run.toml", "seeds = 0\nseeds = 1", "Cannot overwrite a value"),
        ("run.yaml", "a: [1,\nb: }", "line 2"),
        ("run.yaml", "seeds: [010]", "a number begins with 0 on line 1"),
        ("run.json", "{'a': 1}", "line 1 column 2"),
        ("run.json", f'{{"seeds": {"9" * 5000}}}', "digits"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused_with_the_place(write, name, text, part):
    path = write(text, name)
    message = refusal(path)
    kind = path.suffix[1:].upper()
    assert message.startswith(f"{path}: not valid {kind}: ")
    assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["run.ini", "run"])
def test_another_suffix_is_refused(write, name):
    path = write(TOML, name)
    assert refusal(path) == (
        f"{path}: a config file ends in .toml, .yaml, .yml, .json, not {path.suffix!r}."
    )


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [("run.yaml", "", "NoneType"), ("run.yaml", "- 1", "list"), ("run.json", "3", "int")],
)
def test_a_file_that_holds_no_table_is_refused(write, name, text, kind):
    path = write(text, name)
    assert refusal(path) == f"{path}: holds {kind}; a config is a table of fields."


# Fields that cannot be used


def test_an_unknown_field_is_said_with_the_nearest(write):
    path = write(TOML.replace("seeds", "seed"))
    assert refusal(path).startswith(
        f"{path}: seed: unknown field. Did you mean 'seeds' or 'dataset.seed'? A config has: "
    )
    assert refusal({**FIELDS, "model": {"finetuner": {"epoch": 3}}}).startswith(
        "config: model.finetuner.epoch: unknown field. Did you mean 'epochs'? model.finetuner has: "
    )


def test_a_component_s_unknown_field_is_said_with_its_place():
    message = refusal({**FIELDS, "dataset": {"name": "synthetic", "trian": 9}})
    assert message.startswith(
        "config: dataset.trian: unknown field. Did you mean 'train'? dataset (synthetic) has: "
    )


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("poisoner.budget=0", "overrides: poisoner.budget: Input should be greater than 0, got 0."),
        ("poisoner.budget=2",
         "overrides: poisoner.budget: Input should be less than or equal to 1, got 2."),
        ("dataset.train='many'", "overrides: dataset.train: Input should be a valid integer, "
         "unable to parse string as an integer, got a string of 4 characters."),
        ("arms=['clean', {name='mine', trains='pool'}]",
         "overrides: arms.1.trains: Input should be "
         "'clean', 'poison' or 'benign', got a string of 4 characters."),
        ("train_share=0", "overrides: train_share: Input should be greater than 0, got 0."),
        ("list_size=1", "overrides: list_size: Input should be greater than or equal to 2, got 1."),
        ("analyzer.level=1", "overrides: analyzer.level: Input should be less than 1, got 1."),
    ],
)  # fmt: skip
def test_a_value_that_is_not_allowed_is_said_with_its_place(override, expected):
    assert refusal(FIELDS, override) == expected


def test_a_field_that_is_needed_is_named():
    assert refusal(without("dataset")) == "config: dataset: Field required."
    assert refusal(without("dataset", "poisoner")).splitlines() == [
        "config: dataset: Field required.",
        "config: poisoner: Field required.",
    ]


def test_an_unknown_component_is_said_with_the_nearest():
    message = refusal({**FIELDS, "model": {"encoder": "hashign"}}, error=RegistryError)
    assert message.startswith(
        "config: No encoder is named 'hashign'. Did you mean 'hashing'? Registered: "
    )


# Fields that do not fit together


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"arms": ["poison"]},
            "Arm 'poison' has the baseline 'clean', which is not among arms (poison); add it.",
        ),
        (
            {"arms": ["clean", "clean"]},
            "arms must hold each name once; clean comes twice.",
        ),
        ({"seeds": [0, -1]}, "seeds must be 0 or more and differ, got [0, -1]."),
        ({"seeds": [2, 2]}, "seeds must be 0 or more and differ, got [2, 2]."),
        (
            {"model": {"finetuner": {"keep": "best"}}},
            "the model keeps the best epoch, which needs valid_split, such as 'valid'.",
        ),
        (
            {"poisoner": {"selector": "random"}},
            "target must name a category, because RandomSelector does not name one.",
        ),
    ],
)
def test_fields_that_do_not_fit_together_are_refused(change, expected):
    assert refusal({**FIELDS, **change}) == f"config: {expected}"


def test_no_seed_is_refused():
    assert "seeds" in refusal({**FIELDS, "seeds": []})


def test_the_watched_category_is_the_selector_s_unless_named():
    assert load_config(FIELDS).watched == "brave"
    assert load_config({**FIELDS, "target": "calm"}).watched == "calm"
    control = {**FIELDS, "poisoner": {"selector": "random"}, "target": "calm"}
    assert load_config(control).watched == "calm"


def test_a_list_is_called_a_list(fields):
    expected = r"config: seeds: Input should be a list, got 3; write \[3\]\."
    with pytest.raises(ConfigError, match=expected):
        load_config({**fields, "seeds": 3})


@pytest.mark.parametrize(
    ("override", "part", "found"),
    [
        ("model.encoder.dim=64", "model.encoder", {"name": "hashing", "dim": 64}),
        ("rater.path='/a/b.txt'", "rater", {"name": "lexicon", "path": "/a/b.txt"}),
        ("poisoner.strategy.name='each_random'", "poisoner.strategy", {"name": "each_random"}),
        ("poisoner.source.at_least=0.5", "poisoner.source", None),
    ],
)
def test_a_field_of_a_default_component_can_be_set(override, part, found):
    if found is None:
        assert "source is given as" not in refusal(FIELDS, override)
        return
    told = load_config(FIELDS, [override]).model_dump(mode="json")
    for name in part.split("."):
        told = told[name]
    assert told.items() >= found.items()


def test_a_component_that_has_no_default_cannot_be_begun_from_one():
    fields = {name: value for name, value in FIELDS.items() if name != "dataset"}
    assert "dataset is given as an object" in refusal(fields, "dataset.train=60")
    assert "unknown field" in refusal(FIELDS, "nonsense.deep.field=1")


class Knot(Rater):
    """Holds one of its like."""

    citation = "original"
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
        told = refusal({**FIELDS, "rater": {"name": "knot", "tre": 3}})
        assert "rater.tre: unknown field. Did you mean 'tree'?" in told
    finally:
        raters.unregister("knot")


# What files of all formats have in common, and what they had not


def test_yaml_is_read_as_written(write):
    """YAML 1.1, which PyYAML reads, takes 1:30 for 90, `no` for false and dates for dates."""
    words = "{no: 0.5, 1e1: 0.25, 3: 1, '010': 1}"
    path = write(
        "seeds: [0x10, +3]\ndataset: synthetic\ntrain_share: 5e-1\ncurve: FALSE\n"
        "test_split: 2024-01-02\ntrain_split: 1:30\ntarget: no\nvalid_split: ~\n"
        "poisoner: {selector: random, budget: .5}\n"
        f"rater: {{name: lexicon, words: {words}}}\n",
        "run.yaml",
    )
    config = load_config(path)
    assert (config.seeds, config.train_share, config.curve) == ((16, 3), 0.5, False)
    assert (config.test_split, config.train_split) == ("2024-01-02", "1:30")
    assert (config.target, config.valid_split, config.poisoner.budget) == ("no", None, 0.5)
    assert config.rater.words == (("no", 0.5), ("1e1", 0.25), ("3", 1.0), ("010", 1.0))


def test_an_alias_of_yaml_stands_for_its_value(write):
    text = yaml.safe_dump(FIELDS) + "arms: &both [clean, poison]\nanalyzer: {far: *both}\n"
    assert load_config(write(text, "run.yaml")).analyzer.far == ("clean", "poison")


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)
)


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("run.json", "[" * 100_000 + "]" * 100_000, "nested too deep"),
        ("run.json", '{"a":' * 60 + "1" + "}" * 60, "nested more than 50 deep"),
        ("run.yaml", "a: " + "[" * 100_000 + "]" * 100_000, "nested more than 50 deep"),
        ("run.toml", "a = " + "[" * 5000 + "]" * 5000, "nested more than 50 deep"),
        ("run.toml", "a." * 100_000 + "a = 1", "nested more than 50 deep"),
        ("run.toml", '"a" . ' * 100_000 + "a = 1", "nested more than 50 deep"),
        ("run.yaml", BOMB, "more than 1,000,000 values"),
        ("run.yaml", "a: &a [*a]", "an alias stands for nothing on line 1"),
        ("run.yaml", "a: &a {b: 1}\nc:\n  <<: *a", "the merge key << is not read on line 3"),
        ("run.yaml", "a: !!python/name:os.system", "a tag that begins with ! stands on line 1"),
        ("run.yaml", "a: 1\n---\nb: 2", "a second document begins on line 2"),
        ("run.yaml", "? [a]\n: 1", "a key is not text on line 1"),
        ("run.yaml", f"a: {'9' * 5000}", "too many digits on line 1"),
        ("run.toml", f"a = 0x{'f' * 5000}", "too many digits"),
        ("run.json", '{"budget": 1, "budget": 2}', "a key is given twice in one table: budget."),
        ("run.json", '{"a": {"grumble": 1, "grumble": 2}}', "a key is given twice in one table."),
        ("run.yaml", "a:\n  grumble: 1\n  grumble: 2", "twice in one table on line 3."),
        ("run.toml", "a = {grumble = 1, grumble = 2}", "twice in one table (at line 1, column"),
        ("run.toml", "[grumble]\n[grumble]", "twice in one table (at line 2, column"),
    ],
)  # fmt: skip
def test_a_file_without_bounds_or_with_a_key_twice_is_refused(write, name, text, part):
    message = refusal(write(text, name))
    assert part in message
    assert "grumble" not in message


@pytest.mark.parametrize("name", ["run.toml", "run.yaml", "run.json"])
def test_a_byte_order_mark_does_not_hurt_and_another_encoding_is_named(write, name):
    texts = {"run.toml": TOML, "run.json": json.dumps(FIELDS), "run.yaml": yaml.safe_dump(FIELDS)}
    path = write(texts[name], name)
    path.write_text(texts[name], encoding="utf-8-sig")
    assert load_config(path) == ExperimentConfig(**FIELDS)
    path.write_text(texts[name], encoding="utf-16")
    assert "cannot be read (it is text in UTF-16; save it as UTF-8)" in refusal(path)


# What is typed


@pytest.mark.parametrize(
    ("override", "reach", "value"),
    [
        ("poisoner.selector.category=3", lambda c: c.watched, "3"),
        ("poisoner.selector.category=007", lambda c: c.watched, "007"),
        ("poisoner.selector.category=1e3", lambda c: c.watched, "1e3"),
        ("poisoner.selector.category=true", lambda c: c.watched, "true"),
        ("poisoner.selector.category='null'", lambda c: c.watched, "null"),
        ("target=2020-01-01", lambda c: c.target, "2020-01-01"),
        ("target=null", lambda c: c.target, None),
        ("target=calm # and more", lambda c: c.target, "calm # and more"),
        ("target=", lambda c: c.target, ""),
        ("seeds=[1,\n2]", lambda c: c.seeds, (1, 2)),
        ("rater={name='lexicon', path='/3'}", lambda c: c.rater.path, Path("/3")),
    ],
)
def test_what_is_typed_is_read_by_the_field_it_is_for(override, reach, value):
    assert reach(load_config(FIELDS, [override])) == value


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("list_size=10\nseeds=[7]", "overrides: 'list_size': a line break ends the value"),
        ("target=grumble\nseeds=[7]", "overrides: 'target': a line break ends the value"),
        ("list_size=10 # grumble", "overrides: list_size: Input should be a valid integer"),
        ("list_size=10,", "overrides: list_size: Input should be a valid integer"),
        (
            "arms=clean",
            "overrides: arms: Input should be a list, got a string of 5 characters; "
            'write ["clean"]',
        ),
        ("seeds=5", "overrides: seeds: Input should be a list, got 5; write [5]"),
        ("seeds=[-1]", "overrides: seeds must be 0 or more"),
        ("poisoner.rate=2", "overrides: poisoner: rate is 2"),
        ("analyzer.far=[3]", "a valid string, got 3; write it in quotes if it is a name."),
        ("seeds=" + "[" * 5000, "overrides: seeds: Input should be a list"),
        (".".join(["a"] * 5000) + "=1", "overrides: a field of 5000 parts"),
    ],
)
def test_what_is_typed_wrongly_is_blamed_on_what_was_typed(write, override, expected):
    message = refusal(write(TOML), override)
    assert expected in message
    assert "run.toml" not in message
    assert "grumble" not in message


def test_an_unknown_component_is_blamed_on_where_it_stands(write):
    path = write(TOML)
    assert refusal(path, "model.encoder=hashign", error=RegistryError).startswith(
        "overrides: No encoder"
    )
    path = write("model.encoder = 'hashign'\n" + TOML)
    assert refusal(path, "list_size=5", error=RegistryError).startswith(f"{path}: No encoder")


def test_what_the_file_has_wrong_is_blamed_on_the_file(write):
    path = write(TOML + "burden = 3\n")
    assert refusal(path, "poisoner.budget=0.1").startswith(
        f"{path}: poisoner.burden: unknown field."
    )
    path = write(TOML.replace("20", "1"))
    assert refusal(path, "poisoner.budget=2").splitlines() == [
        "overrides: poisoner.budget: Input should be less than or equal to 1, got 2.",
        f"{path}: list_size: Input should be greater than or equal to 2, got 1.",
    ]


def test_a_mapping_that_holds_itself_is_refused():
    fields = dict(FIELDS)
    fields["poisoner"] = {**FIELDS["poisoner"], "strategy": {"name": "each_random"}}
    deep = {"name": "csv", "path": "a", "where": {}}
    deep["where"]["a"] = deep
    fields["poisoner"]["source"] = deep
    assert "poisoner.source.where.a" in refusal(fields)


def test_values_that_may_be_text_are_told_by_their_size():
    message = refusal({**FIELDS, "list_size": ["You grumble."] * 500})
    told = "config: list_size: Input should be a valid integer, got a list of 500 strings."
    assert message == told
    assert "a string of 12 characters" in refusal({**FIELDS, "list_size": "You grumble."})
    assert "a number of 20001 bits" in refusal({**FIELDS, "list_size": -(16**5000)})


# Defaults


@pytest.mark.parametrize(
    ("dataset", "chosen", "names"),
    [
        ("synthetic", {}, ["discriminative", "centroid"]),
        ({"name": "jsonl", "path": "x"}, {}, ["discriminative", "centroid", "label"]),
        ("synthetic", {"similarities": ["label"]}, ["label"]),
    ],
)
def test_names_that_mean_nothing_are_no_default_similarity(dataset, chosen, names):
    poisoner = {"selector": {"name": "category", "category": "brave"}}
    config = load_config({"dataset": dataset, "poisoner": poisoner, **chosen})
    assert [similarities.name_of(one) for one in config.similarities] == names
