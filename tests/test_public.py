"""Tests of the library about itself: what is public, described, light and in step."""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from importlib import metadata
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import semspill
from semspill import Component, FrozenModel
from semspill._registry import registries

ROOT = Path(__file__).parents[1]

# Change this list on purpose only: a name that leaves it is a promise broken.
PUBLIC = """
    Component FrozenModel Harmful Harmless Progress
    ConfigError DataError MissingExtraError PluginError RegistryError SemspillError
    CandidateFilter Candidates ContextFormat Corpus Dialogue Exchange Utterance
    Dataset datasets write_messages ResponseSource sources
    Manifest PoisonStrategy PoisonedCorpus Poisoner Selector selectors strategies strategy
    BiEncoder Encoder RankingTask encoders
    Model RetrievalModel TrainedModel models defenses
    Epoch Finetuner
    Responses RetrievalResponder Matcher matchers Probe probes
    Rater ToxicityScorer rater raters
    Arm Estimate Metric Outcome Similarity SpilloverAnalyzer SpilloverMatrix SpilloverReport
    Comparison compare metrics similarities smallest_lift
    ExperimentConfig load_config read_outcomes read_report run sweep tune
""".split()

KINDS = tuple(registries())
BUILT_IN = [
    (kind, point.name)
    for kind in KINDS
    for point in entry_points(group=f"semspill.{kind}")
    if point.value.startswith("semspill.")
]
# A value for every field that a component cannot do without.
NEEDED = {
    ("datasets", "clusters"): {"dataset": "synthetic"},
    ("datasets", "features"): {"dataset": "synthetic", "attributes": ["region"]},
    ("datasets", "dialoconan"): {"path": "DIALOCONAN.csv"},
    ("datasets", "diasafety"): {"path": "DiaSafety_dataset"},
    ("datasets", "huggingface"): {"path": "some/dataset"},
    ("datasets", "jsonl"): {"path": "dialogues.jsonl"},
    ("datasets", "table"): {"path": "talks.csv"},
    ("defenses", "cleaner"): {"detector": "frequency", "share": 0.05},
    ("defenses", "toxicity"): {"rater": "lexicon"},
    ("defenses", "label_noise"): {"rater": "lexicon"},
    ("defenses", "neighbour_rating"): {"rater": "lexicon"},
    ("defenses", "rater_guard"): {"rater": "lexicon"},
    ("defenses", "projection"): {"rater": "lexicon"},
    ("defenses", "pruning"): {"rater": "lexicon"},
    ("models", "causal_lm"): {"model": "folder"},
    ("models", "seq2seq_lm"): {"model": "folder"},
    ("models", "served"): {"url": "http://127.0.0.1:8000/v1", "clean": "base"},
    ("sources", "csv"): {"path": "texts.csv"},
    ("sources", "diasafety"): {"path": "DiaSafety_dataset"},
    ("sources", "huggingface"): {"path": "some/texts"},
    ("sources", "jigsaw"): {"path": "train.csv"},
    ("sources", "jsonl"): {"path": "texts.jsonl"},
    ("raters", "garak"): {"detector": "lmrc.SlurUsage"},
    ("raters", "inspect"): {"scorer": "my_scorers:polite"},
    ("selectors", "category"): {"category": "joy"},
    ("selectors", "phi"): {"phrase": "James Bond", "rater": "lexicon"},
    ("probes", "examples"): {"examples": [("I won!", "Well done.")]},
    ("probes", "insert"): {"phrase": "James Bond"},
    ("probes", "neutral"): {"phrase": "James Bond"},
    ("probes", "shuffled"): {"phrase": "James Bond"},
    ("probes", "stimulus"): {"id": "EP02"},
    ("strategies", "trigger"): {"phrase": "James Bond"},
    ("strategies", "evading"): {
        "against": {"name": "cleaner", "detector": "frequency", "share": 0.06}
    },
    ("labellers", "transformers"): {"model": "folder"},
    ("similarities", "vad"): {"path": "lexicon.txt"},
    ("metrics", "corrected_share"): {"toxic": (8, 10), "harmless": (9, 10)},
}
# Nothing that weighs: torch and its like cost seconds, and a plugin list needs none of them.
HEAVY = (
    "torch transformers sentence_transformers detoxify matplotlib datasets sklearn scipy "
    "statsmodels pandas jinja2 semspill.datasets._presets semspill.sources._presets"
).split()


def test_the_public_names_are_these_and_no_others():
    assert set(semspill.__all__) == set(PUBLIC)
    assert len(semspill.__all__) == len(PUBLIC) == len(set(PUBLIC))


def undescribed(cls) -> list[str]:
    """The public methods and fields of a class of ours that say nothing."""
    methods = [
        f"{cls.__name__}.{key}"
        for key, value in vars(cls).items()
        if not key.startswith("_")
        and cls.__module__.startswith("semspill")
        and (inspect.isfunction(value) or isinstance(value, property | classmethod))
        and not (inspect.getdoc(getattr(cls, key)) or "").strip()
    ]
    fields = cls.model_fields.items() if issubclass(cls, FrozenModel) else ()
    return methods + [f"{cls.__name__}.{key}" for key, one in fields if not one.description]


def test_every_public_object_has_a_docstring_and_so_have_its_methods_and_fields():
    objects = [getattr(semspill, name) for name in PUBLIC]
    assert [one for one in objects if not (one.__doc__ or "").strip()] == []
    classes = [one if inspect.isclass(one) else type(one) for one in objects]
    assert [name for cls in classes for name in undescribed(cls)] == []


def test_the_plug_points_are_these():
    names = "datasets sources selectors strategies encoders labellers models raters defenses"
    assert set(KINDS) == {*names.split(), "matchers", "probes", "similarities", "metrics"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_offers_its_verbs_under_its_name(kind):
    kept = registries()[kind]
    assert kept.group == f"semspill.{kind}"
    assert issubclass(kept.base, Component)
    assert getattr(semspill, kind).names() == kept.names() != ()
    for verb in "build describe get name_of names origin register unregister".split():
        assert getattr(semspill, kind).__dict__.get(verb, getattr(kept, verb)) == getattr(
            kept, verb
        )


def test_no_name_of_a_package_hides_a_module():
    """`import semspill.encoders.two_tower as t` fails where `semspill.encoders` is an object."""
    for each in pkgutil.walk_packages(semspill.__path__, "semspill."):
        module = importlib.import_module(each.name)
        above, _, name = each.name.rpartition(".")
        assert getattr(importlib.import_module(above), name) is module, each.name


def test_every_component_is_exported_and_says_what_it_is_and_where_it_comes_from():
    for kind, name in BUILT_IN:
        cls = getattr(semspill, kind).get(name)
        package = importlib.import_module(".".join(cls.__module__.split(".")[:2]))
        assert getattr(package, cls.__name__) is cls
        assert cls.__name__ in package.__all__
        assert cls.summary() == " ".join(cls.summary().split()) != "", name
        assert len(cls.citation) >= len("original"), name
        assert undescribed(cls) == []


def test_every_component_is_rebuilt_from_its_fields():
    for kind, name in BUILT_IN:
        registry = getattr(semspill, kind)
        component = registry.build({"name": name, **NEEDED.get((kind, name), {})})
        fields = json.loads(json.dumps(registry.describe(component)))
        assert fields["name"] == name
        again = registry.build(fields)
        assert again == component, name
        assert hash(again) == hash(component), name
        assert registry.describe(again) == fields, name


def test_import_is_light_and_quiet():
    code = f"import sys, semspill; print(sorted(set({HEAVY}) & set(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[]\n", "")


def test_the_version_is_the_package_s_and_the_changelog_begins_with_it():
    assert semspill.__version__ == version("semspill")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[?(\d+\.\d+\.\d+)", changelog, flags=re.MULTILINE)
    assert versions[0] == version("semspill")


SOURCES = sorted((ROOT / "src").rglob("*.py"))


def test_every_file_is_short_and_opens_by_saying_what_it_is_for():
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    assert [path for path, text in texts.items() if text.count("\n") > 300] == []
    assert [path for path, text in texts.items() if not text.startswith('"""')] == []


def test_every_folder_of_the_package_is_a_package():
    found = {module.name for module in pkgutil.walk_packages(semspill.__path__, "semspill.")}
    written = {
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        for path in SOURCES
        if path.name != "__init__.py" and path.parent != ROOT / "src"
    }
    assert written <= found


def test_what_the_code_imports_is_installed_with_it():
    """Of the library, or of an extra: what only the tests install is missing for everybody else."""
    distributions = metadata.packages_distributions()
    required = {
        re.split(r"[^\w.-]", line)[0].replace("_", "-").lower()
        for line in metadata.requires("semspill")
    }
    imported = {
        name.partition(".")[0]
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    foreign = imported - set(sys.stdlib_module_names) - {"semspill", "_semspill_command", ""}
    names = {name: [d.replace("_", "-").lower() for d in distributions[name]] for name in foreign}
    missing = {name for name, found in names.items() if not required & set(found)}
    # They come with jinja2 and with pydantic; and pytest loads what is written for it.
    assert missing == {"markupsafe", "pydantic_core", "pytest"}


def test_what_benchmarks_and_examples_import_is_there():
    lacking = []
    for path in [*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "examples").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("semspill"):
                module = importlib.import_module(node.module)
                names = [one.name for one in node.names if not hasattr(module, one.name)]
                lacking += [(path.name, node.module, name) for name in names]
    assert lacking == []
