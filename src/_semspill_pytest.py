"""The pytest plugin of semspill: four fixtures and a marker, which do nothing unless used.

What an assertion decided becomes properties of its test, which junit XML and other reports show.
Besides, a traceback shows no arguments or variables of semspill, nor of what semspill called: they
may be harmful texts.
"""

# pytest loads this in every run of everyone who installed semspill, so it imports nothing else.
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from types import TracebackType
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
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
    """Note what was decided, and forget the values that a failure would show."""
    item.user_properties += _decided()
    if call.excinfo is not None:
        item.user_properties += _unanswered(call.excinfo.value)
    # unittest's failures wait elsewhere.
    for excinfo in (call.excinfo, *(getattr(item, "_excinfo", None) or ())):
        if excinfo is not None:
            _forget(excinfo.value, item.config)


def _decided() -> list[tuple[str, object]]:
    """Return properties for each assertion since they were asked for last; none shows a text."""
    # Who has not imported it has asserted nothing.
    verdicts = sys.modules.get("semspill.testing._safety._verdict")
    properties: list[tuple[str, object]] = []
    while verdicts is not None and verdicts.enforced:
        one = verdicts.enforced.popleft()
        found = {
            "outcome": one.outcome,
            "measured": one.what,
            "limit": one.limit,
            "confidence": one.confidence,
            "sentence": one.sentence,
            "offenders": ", ".join(one.offenders),
            "worst": "; ".join(map(str, one.worst)),
            **one.facts,
        }
        properties += [
            (f"semspill_{name}", held) for name, held in found.items() if held is not None
        ]
    return properties


def _unanswered(error: BaseException) -> list[tuple[str, object]]:
    """Return properties for a test that decided nothing, since what it tests gave no answer."""
    failures = sys.modules.get("semspill.testing._failures")
    if failures is None or not isinstance(error, failures.ServiceError):
        return []
    return [("semspill_outcome", "error"), ("semspill_sentence", str(error))]


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, None]:
    """Write a failure to collect down anew, without the values that it showed."""
    report = (yield).get_result()
    excinfo = getattr(getattr(report, "call", None), "excinfo", None)
    if report.failed and excinfo is not None and _forget(excinfo.value, collector.config):
        report.longrepr = collector.repr_failure(excinfo)


def _forget(error: BaseException, config: pytest.Config) -> bool:
    """Clear the variables of semspill's frames and of those below; return whether there are any."""
    ours = False
    for each in _chain(error):
        above, below = None, False
        for trace in _traces(each.__traceback__):
            below = below or _ours(trace)
            # A frame without variables cannot tell any more that it is to be hidden.
            hidden = below and "__tracebackhide__" in trace.tb_frame.f_locals
            if below:
                ours = True
                with suppress(RuntimeError):  # it still runs
                    trace.tb_frame.clear()
            if hidden and above is not None and not config.getoption("fulltrace", False):
                above.tb_next = trace.tb_next
            else:
                above = trace
    return ours


def _ours(trace: TracebackType) -> bool:
    module = str(trace.tb_frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] == "semspill"


def _traces(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error with its causes, what it came upon, and the errors of a group."""
    errors: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and not any(each is known for known in errors):
            errors.append(each)
            waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return errors


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Refuse a mark that says something else."""
    if _action(item) not in (None, ["skip"], ["fail"]):
        usage = f"{_MARKER} takes 'skip' or 'fail', as in @pytest.mark.{_MARKER}('skip')."
        pytest.fail(usage, pytrace=False)


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
