"""Each check fails for a component that breaks its promise, and no other check does."""

import importlib

import faulty
import pytest
from faulty.common import FAULTS as COMMON

from semspill.testing import checks

KINDS = (
    "dataset source selector strategy encoder labeller detector training_defense repair guard "
    "matcher probe model rater similarity metric"
).split()
TABLES = {kind: faulty.faults(importlib.import_module(f"faulty.{kind}")) for kind in KINDS}
ROWS = [(kind, name) for kind, table in TABLES.items() for name in table]


def sentence_parts(sentence):
    """What was promised, what came, what to do."""
    promised, _, rest = sentence.partition("; but ")
    came, _, mend = rest.rpartition(". ")
    return promised, came, mend


@pytest.mark.parametrize(("kind", "name"), ROWS)
def test_a_faulty_component_fails_its_checks_and_no_other(kind, name, failed, registered):
    component, names, piece = TABLES[kind][name]
    sentences = failed(kind, component)
    assert sentences.keys() == set(names)
    assert piece in sentences[names[0]]
    for check in checks(kind):
        if check.name in sentences:
            promised, came, mend = sentence_parts(sentences[check.name])
            assert promised == f"{type(component).__name__} promises: {check.promise}"
            assert came
            assert mend.endswith(".")


@pytest.mark.parametrize("name", COMMON)
def test_a_faulty_component_fails_what_all_kinds_promise(name, failed):
    component, check, piece = COMMON[name]
    sentences = failed("source", component)
    assert sentences.keys() == set(check.split())
    assert piece in sentences[check.split()[0]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_has_a_component_that_fails_it(kind):
    first = {names[0] for _, names, _ in TABLES[kind].values()}
    first |= {names.split()[0] for _, names, _ in COMMON.values()}
    assert first == {check.name for check in checks(kind)}


@pytest.mark.parametrize("kind", ["source", "rater"])
def test_no_sentence_quotes_a_text(kind, failed):
    for component, *_ in TABLES[kind].values():
        said = " ".join(failed(kind, component).values())
        assert "grumble, twice" not in said
        assert "lazy pest" not in said
