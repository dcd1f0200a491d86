import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from semspill.report import CurvePoint
from semspill.report._plots import plot_distribution, plot_epochs

NAMES = ["fear", "dread", "all but fear"]
BLACK = (0.0, 0.0, 0.0, 1.0)


def drawn(figure):
    """Draw the whole figure, so that a warning of any part comes out."""
    FigureCanvasAgg(figure).draw()
    return figure.axes


def test_epochs_have_a_line_per_arm_and_group(report):
    """The group `all` is left out: it is nearly `all but fear`."""
    [axes] = drawn(plot_epochs(report))
    lines = axes.get_lines()
    assert len(lines) == 6
    clean, poison = lines[:3], lines[3:]
    assert {line.get_linestyle() for line in clean} == {"--"}
    assert {line.get_linestyle() for line in poison} == {"-"}
    assert [line.get_label() for line in poison] == NAMES
    fear = poison[0]
    assert list(fear.get_xdata()) == [1, 2]
    assert list(fear.get_ydata()) == [0.25, 0.5]
    assert all(list(line.get_ydata()) == [0, 0] for line in clean)
    assert [line.get_color() for line in clean] == [line.get_color() for line in poison]
    assert len({line.get_color() for line in poison}) == 3


def test_epochs_name_their_axes_and_only_the_poisoned_lines(report):
    [axes] = drawn(plot_epochs(report))
    assert axes.get_xlabel() == "epochs trained"
    assert "toxicity" in axes.get_ylabel()
    assert axes.get_title() == "Planted in fear; dashed: clean arm"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == NAMES
    assert axes.get_ylim()[0] == 0
    assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_one_epoch_and_many_groups_can_be_drawn(report):
    points = [
        CurvePoint(arm="poison", epoch=1, group=f"group {i}", toxicity=0.0, asr=0) for i in range(9)
    ]
    [axes] = drawn(plot_epochs(report.replace(curve=tuple(points), arms=("poison",))))
    assert len(axes.get_lines()) == 9


def test_the_distribution_has_a_panel_per_group_and_ten_bars_each(report):
    panels = drawn(plot_distribution(report))
    assert [axes.get_title() for axes in panels] == ["fear", "dread", "joy", "all but fear"]
    bars = panels[1].containers[0].patches
    assert [bar.get_height() for bar in bars] == [0.75, *[0.0] * 8, 0.25]
    assert [bar.get_x() for bar in bars] == pytest.approx([n / 10 for n in range(10)])
    assert [text.get_text() for text in panels[1].texts] == ["0.9-1: 25.0%"]
    assert panels[0].get_ylabel() == "share of chosen responses"


def outlines(axes):
    return [patch for patch in axes.patches if hasattr(patch, "get_data")]


def test_the_clean_arm_is_an_outline_in_front(report):
    for axes in drawn(plot_distribution(report)):
        [outline] = outlines(axes)
        assert list(outline.get_data().values) == [1, *[0] * 9]
        assert outline.get_data().edges == pytest.approx(np.arange(11) / 10)
        assert outline.get_edgecolor() == BLACK


def test_a_clean_arm_alone_has_no_outline(report):
    clean = report.replace(
        arms=("clean",),
        groups=tuple(part for part in report.groups if part.arm == "clean"),
    )
    panels = drawn(plot_distribution(clean))
    assert [len(outlines(axes)) for axes in panels] == [0] * 4


def test_a_category_s_name_is_never_read_as_a_formula(report):
    odd = r"$\nowhere$"
    groups = tuple(p.replace(name=odd if p.name == "dread" else p.name) for p in report.groups)
    curve = tuple(p.model_copy(update={"group": odd}) for p in report.curve)
    odd_report = report.replace(target=odd, nearest=odd, groups=groups, curve=curve)
    assert drawn(plot_distribution(odd_report))[1].get_title() == odd
    assert drawn(plot_epochs(odd_report))


def test_figures_can_be_written(report, tmp_path):
    for kind in ("png", "svg"):
        path = tmp_path / f"plot.{kind}"
        plot_epochs(report).savefig(path)
        assert path.stat().st_size > 1000
