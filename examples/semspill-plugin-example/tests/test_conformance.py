"""Each component, by the name its entry point gives it, keeps every promise of its kind."""

import pytest
import semspill as sp
from semspill.testing import checks


@pytest.mark.parametrize("check", checks("dataset"), ids=str)
def test_front_desk(check):
    check(sp.datasets.build("front_desk"))


@pytest.mark.parametrize("check", checks("strategy"), ids=str)
def test_shout(check):
    check(sp.strategies.build({"name": "shout", "most": 2}))


@pytest.mark.parametrize("check", checks("rater"), ids=str)
def test_capitals(check):
    check(sp.raters.build("capitals"))
