"""Frozen, strict objects that validate once."""

import json

import pytest
from pydantic import Field, ValidationError

from semspill import Component, FrozenModel
from semspill.errors import ConfigError


class Bounds(FrozenModel):
    """Two numbers."""

    least: int = 1
    """Smallest."""
    most: int = Field(3, le=9)
    """Largest."""


class Nested(FrozenModel):
    """Bounds inside."""

    bounds: Bounds = Bounds()


def test_a_field_cannot_be_assigned():
    with pytest.raises(ValidationError, match="frozen"):
        Bounds().most = 4


def test_an_unknown_field_is_refused_with_the_nearest_known():
    with pytest.raises(ConfigError) as caught:
        Bounds(mots=4)
    assert "Bounds has no field 'mots'. Did you mean 'most'? It has: least, most." in str(
        caught.value
    )


def test_an_unknown_field_without_a_neighbour_lists_what_there_is():
    with pytest.raises(ValidationError, match=r"no field 'zzz'\. It has: least, most\."):
        Bounds.model_validate({"zzz": 1})


@pytest.mark.parametrize("value", [10, "many", None])
def test_a_value_that_is_not_allowed_is_refused(value):
    with pytest.raises(ConfigError, match="most"):
        Bounds(most=value)


def test_a_bad_default_is_refused_too():
    class Wrong(FrozenModel):
        most: int = Field(10, le=9)

    with pytest.raises(ConfigError, match="less than or equal to 9"):
        Wrong()


def test_replace_gives_a_new_value_and_keeps_the_rest():
    first = Bounds(least=2)
    assert first.replace(most=5) == Bounds(least=2, most=5)
    assert first == Bounds(least=2, most=3)
    assert Nested().replace(bounds=first).bounds is first


@pytest.mark.parametrize("changes", [{"most": 10}, {"mots": 1}])
def test_replace_validates_like_a_new_object(changes):
    with pytest.raises(ConfigError):
        Bounds().replace(**changes)


def test_equal_values_are_equal_hash_alike_and_survive_json():
    assert hash(Nested()) == hash(Nested(bounds=Bounds(most=3)))
    assert Nested.model_validate(json.loads(Nested().model_dump_json())) == Nested()


def test_infinity_survives_json():
    class Limit(FrozenModel):
        most: float = float("inf")

    assert Limit.model_validate_json(Limit().model_dump_json()) == Limit()


def test_docstrings_after_fields_become_descriptions():
    assert Bounds.model_fields["most"].description == "Largest."


def test_the_summary_is_the_first_paragraph_on_one_line():
    class Part(Component):
        """Plants a response
        in every turn.

        And more.
        """

        citation = "original"

    class Bare(Component):
        citation = "original"

    assert Part.summary() == "Plants a response in every turn."
    assert Bare.summary() == ""
