"""No error shows a value that may be text, whatever field it was given to."""

import logging
import traceback

import pytest

import semspill as sp

WORD = "GRUMBLEWORD"
TEXT = f"{WORD} you grumble"
SHAPES = {
    "a text": TEXT,
    "a word": WORD,
    "a list of texts": [TEXT] * 3,
    "a mapping": {TEXT: TEXT, WORD: [TEXT]},
    "a name": {"name": TEXT},
    "deep": [{"a": {TEXT: [[TEXT]]}}],
    "a function": lambda: TEXT,
}
BASE = {"dataset": "synthetic", "poisoner": {"selector": {"name": "category", "category": "brave"}}}
KINDS = (
    "datasets", "sources", "selectors", "strategies", "encoders", "raters", "similarities",
    "metrics",
)  # fmt: skip


def refused(make, caplog):
    """Return everything that is shown of a refusal; nothing where the value is taken."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "semspill"):
        try:
            make()
        except Exception as error:
            said = [str(error), repr(error), "".join(traceback.format_exception(error))]
            return "".join([*said, caplog.text])
    return caplog.text


@pytest.mark.parametrize("shape", SHAPES)
def test_no_field_of_a_config_shows_what_it_refuses(shape, caplog):
    value = SHAPES[shape]
    for field in sp.ExperimentConfig.model_fields:
        assert WORD not in refused(lambda f=field: sp.load_config({**BASE, f: value}), caplog)
        fields = {**BASE, field: value}
        assert WORD not in refused(lambda f=fields: sp.ExperimentConfig(**f), caplog)
    for field in sp.Poisoner.model_fields:
        fields = {**BASE, "poisoner": {**BASE["poisoner"], field: value}}
        assert WORD not in refused(lambda f=fields: sp.load_config(f), caplog)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_field_of_a_component_shows_what_it_refuses(kind, shape, caplog):
    registry, value = getattr(sp, kind), SHAPES[shape]
    assert WORD not in refused(lambda: registry.build(value), caplog)
    for name in registry.names():
        for field in [*registry.get(name).model_fields, TEXT]:
            spec = {"name": name, field: value}
            assert WORD not in refused(lambda s=spec: registry.build(s), caplog)
            listed = {"name": name, field: [value]}
            assert WORD not in refused(lambda s=listed: registry.build(s), caplog)


def test_a_list_of_texts_is_a_source_and_is_shown_in_number_only():
    fields = {**BASE, "poisoner": {**BASE["poisoner"], "source": [TEXT] * 500}}
    config = sp.load_config(fields)
    assert config.poisoner.source.load() == (TEXT,)
    for shown in (repr(config), str(config.poisoner.source), config.model_dump_json()):
        assert WORD not in shown
        assert "500 texts" in shown


@pytest.mark.parametrize("given", [[], [TEXT, 3], [TEXT, [TEXT]], [TEXT, None]])
def test_a_list_that_is_no_source_is_not_shown(given, caplog):
    said = refused(lambda: sp.Poisoner(selector="random", source=given), caplog)
    assert "give one text or more" in said
    assert WORD not in said


def test_no_mapping_of_splits_and_no_other_object_is_shown(caplog):
    for value in ({"train": [TEXT]}, {TEXT: sp.Corpus((), name="x")}, {"train": TEXT, "test": 3}):
        fields = {**BASE, "dataset": value}
        assert WORD not in refused(lambda f=fields: sp.load_config(f), caplog)
        assert WORD not in refused(lambda f=fields: sp.load_config(BASE, dataset=f), caplog)


def test_what_a_function_raises_is_not_shown():
    def judge(texts):
        raise ValueError(TEXT)

    with pytest.raises(sp.PluginError) as caught:
        sp.ToxicityScorer(rater=judge, cache=None).score([TEXT])
    assert WORD not in str(caught.value)


def test_words_in_the_wrong_place_of_a_lexicon_are_not_named():
    with pytest.raises(sp.ConfigError) as caught:
        sp.load_config({**BASE, "rater": {"name": "lexicon", "grumble": 0.5}})
    assert "grumble" not in str(caught.value)
    assert "unknown field of that name (a string of 7 characters)" in str(caught.value)
    assert "words, path" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"source: [{TEXT}\nb: c",
        f"source: '{TEXT}\nb: c",
        f"source: {WORD}: {TEXT}",
        f"source: *{WORD}",
        f"source: !{WORD} x",
    ],
)
def test_a_broken_yaml_file_is_not_shown(tmp_path, text, caplog):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    said = refused(lambda: sp.load_config(path), caplog)
    assert WORD not in said
    assert "not valid YAML" in said
    assert "line " in said


def test_a_broken_toml_file_is_not_shown(tmp_path, caplog):
    path = tmp_path / "broken.toml"
    path.write_text(f"rater.words = {{{WORD} = 1, {WORD} = 0.5}}")
    assert WORD not in refused(lambda: sp.load_config(path), caplog)


def test_an_override_that_is_text_is_not_shown(caplog):
    assert WORD not in refused(lambda: sp.load_config(BASE, [TEXT]), caplog)
    assert WORD not in refused(lambda: sp.load_config(BASE, [f"seeds={TEXT}"]), caplog)
