"""The verdict in the terminal: a shape and a colour, and plain where it is read by a program."""

import io

import pytest
from rich.console import Console

from semspill import Estimate, SpilloverReport
from semspill.cli import _tables
from semspill.results import Note, SliceReport, Verdict


@pytest.mark.parametrize(
    ("kind", "shape", "colour"),
    [
        ("spilled", "●", "31"),
        ("none", "○", "32"),
        ("unclear", "◐", "33"),
        ("unplanted", "\N{EN DASH}", ""),
    ],
)
def test_each_kind_has_a_shape_and_a_colour_on_a_terminal_alone(monkeypatch, kind, shape, colour):
    came_out = Verdict(kind=kind, sentence="What came out in *weary*.")
    printed = {}
    for terminal in (True, False):
        screen = Console(
            file=io.StringIO(),
            force_terminal=terminal,
            color_system="standard" if terminal else None,
        )
        monkeypatch.setattr(_tables, "out_console", screen)
        screen.print(_tables._verdict(came_out))
        printed[terminal] = screen.file.getvalue()
    assert printed[False].strip() == "What came out in weary."
    assert shape in printed[True]
    assert f"{colour}m" in printed[True]


def test_where_all_categories_do_not_fit_a_screen_it_says_how_many_are_missing(
    monkeypatch, tmp_path
):
    """Eight categories, of which five are no groups, and a verdict and a caveat of many lines."""

    def part(name):
        rate = Estimate(value=0.0, low=0.0, high=0.05, n=60, method="by hand")
        return SliceReport(
            name=name, arm="poison", dialogues=60, exchanges=60, distribution=(1.0,),
            estimates={"asr": rate},
        )  # fmt: skip

    names = [f"category {number}" for number in range(8)]
    report = SpilloverReport(
        target=names[0], nearest=names[1], far=(names[2],), arms=("clean", "poison"), seeds=(0,),
        similarity={}, similarity_method="by hand", categories=tuple(map(part, names)),
        groups=tuple(map(part, (*names[:3], f"all but {names[0]}", "all"))), overall={}, curve=(),
        notes=(Note(kind="short_training", text="What to know first. " * 40),),
    )  # fmt: skip
    for width, missing in ((80, True), (1000, False)):
        screen = Console(file=io.StringIO(), width=width)
        monkeypatch.setattr(_tables, "out_console", screen)
        _tables.print_report(report, tmp_path)
        assert ("5 more categories in the report." in screen.file.getvalue()) is missing
        assert ("category 7" not in screen.file.getvalue()) is missing
