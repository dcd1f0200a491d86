import json
import re

import pytest

from semspill import (
    ConfigError,
    DataError,
    ExperimentConfig,
    RegistryError,
    Selector,
    SpilloverReport,
    run,
    sweep,
)
from semspill.experiment import load_config, parse_vary, target_matrix
from semspill.experiment._vary import spelled_out, variants
from semspill.results import SpilloverMatrix
from semspill.scoring import LexiconRater

pytestmark = pytest.mark.usefixtures("blank_plots")

TARGET = "poisoner.selector.category"
BUDGET = "poisoner.budget"


def test_every_variant_is_the_run_it_would_be_alone(fields):
    variants = sweep(fields, {BUDGET: [0.1, 0.2], "poisoner.strategy": ["last_fixed"]})
    assert [variant.name for variant in variants] == [
        "budget=0.1,strategy=last_fixed",
        "budget=0.2,strategy=last_fixed",
    ]
    for variant, budget in zip(variants, (0.1, 0.2), strict=True):
        poisoner = {**fields["poisoner"], "budget": budget, "strategy": "last_fixed"}
        alone = run({**fields, "poisoner": poisoner})
        assert variant.report.to_json() == alone.to_json()
        assert variant.config.poisoner.budget == budget
        assert [outcome.arm.name for outcome in variant.outcomes] == ["clean", "poison"]


class Begins(Selector):
    """Dialogues of the category `mood`, for as long as nobody asks for them."""

    citation = "original"
    mood: str

    @property
    def target(self):
        return self.mood

    def select(self, corpus, rng):
        raise NotImplementedError


def test_all_stands_for_every_category_where_a_selector_s_field_is_its_target(fields):
    poisoner = {**fields["poisoner"], "selector": Begins(mood="brave")}
    config = ExperimentConfig(**{**fields, "poisoner": poisoner})
    assert config.watched == "brave"
    assert config.replace(target="weary").watched == "weary"
    field = "poisoner.selector.mood"
    everyone = config.dataset.load("test").categories
    assert spelled_out(config, {field: "all"}) == {field: list(everyone)}
    assert spelled_out(config, {"test_split": "all"}) == {"test_split": ["all"]}


def test_what_variants_share_is_trained_once(fields, trainings):
    # Six dialogues of `brave` at most: budgets beyond them poison the same ones.
    sweep({**fields, "seeds": [0, 1]}, {BUDGET: [0.05, 0.9, 1.0]})
    fingerprints = [fingerprint for fingerprint, _ in trainings]
    assert len(fingerprints) == 2 * 3  # clean, 0.05, and one for both 0.9 and 1
    assert len(set(fingerprints)) == 5  # the clean corpus comes again under the second seed


def test_variants_that_train_otherwise_do_not_share(fields, trainings):
    sweep(
        {**fields, "arms": ["clean"]}, {"model.finetuner.epochs": [1, 2], "context.label": ["gold"]}
    )
    assert len(trainings) == 2


def test_a_curve_is_watched_only_where_it_is_wanted(fields):
    with_curve, without = sweep(fields, {"curve": [True, False]})
    assert with_curve.report.curve
    assert without.report.curve == ()
    assert with_curve.report.categories == without.report.categories


def test_the_folder_holds_every_variant_and_what_was_varied(fields, tmp_path):
    variants = sweep(fields, {BUDGET: [0.1, 0.2]}, out=tmp_path / "out")
    content = json.loads((tmp_path / "out" / "sweep.json").read_text())
    assert content["vary"] == {BUDGET: [0.1, 0.2]}
    assert content["config"]["list_size"] == 20
    for variant in variants:
        written = (tmp_path / "out" / variant.name / "report.json").read_text()
        assert SpilloverReport.from_json(written).to_json() == variant.report.to_json()
    assert not list(tmp_path.rglob("matrix*"))


def test_a_sweep_goes_on_where_it_stopped_and_can_grow(fields, interrupt, trainings, tmp_path):
    import semspill

    whole = sweep(fields, {BUDGET: [0.1, 0.2]})
    with pytest.MonkeyPatch.context() as patch:
        finetune, begun = semspill.Finetuner.finetune, []

        def stopped(self, *given, **named):
            begun.append(1)
            if len(begun) == 3:
                raise KeyboardInterrupt
            return finetune(self, *given, **named)

        patch.setattr(semspill.Finetuner, "finetune", stopped)
        with pytest.raises(KeyboardInterrupt):
            sweep(fields, {BUDGET: [0.1, 0.2]}, out=tmp_path / "out")
    trainings.clear()
    again = sweep(fields, {BUDGET: [0.1, 0.2]}, out=tmp_path / "out")
    assert len(trainings) == 1
    assert [v.report.to_json() for v in again] == [v.report.to_json() for v in whole]
    trainings.clear()
    grown = sweep(fields, {BUDGET: [0.1, 0.2, 0.05]}, out=tmp_path / "out")
    assert len(trainings) == 2  # the new variant and its clean arm
    assert [v.report.to_json() for v in grown[:2]] == [v.report.to_json() for v in whole]


def test_a_folder_of_another_config_is_refused(fields, tmp_path):
    sweep(fields, {BUDGET: [0.1]}, out=tmp_path / "out")
    with pytest.raises(ConfigError, match="holds a run of another config; choose another folder"):
        sweep({**fields, "list_size": 21}, {BUDGET: [0.1]}, out=tmp_path / "out")


# Several targets


def test_all_targets_give_a_matrix(fields, trainings, tmp_path):
    variants = sweep(fields, {TARGET: "all"}, out=tmp_path / "out")
    assert len(variants) == 6
    assert len(trainings) == 7
    for of in ("asr", "toxicity"):
        matrix = target_matrix(variants, of=of)
        path = tmp_path / "out" / f"matrix-{of}.json"
        assert SpilloverMatrix.from_json(path.read_text()).to_json() == matrix.to_json()
        assert (tmp_path / "out" / "plots" / f"matrix-{of}.png").is_file()
        assert "brave" in (tmp_path / "out" / f"matrix-{of}.md").read_text()
    asr = target_matrix(variants)
    for variant in variants:
        row = asr.lift[asr.targets.index(variant.config.watched)]
        for victim, lift in zip(asr.victims, row, strict=True):
            assert lift == pytest.approx(variant.report.category(victim).asr.value)


def test_a_matrix_of_an_earlier_sweep_is_not_left_to_be_taken_for_this_one_s(fields, tmp_path):
    out = tmp_path / "out"
    sweep(fields, {TARGET: ["brave", "weary"]}, out=out)
    written = {path.relative_to(out) for path in (*out.glob("matrix*"), *out.glob("plots/*"))}
    assert len(written) == 12
    (out / "plots" / "mine.png").touch()
    sweep(fields, {TARGET: ["brave", "weary"], BUDGET: [0.2]}, out=out)
    assert not list(out.glob("matrix*"))
    assert [path.name for path in out.glob("plots/*")] == ["mine.png"]


def test_where_no_matrix_can_be_made_the_runs_are_kept(fields, tmp_path, caplog):
    two = {**fields["dataset"], "categories": 2}
    with caplog.at_level("WARNING", logger="semspill"):
        variants = sweep({**fields, "dataset": two}, {TARGET: "all"}, out=tmp_path / "out")
    assert len(variants) == 2
    assert (tmp_path / "out" / "category=brave" / "report.json").is_file()
    assert "no target-by-victim matrix: " in caplog.text
    assert not list(tmp_path.rglob("matrix*.json"))


@pytest.mark.parametrize(
    ("vary", "warned"),
    [
        ({TARGET: ["brave", "weary"]}, True),
        ({TARGET: ["brave", "weary", "calm"]}, True),
        ({TARGET: "all"}, False),
        ({TARGET: ["brave"]}, False),
        ({BUDGET: [0.1, 0.2]}, False),
        ({TARGET: ["brave", "weary"], BUDGET: [0.1, 0.2]}, False),
    ],
)
def test_too_few_targets_are_named_before_anything_is_trained(
    fields, trainings, caplog, vary, warned
):
    def stop(event):
        raise RuntimeError(event.stage)

    with caplog.at_level("WARNING", logger="semspill"), pytest.raises(RuntimeError):
        sweep(fields, vary, observer=stop)
    assert not trainings
    assert ("too few to test whether lifts follow similarity" in caplog.text) is warned


def test_one_target_makes_no_matrix(fields, tmp_path):
    sweep(fields, {TARGET: ["brave"]}, out=tmp_path / "out")
    assert not list(tmp_path.rglob("matrix*"))


def test_a_matrix_of_nothing_is_refused(fields):
    with pytest.raises(ConfigError, match=r"There is no variant; give what sweep\(\) returned"):
        target_matrix(())


# What can be varied


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a.b=1,2"], {"a.b": [1, 2]}),
        (["a=0.5"], {"a": [0.5]}),
        (["a=x, y"], {"a": ["x", "y"]}),
        (["a=true,false", "b=[1, 2]"], {"a": [True, False], "b": [1, 2]}),
        (['a={name = "hashing", dim = 8}, "static"'],
         {"a": [{"name": "hashing", "dim": 8}, "static"]}),
        (["a=all", f"{TARGET}=all"], {"a": "all", TARGET: "all"}),
    ],
)  # fmt: skip
def test_values_are_read_from_the_command_line(texts, expected):
    assert parse_vary(texts) == expected


@pytest.mark.parametrize("text", ["a", "=1", "a=", " = "])
def test_what_is_no_value_is_refused(text):
    with pytest.raises(ConfigError, match=r"write it as field\.subfield=value"):
        parse_vary([text])


@pytest.mark.parametrize("text", ["a=[1, 2", "a={x = 1", "a='b"])
def test_a_list_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="is no TOML list; write it as"):
        parse_vary([text])


def test_lists_can_be_values():
    assert parse_vary(["seeds=[0],[1, 2]"]) == {"seeds": [[0], [1, 2]]}


def test_a_field_given_twice_is_refused():
    with pytest.raises(ConfigError, match="vary: 'a' comes twice; give all its values at once"):
        parse_vary(["a=1", "a=2"])


def test_null_and_numbers_can_be_values(fields):
    config = load_config(fields)
    typed = ["model.candidates.max_chars=null,80", f"{TARGET}=1,007,1e3,null", "target='3',4"]
    assert parse_vary(typed, config) == {
        "model.candidates.max_chars": [None, 80],
        TARGET: ["1", "007", "1e3", None],
        "target": ["3", 4],
    }
    with pytest.raises(ConfigError, match="got 4; write it in quotes if it is a name"):
        variants(config, {"target": [4]})


JAPANESE = "\u60b2\u3057\u3044"
CYRILLIC = "\u0440\u0430\u0434"
HINDI = "\u0926\u0941\u0916\u0940"


def names(fields, field, values) -> list[str]:
    return list(variants(load_config(fields), {field: values}))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([JAPANESE, CYRILLIC, HINDI], [JAPANESE, CYRILLIC, HINDI]),
        (["very sad", "very_sad", "very/sad"], ["very_sad-#", "very_sad", "very_sad-#"]),
        (["\U0001f600", "\U0001f621", ".."], ["#", "#", ".."]),
        (["caf\u00e9", "cafe\u0301"], ["caf\u00e9", "caf\u00e9-#"]),
        (["x" * 300, "x" * 301], ["x" * 40 + "-#", "x" * 40 + "-#"]),
        (["\u60b2" * 99], ["\u60b2" * 13 + "-#"]),
        (["a\x1b[31mb", "a=b,c", "../a"], ["a_31mb-#", "a_b_c-#", ".._a-#"]),
    ],
)  # fmt: skip
def test_names_of_variants_are_readable_and_told_apart_by_a_digest(fields, values, expected):
    found = names(fields, TARGET, values)
    assert len(set(found)) == len(values)
    shown = [re.sub(r"(^|-)[0-9a-f]{8}$", r"\1#", name.removeprefix("category=")) for name in found]
    assert shown == expected
    assert all(len(name.encode()) <= 100 for name in found)
    assert names(fields, TARGET, values[1:]) == found[1:]


def test_a_name_of_many_fields_is_still_short(fields):
    vary = {TARGET: ["x" * 50], "target": ["y" * 50], "train_split": ["z" * 50, "z" * 51]}
    found = list(variants(load_config(fields), vary))
    assert len(set(found)) == 2
    assert all(len(name.encode()) <= 100 for name in found)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("rater", [{"name": "lexicon", "words": {"grumble": w}} for w in (0.5, 1.0)]),
        ("rater", [LexiconRater(words={"grumble": w}) for w in (0.5, 1.0)]),
        ("rater.words", [{"grumble": 0.5}, {"grumble": 1.0}]),
        ("rater.words", [[["grumble", 0.5]], [["grumble", 1.0]]]),
    ],
)
def test_no_name_of_a_variant_holds_a_word_of_a_lexicon(fields, field, values):
    found = names(fields, field, values)
    assert len(found) == 2
    assert "grumble" not in "".join(found)


@pytest.mark.parametrize("encoder", [{"name": "hashing", "dim": 4}, "hashing"])
def test_a_component_can_be_varied_whole(fields, encoder):
    (variant,) = sweep({**fields, "arms": ["clean"]}, {"model.encoder": [encoder]})
    assert variant.name == ("encoder=hashing" if encoder == "hashing" else "encoder=hashing-4")


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ({}, "A sweep needs at least one field to vary"),
        (
            {BUDGET: []},
            r"vary: 'poisoner.budget' has \[\]; give a list of at least one value",
        ),
        ({"model.encoder": "hashing"}, "vary: 'model.encoder' has 'hashing'; give a list"),
        ({BUDGET: [0.1, 0.1]}, "two variants would be called 'budget=0.1'; give each value once"),
        ({"poisoner.budgett": [0.1]}, "no field 'budgett'. Did you mean 'budget'"),
        ({BUDGET: [2]}, "poisoner.budget: Input should be less than or equal to 1, got 2"),
    ],
)
def test_what_cannot_be_varied_is_refused(fields, vary, message):
    with pytest.raises(ConfigError, match=message):
        sweep(fields, vary)


def test_unknown_components_and_categories_are_refused(fields, tmp_path):
    with pytest.raises(RegistryError, match="No poison strategy is named 'last_fixd'"):
        sweep(fields, {"poisoner.strategy": ["last_fixd"]})
    with pytest.raises(DataError, match="Category 'braev' is not in corpus"):
        sweep(fields, {TARGET: ["brave", "braev"]}, out=tmp_path / "out")
    assert not list(tmp_path.rglob("*.partial"))


def test_variants_may_have_seeds_and_lists_of_their_own(fields, trainings):
    one, two = sweep({**fields, "arms": ["clean"]}, {"seeds": [[0], [0, 1]]})
    assert (one.name, two.name) == ("seeds=0", "seeds=0_1")
    assert (one.report.seeds, two.report.seeds) == ((0,), (0, 1))
    assert len(trainings) == 2


def test_the_rater_s_errors_are_measured_once(fields, tmp_path, monkeypatch):
    path = tmp_path / "labelled.csv"
    path.write_text("text,toxic\n" + "".join(f"grumble {i},1\ntea {i},0\n" for i in range(9)))
    labelled = {"path": path, "text": "text", "where": {"toxic": "1"}}
    from semspill.experiment import _drive

    calls, assess = [], _drive.assess_rater
    monkeypatch.setattr(_drive, "assess_rater", lambda *a: calls.append(1) or assess(*a))
    words = {"name": "lexicon", "words": {"grumble": 1.0}}
    sweep({**fields, "labelled": labelled, "rater": words}, {BUDGET: [0.1, 0.2]})
    assert calls == [1]


def test_masked_again_no_page_of_harmful_text_is_left(fields, tmp_path):
    sweep(fields, {BUDGET: [0.2]}, out=tmp_path, show_text=True)
    assert len(list(tmp_path.rglob("*UNMASKED*.html"))) == 1
    sweep(fields, {BUDGET: [0.2]}, out=tmp_path)
    assert not list(tmp_path.rglob("*UNMASKED*"))
