"""The verdict in the terminal: a shape and a colour, and plain where it is read by a program."""

import io

import pytest
from rich.console import Console

from semspill.cli import _tables
from semspill.report._verdict import Verdict


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
