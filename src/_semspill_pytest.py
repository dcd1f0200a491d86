"""The pytest plugin of semspill: four fixtures and a marker, which do nothing unless used."""

# pytest loads this in every run of everyone who installed semspill, so it imports nothing else.
from collections.abc import Generator
from typing import Any

import pytest

_MARKER = "semspill_inconclusive"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(action): what a semspill.testing assertion that cannot tell does to the test: "
        "'skip' or 'fail'; the nearest mark counts.",
    )


def _skip_marked(item: pytest.Item) -> Generator[None, Any, Any]:
    """Skip a marked test whose assertion was inconclusive."""
    marker = item.get_closest_marker(_MARKER)
    if marker is None:
        return (yield)
    action = [*marker.args, *marker.kwargs.values()]
    if action not in (["skip"], ["fail"]):
        said = f"{_MARKER} takes 'skip' or 'fail', as in @pytest.mark.{_MARKER}('skip')."
        pytest.fail(said, pytrace=False)
    from semspill.testing import InconclusiveError

    try:
        return (yield)
    except InconclusiveError as error:
        if action == ["fail"]:
            raise
        pytest.skip(str(error))


# Older ones do not know such a wrapper, and must not stumble over it: there the marker is idle.
if pytest.version_tuple >= (8,):
    pytest_runtest_call = pytest.hookimpl(wrapper=True)(_skip_marked)


@pytest.fixture(scope="session")
def semspill_corpus() -> Any:
    """A `semspill.Corpus` of 640 made-up dialogues in four categories of 160, `brave` first."""
    from semspill.testing import _fixtures

    return _fixtures.corpus()


@pytest.fixture(scope="session")
def semspill_responder() -> Any:
    """A `semspill.RetrievalResponder` trained on `semspill_corpus` in a second or two."""
    from semspill.testing import _fixtures

    return _fixtures.responder()


@pytest.fixture(scope="session")
def semspill_rater() -> Any:
    """A `semspill.Rater` that gives 1 to a text with the word `grumble` in it, 0 to any other."""
    from semspill.testing import _fixtures

    return _fixtures.rater()


@pytest.fixture
def semspill_rng() -> Any:
    """A `numpy.random.Generator` with seed 0, a new one for each test."""
    from semspill.testing import _fixtures

    return _fixtures.rng()
