"""Progress is any callable that wraps an iterable."""

from semspill import Progress
from semspill._progress import quiet


def test_quiet_gives_the_items_and_prints_nothing(capsys):
    assert list(quiet(range(3))) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_quiet_and_iter_are_progress():
    assert isinstance(quiet, Progress)
    assert isinstance(iter, Progress)
