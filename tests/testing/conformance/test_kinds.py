"""The checks of each kind are found by its name."""

import pytest

from semspill import ConfigError, ResponseSource
from semspill.testing import ConformanceError, checks

KINDS = ("dataset", "source", "selector", "strategy", "encoder", "rater", "similarity", "metric")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_checks_with_names_of_their_own(kind):
    found = checks(kind)
    names = [str(check) for check in found]
    assert len(set(names)) == len(names) > 5
    assert {check.kind for check in found} == {kind}
    assert all(" " not in name and name.islower() for name in names)


def test_one_check_alone_is_called_with_a_component():
    class Twice(ResponseSource):
        citation = "original"

        def load(self):
            return ("No.", "No.")

    broken = []
    for check in checks("source"):
        try:
            check(Twice())
        except ConformanceError as error:
            broken += error.sentences
    assert any("twice" in sentence for sentence in broken)


def test_an_unknown_kind_gets_the_nearest():
    with pytest.raises(ConfigError, match=r"no kind 'strategies'.*Did you mean 'strategy'"):
        checks("strategies")


def test_one_check_alone_takes_a_name_or_a_mapping():
    for check in checks("source"):
        check("builtin")
        check({"name": "builtin"})


@pytest.mark.parametrize("wrong", [None, 3, ResponseSource])
def test_what_is_no_component_is_refused_and_not_checked(wrong):
    for check in checks("source"):
        with pytest.raises(ConfigError, match="response source is given as an object"):
            check(wrong)
