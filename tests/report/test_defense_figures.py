"""Figures of defenses: trade-off, ROC curves, what was removed."""

import math

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from tests.report.defended import BEFORE, defended, defense, guarding, three, twenty

from semspill import DataError

FIGURES = ("tradeoff", "roc", "removed")
NAMES = ("clean-up", "prune", "guard")


@pytest.fixture(scope="module")
def few(full):
    return full.replace(defenses=three())


@pytest.fixture(scope="module")
def many(full):
    return full.replace(defenses=twenty())


def drawn(figure):
    """Draw the whole figure, so that a warning of any part comes out."""
    FigureCanvasAgg(figure).draw()
    return figure


def test_a_report_names_the_figures_of_its_defenses(full, few):
    assert few.figures == (*full.figures, *FIGURES)
    guarded = full.replace(defenses=defended(defense("guard", control=None, **guarding())))
    assert guarded.figures == (*full.figures, "tradeoff")
    with pytest.raises(DataError, match="needs a defense that scores exchanges"):
        guarded.figure("roc")


@pytest.mark.parametrize("width", ["column", "page"])
@pytest.mark.parametrize(("made", "count"), [(three(), 3), (twenty(), 20)], ids=["few", "many"])
def test_the_trade_off_has_a_mark_per_defense_in_both_panels(full, made, count, width):
    """Marks lie at utility and planted rate, in percent, beside that of the undefended arm."""
    shown = full.replace(defenses=made)
    figure = drawn(shown.figure("tradeoff", width=width))
    target, nearest = figure.axes[:2]
    for axes, group in ((target, "target"), (nearest, "nearest")):
        marks = {m.name: (m.x, m.y) for m in figure.marks if m.axes is axes}
        assert marks == {
            "undefended": (53.125, 100 * BEFORE[group]),
            **{
                one.name: (100 * one.precision.value, 100 * one.planted_rate[group].value)
                for one in shown.defenses.defenses
            },
        }
        assert len(marks) == 1 + count


def texts(axes) -> set[str]:
    return {text.get_text() for text in axes.texts}


def test_few_defenses_are_named_and_many_numbered_with_a_key(few, many):
    for axes in drawn(few.figure("tradeoff", width="page")).axes:
        assert set(NAMES) <= texts(axes)
    *panels, key = drawn(many.figure("tradeoff")).axes
    assert len(panels) == 2
    for axes in panels:
        assert len(texts(axes) & {str(number) for number in range(1, 21)}) >= 15
    assert texts(key) == {f"{at + 1}  defense number {at}" for at in range(20)}


def test_a_defense_without_utility_has_no_place_in_the_trade_off(full):
    """A guard may leave lists unranked; where no arm ranks any there is no such figure."""
    made = three()
    unknown = made.precision.replace(value=math.nan, low=math.nan, high=math.nan, note="no lists")
    first, *others = made.defenses
    one = made.replace(defenses=(first.replace(precision=unknown), *others))
    figure = drawn(full.replace(defenses=one).figure("tradeoff"))
    assert {mark.name for mark in figure.marks} == {"undefended", *NAMES[1:]}
    assert "tradeoff" not in full.replace(defenses=made.replace(precision=unknown)).figures


@pytest.mark.parametrize("width", ["column", "page"])
def test_nothing_of_the_trade_off_is_cut(many, width):
    """Neither its key nor its legend lies outside the figure, nor one on the other."""
    figure = drawn(many.figure("tradeoff", width=width))
    [legend] = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    entries = [text.get_window_extent() for text in figure.axes[-1].texts]
    assert box.y1 <= min(entry.y0 for entry in entries) + 1
    assert max(entry.x1 for entry in entries) <= figure.bbox.width


def test_filled_marks_are_below_their_control_by_the_corrected_test(few):
    figure = few.figure("tradeoff")
    filled = {
        tuple(line.get_xydata()[0])
        for line in figure.axes[0].get_lines()
        if line.get_marker() == "o" and len(line.get_xydata()) and line.get_mfc() != "white"
    }
    assert filled == {(46.875, 12.5)}


def test_roc_curves_begin_with_the_best_and_mark_what_was_removed(many):
    figure = drawn(many.figure("roc"))
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[:2] == ["guessing", "defense number 19, AUC 0.97"]
    assert len(labels) == 11
    [at] = {(round(m.x, 6), m.y) for m in figure.marks}
    # 40 removed, of which 24 and 16 of 32 planted: 16 and 24 of the other 968.
    assert at == (round(20 / 968, 6), 0.625)


def test_curves_pass_through_their_points(few):
    line = few.figure("roc").axes[0].get_lines()[1]
    x, y = line.get_xydata().T
    near = abs(x - 0.0625).argmin()
    assert y[near] == pytest.approx(0.75, abs=0.01)
    assert y[-1] == 1.0


def test_removed_has_a_panel_per_cleaner_and_a_bar_per_category(few, many):
    [axes] = drawn(few.figure("removed")).axes
    widths = [[bar.get_width() for bar in bars] for bars in axes.containers]
    assert widths == [[40, 0, 0], [20, 12, 8]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["fear", "dread", "joy"]
    figure = drawn(many.figure("removed", width="page"))
    assert sum(bool(axes.containers) for axes in figure.axes) == 10


@pytest.mark.parametrize("name", ["tradeoff", "removed"])
def test_figures_of_several_panels_take_no_ax(few, name):
    axes = few.figure("roc").axes[0]
    with pytest.raises(DataError, match="several panels"):
        few.figure(name, ax=axes)
