"""The pytest plugin of semspill: four fixtures and a marker, which do nothing unless used."""

# pytest loads this in every run of everyone who installed semspill, so it imports nothing else.
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Refuse a mark that says something else."""
    if _action(item) not in (None, ["skip"], ["fail"]):
        said = f"{_MARKER} takes 'skip' or 'fail', as in @pytest.mark.{_MARKER}('skip')."
        pytest.fail(said, pytrace=False)


# A unittest.TestCase raises nothing here: what it caught is known only when the report is made.
@pytest.hookimpl(specname="pytest_runtest_makereport")
def pytest_skip_marked(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Skip a marked test whose assertion was inconclusive."""
    if call.when != "call" or call.excinfo is None or _action(item) != ["skip"]:
        return
    from semspill.testing import InconclusiveError

    error = call.excinfo.value
    if isinstance(error, InconclusiveError):
        call.excinfo = pytest.CallInfo.from_call(lambda: pytest.skip(str(error)), "call").excinfo


def _action(item: pytest.Item) -> list[Any] | None:
    """Return what the nearest mark says, None where there is none."""
    marker = item.get_closest_marker(_MARKER)
    return None if marker is None else [*marker.args, *marker.kwargs.values()]


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
