import json
import math

import pytest
from pydantic import ValidationError

from semspill import ConfigError, Estimate
from semspill.statistics import Measure

FIELDS = {"value": 0.25, "low": 0.2, "high": 0.31, "n": 400, "method": "Wilson"}


def test_it_reads_as_a_number_with_its_interval():
    assert str(Estimate(**FIELDS)) == "0.250 [0.200, 0.310]"
    assert str(Estimate(**{**FIELDS, "value": math.nan})) == "not defined"


def test_an_undefined_number_is_null_in_json_and_comes_back():
    made = Estimate(**{**FIELDS, "value": math.nan, "low": math.nan, "high": math.nan})
    said = json.loads(made.model_dump_json())
    assert [said["value"], said["low"], said["high"]] == [None, None, None]
    again = Estimate.model_validate(said)
    assert all(math.isnan(number) for number in (again.value, again.low, again.high))
    assert (again.n, again.method, again.level, again.p_value) == (400, "Wilson", 0.95, None)


def test_an_infinite_number_is_a_word_in_json_and_comes_back():
    made = Estimate(**{**FIELDS, "low": -math.inf, "high": math.inf})
    said = json.loads(made.model_dump_json())
    assert [said["low"], said["high"]] == ["-inf", "inf"]
    assert Estimate.model_validate(said) == made


def test_a_p_value_that_is_not_a_number_is_none():
    made = Estimate(**FIELDS, p_value=math.nan, p_holm=math.nan, p_bh=math.nan)
    assert (made.p_value, made.p_holm, made.p_bh) == (None, None, None)


def test_a_defined_one_comes_back_equal():
    made = Estimate(**FIELDS, p_value=0.5, level=0.9, citation="Wilson 1927")
    assert Estimate.model_validate_json(made.model_dump_json()) == made


def test_it_never_changes_and_knows_its_fields():
    with pytest.raises(ValidationError, match="frozen"):
        Estimate(**FIELDS).value = 1.0
    with pytest.raises(ConfigError, match=r"Estimate has no field 'hihg'\. Did you mean 'high'\?"):
        Estimate(**FIELDS, hihg=1)


def test_a_note_stands_for_a_missing_number_and_zero_has_no_sign():
    empty = {"value": math.nan, "low": math.nan, "high": math.nan}
    assert str(Estimate(**{**FIELDS, **empty}, note="never")) == "never"
    tiny = Estimate(**{**FIELDS, "value": -0.0001, "low": -0.0004, "high": 0.0})
    assert str(tiny) == "0.000 [0.000, 0.000]"


@pytest.mark.parametrize(
    ("p_holm", "level", "survives"),
    [(None, 0.95, False), (0.05, 0.95, True), (0.051, 0.95, False), (0.051, 0.9, True)],
)
def test_it_survives_when_the_corrected_test_rejects(p_holm, level, survives):
    assert Estimate(**FIELDS, p_value=0.001, p_holm=p_holm, level=level).survives is survives


POINTS = Measure(metric="asr_lift", kind="change", unit="points", aspect="attack")


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"p_margin": 0.05}, "none"),
        ({"p_margin": 0.051}, "cannot tell"),
        ({"p_margin": 0.051, "level": 0.9}, "none"),
        # A rise that is surely there counts, however small it is; in a family, after correction.
        ({"p_margin": 0.01, "low": 0.001}, "spilled"),
        ({"p_margin": 1.0, "low": 0.001, "p_holm": 0.01}, "spilled"),
        ({"p_margin": 1.0, "low": 0.001, "p_holm": 0.06}, "cannot tell"),
        ({"p_margin": 0.01, "low": 0.001, "p_holm": 0.06}, "none"),
        ({"p_margin": None, "low": 0.001}, None),
        ({"p_margin": 0.01, "measure": POINTS.replace(aspect="utility")}, None),
        ({"p_margin": 0.01, "measure": POINTS.replace(unit="number")}, None),
    ],
)
def test_a_lift_has_a_verdict_where_it_was_tested_against_a_margin(fields, verdict):
    lift = {**FIELDS, "value": 0.01, "low": -0.01, "high": 0.03, "measure": POINTS}
    assert Estimate(**{**lift, **fields}).verdict == verdict
