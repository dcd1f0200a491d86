"""What is seen of an experiment under way: bars, plain lines, JSON lines, nothing."""

import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from semspill.cli import _progress
from semspill.cli._progress import Bars, Display, JsonLines, Lines, display
from semspill.experiment import (
    AnalyzeEvent,
    AnswerEvent,
    ArmEvent,
    EpochEvent,
    LoadEvent,
    PoisonEvent,
    ReusedEvent,
    SimilarityEvent,
    TrainEvent,
    WriteEvent,
    _watching,
)

COUNTS = {"total": 4, "trainings": 4}
TRAINING = {**COUNTS, "seed": 1, "arms": ("poison", "train_only"), "epochs": 3}
TRAIN = TrainEvent(**TRAINING, epoch=1)
EPOCH = EpochEvent(**TRAINING, epoch=1, loss=2.312, seconds=1.0)
ARM = ArmEvent(
    **COUNTS, finished=1, trained=1, seed=1, arms=("poison",), epochs=3, precision=0.072,
    planted=0.25, seconds=12.3,
)  # fmt: skip
ODD = ArmEvent(
    variants=("selector=[red]x[/red]:smile:",), seed=0, arms=("clean",), epochs=0, precision=0.0,
    planted=0.0, seconds=0.0,
)  # fmt: skip


@pytest.fixture
def console(monkeypatch):
    """A terminal of 80 columns that keeps what is written."""

    def made(**options):
        terminal = Console(
            **{"file": io.StringIO(), "force_terminal": True, "width": 80, "markup": False,
               "emoji": False, **options},
        )  # fmt: skip
        monkeypatch.setattr(_progress, "err_console", terminal)
        return terminal

    return made


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is set."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(_watching, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def picture(bars):
    """Return what the bars look like now, as text."""
    paper = Console(file=io.StringIO(), width=bars.live.console.width, markup=False, emoji=False)
    paper.print(bars.live.get_renderable())
    return paper.file.getvalue()


# Which display


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"quiet": False, "as_json": False}, Lines),
        ({"quiet": True, "as_json": False}, Display),
        ({"quiet": False, "as_json": True}, JsonLines),
        ({"quiet": True, "as_json": True}, JsonLines),
    ],
)
def test_where_there_is_no_terminal_no_bar_is_drawn(console, options, kind):
    console(force_terminal=False)
    assert type(display(**options)) is kind


def test_bars_are_for_terminals_that_can_move_the_cursor(console, monkeypatch):
    console()
    assert type(display(quiet=False, as_json=False)) is Bars
    assert type(display(quiet=True, as_json=False)) is Display
    monkeypatch.setenv("TERM", "dumb")
    console()
    assert type(display(quiet=False, as_json=False)) is Lines


def test_nothing_shows_nothing_and_passes_everything_on(console, capsys):
    screen = console()
    shown = Display()
    with shown:
        shown.observe(ARM)
        assert list(shown.track(iter("abc"))) == ["a", "b", "c"]
    assert screen.file.getvalue() == ""
    assert capsys.readouterr() == ("", "")
    assert shown.last == ARM


# Lines


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (LoadEvent(), "loading data and rater"),
        (SimilarityEvent(), "measuring similarity"),
        (PoisonEvent(seed=0), "seed 0: planting"),
        (ReusedEvent(seed=0, arms=("clean",)), "seed 0, clean: already done"),
        (EPOCH, "seed 1, poison + train_only: epoch 1 of 3, loss 2.31"),
        (
            EPOCH.replace(valid_precision=0.123),
            "seed 1, poison + train_only: epoch 1 of 3, loss 2.31, validation P@1 12.3 %",
        ),
        (ARM, "seed 1, poison: planted rate 25.0 %, P@1 7.2 %, 12 s"),
        (AnalyzeEvent(variants=("budget=0.1",)), "budget=0.1: analyzing"),
        (WriteEvent(variants=("a", "b", "c")), "3 variants: writing report and plots"),
        (
            ODD,
            "selector=[red]x[/red]:smile:, seed 0, clean: planted rate 0.0 %, P@1 0.0 %, 0.0 s",
        ),
    ],
)
def test_without_a_terminal_each_stage_epoch_and_arm_is_a_plain_line(console, event, line):
    screen = console(force_terminal=False, width=40)
    with Lines() as shown:
        shown.observe(event)
    assert screen.file.getvalue() == f"{line}\n"


@pytest.mark.parametrize("event", [TRAIN, AnswerEvent(**TRAINING, epoch=1)])
def test_what_its_end_will_tell_has_no_line(console, event):
    screen = console(force_terminal=False)
    Lines().observe(event)
    assert screen.file.getvalue() == ""


def test_plain_lines_tell_the_time_left_too(console, clock):
    screen = console(force_terminal=False)
    shown = Lines()
    shown.observe(TRAIN)
    clock.now += 10
    shown.observe(EPOCH)
    shown.observe(ARM)
    first, second = screen.file.getvalue().splitlines()
    assert first.endswith("loss 2.31")
    assert second.endswith("12 s; about 30 s left")


# JSON lines


def test_an_event_is_one_json_object_of_what_is_known(capsys):
    shown = JsonLines()
    shown.observe(ARM)
    shown.observe(LoadEvent(total=4))
    shown.observe(ODD)
    arm, load, odd = map(json.loads, capsys.readouterr().out.splitlines())
    assert arm == {
        "event": "arm", "finished": 1, "total": 4, "trained": 1, "trainings": 4, "seed": 1,
        "arms": ["poison"], "epochs": 3, "precision": 0.072, "planted": 0.25, "seconds": 12.3,
    }  # fmt: skip
    assert load == {"event": "load", "finished": 0, "total": 4, "trained": 0, "trainings": 0}
    assert odd["variants"] == ["selector=[red]x[/red]:smile:"]


# Bars


def test_finished_arms_scroll_above_what_is_under_way(console):
    screen = console()
    with Bars() as bars:
        for event in (TRAIN, EPOCH, ARM, ReusedEvent(seed=1, arms=("poison",)), ODD):
            bars.observe(event)
        bars.observe(TRAIN.replace(finished=1, epoch=2))
        now, *_, arms = picture(bars).splitlines()
    printed = screen.file.getvalue()
    assert "seed 1, poison: planted rate 25.0 %, P@1 7.2 %, 12 s" in printed
    assert "seed 1, poison: already done" in printed
    assert "[red]x[/red]:smile:, seed 0, clean: planted" in printed
    assert now.rstrip() == "seed 1, poison + train_only: training, epoch 2 of 3"
    assert arms.startswith("arms ")
    assert "1/4" in arms


def test_a_training_without_epochs_is_said_as_such(console):
    console()
    bars = Bars()
    bars.observe(TRAIN.replace(epoch=None, epochs=0))
    assert picture(bars).splitlines()[0].rstrip() == "seed 1, poison + train_only: training"


def test_the_time_left_is_told_once_a_training_is_finished(console, clock):
    console()
    bars = Bars()
    bars.observe(LoadEvent(total=4))
    clock.now += 1000  # loading is no training
    bars.observe(TRAIN)
    clock.now += 9
    bars.observe(EPOCH)
    assert "left" not in picture(bars)
    clock.now += 1
    bars.observe(ARM)
    # One of four took 10 s.
    assert "about 30 s left" in picture(bars)
    clock.now += 12
    assert "about 18 s left" in picture(bars)
    clock.now += 100
    assert "left" not in picture(bars)
    # Two and two thirds of the four, counting answers as one more epoch, in 122 s.
    bars.observe(EPOCH.replace(trained=2, epoch=2, epochs=2))
    assert "about 1 min left" in picture(bars)
    bars.observe(ARM.replace(trained=5, finished=4))
    assert "left" not in picture(bars)


def test_the_first_training_tells_by_its_epochs_when_it_is_long(console, clock):
    console()
    bars = Bars()
    bars.observe(TRAIN)
    clock.now += 40
    bars.observe(EPOCH)
    # A quarter of the first of four took 40 s.
    assert "about 10 min left" in picture(bars)


def test_an_inner_bar_shows_the_rate(console):
    console()
    bars = Bars()
    for number, _ in enumerate(bars.track([1, 2, 3, 4])):
        if number == 3:
            assert picture(bars).count("━") > 40
            assert "batches/s" in picture(bars)
    assert "batches/s" not in picture(bars)
    assert list(bars.track(iter("ab"))) == ["a", "b"]


def test_a_loop_that_is_left_early_takes_its_bar_along(console):
    console()
    bars = Bars()
    before = picture(bars)
    items = bars.track([1, 2, 3])
    next(items)
    assert picture(bars) != before
    items.close()
    assert picture(bars) == before


def test_a_narrow_terminal_is_wide_enough(console, clock):
    console(width=60)
    bars = Bars()
    bars.observe(TRAIN.replace(variants=("poisoner.selector.category=apprehensive",)))
    clock.now += 10
    bars.observe(ARM)
    for _ in bars.track([1]):
        lines = picture(bars).splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 60
    assert "about 30 s left" in lines[-1]


def test_no_color_is_respected(console, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = console()
    with Bars() as bars:
        bars.observe(ARM)
        for _ in bars.track([1, 2]):
            bars.live.refresh()
    assert "\x1b[3" not in screen.file.getvalue()
    monkeypatch.delenv("NO_COLOR")
    screen = console()
    with Bars() as bars:
        bars.observe(ARM)
        bars.live.refresh()
    assert "\x1b[3" in screen.file.getvalue()
