import copy
import pickle

import pytest

from semspill.results import SliceReport


def test_a_metric_is_an_attribute(report):
    part = report.category("dread")
    assert part.asr is part.estimates["asr"]
    assert part.asr.value == 0.25
    assert part.name == "dread"


def test_an_unknown_metric_is_refused_with_the_nearest_name(report):
    with pytest.raises(AttributeError) as caught:
        report.category("dread").lfit  # noqa: B018
    assert str(caught.value) == (
        "This report has no metric 'lfit'. Did you mean 'lift'? It has: asr, lift."
    )
    assert not hasattr(report.category("dread"), "_hidden")
    assert getattr(report.category("dread"), "precision", None) is None


@pytest.mark.parametrize(
    "remade",
    [copy.copy, copy.deepcopy, lambda part: pickle.loads(pickle.dumps(part))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_is_equal_and_answers_alike(report, remade):
    part = report.category("dread")
    again = remade(part)
    assert isinstance(again, SliceReport)
    assert again.asr == part.asr
    assert again.model_dump_json() == part.model_dump_json()
    with pytest.raises(AttributeError, match="no metric 'nothing'"):
        again.nothing  # noqa: B018


def test_a_metric_that_bears_a_field_s_name_does_not_hide_it(report):
    part = report.category("dread")
    shadowed = part.replace(estimates={"arm": part.asr})
    assert shadowed.arm == "poison"
    assert shadowed.estimates["arm"].value == 0.25
