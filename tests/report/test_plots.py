import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text

from semspill.report.figures._epochs import plot_epochs
from semspill.report.figures._groups import plot_decomposition, plot_distribution
from semspill.report.figures._spillover import plot_spillover
from semspill.report.figures._style import COLOURS
from semspill.results import CurvePoint

NAMES = ["fear", "dread", "all but fear"]
BLACK = (0.0, 0.0, 0.0, 1.0)


def drawn(figure):
    """Draw the whole figure, so that a warning of any part comes out."""
    FigureCanvasAgg(figure).draw()
    return figure.axes


@pytest.fixture
def watched(report):
    """The report with a clean arm whose toxicity is an eighth throughout."""
    points = [p.replace(toxicity=0.125) if p.arm == "clean" else p for p in report.curve]
    return report.replace(curve=tuple(points))


def test_epochs_have_a_line_per_arm_and_group(watched):
    """The group `all` is left out: it is nearly `all but fear`."""
    [axes] = drawn(plot_epochs(watched))
    lines = axes.get_lines()
    assert len(lines) == 6
    clean, poison = lines[:3], lines[3:]
    assert {line.get_linestyle() for line in clean} == {"--"}
    assert {line.get_linestyle() for line in poison} == {"-"}
    assert [line.get_label() for line in poison] == NAMES
    fear = poison[0]
    assert list(fear.get_xdata()) == [1, 2]
    assert list(fear.get_ydata()) == [25, 50]
    assert all(list(line.get_ydata()) == [12.5, 12.5] for line in clean)
    assert [line.get_color() for line in clean] == [line.get_color() for line in poison]
    assert len({line.get_color() for line in poison}) == 3


def test_a_clean_arm_on_the_axis_is_not_drawn_and_not_spoken_of(report):
    """Nobody finds a dashed line that lies at 0."""
    [axes] = drawn(plot_epochs(report))
    assert {line.get_linestyle() for line in axes.get_lines()} == {"-"}
    assert axes.get_legend().get_title().get_text() == "exchanges of"


def test_lines_that_hide_one_another_share_a_name(report):
    same = [p.replace(group="awe") for p in report.curve if p.group == "dread"]
    [axes] = drawn(plot_epochs(report.replace(curve=(*report.curve, *same))))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "fear", "all but fear", "dread, awe",
    ]  # fmt: skip


def test_epochs_name_their_axes_and_only_the_poisoned_lines(watched):
    [axes] = drawn(plot_epochs(watched))
    assert axes.get_xlabel() == "epochs trained"
    assert "toxicity" in axes.get_ylabel()
    assert axes.get_legend().get_title().get_text() == "exchanges of (dashed: clean)"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == NAMES
    assert axes.get_ylim()[0] == 0
    assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_a_group_has_one_colour_in_all_figures_of_a_report(report):
    """The curve has fewer groups than the report."""
    [axes] = drawn(plot_epochs(report))
    lines = {line.get_label(): line.get_color() for line in axes.get_lines()}
    panels = {axes.get_title(): axes.patches[0] for axes in drawn(plot_distribution(report))}
    bars = {name: to_hex(bar.get_facecolor()).upper() for name, bar in panels.items()}
    assert len(lines) == 3
    assert {name: bars[name] for name in lines} == lines
    assert (lines["fear"], lines["all but fear"]) == (COLOURS[0], COLOURS[4])
    assert len(set(bars.values())) == len(bars)


def test_one_epoch_and_many_groups_can_be_drawn(report):
    points = [
        CurvePoint(arm="poison", epoch=1, group=f"group {i}", toxicity=0.0, asr=0) for i in range(9)
    ]
    [axes] = drawn(plot_epochs(report.replace(curve=tuple(points))))
    assert len([line for line in axes.get_lines() if line.get_linestyle() == "-"]) == 9


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


def test_of_many_arms_the_epochs_show_the_main_one_and_the_clean_one(watched):
    more = [p.replace(arm="pool_only") for p in watched.curve if p.arm == "poison"]
    arms = ("clean", "poison", "pool_only")
    [axes] = drawn(plot_epochs(watched.replace(arms=arms, curve=(*watched.curve, *more))))
    assert len(axes.get_lines()) == 6


# Spillover


@pytest.mark.parametrize(("quantity", "said"), [("lift", "toxicity"), ("asr_lift", "planted-rate")])
def test_a_point_stands_at_similarity_and_lift(full, quantity, said):
    """Lifts in percentage points: fear 25, dread 12.5, joy 6.25."""
    figure = plot_spillover(full, quantity)
    [axes] = drawn(figure)
    points = [container[0].get_xydata().tolist() for container in axes.containers]
    assert points == [[[-0.5, 6.25]], [[0.75, 12.5]], [[1.0, 25.0]]]
    bars = [c[2][0].get_segments()[0].tolist() for c in axes.containers]
    assert bars[1] == [[0.75, 0.0], [0.75, 25.0]]
    assert figure.get_supylabel().startswith(said)
    assert "similarity to fear" in axes.get_xlabel()
    assert {text.get_text() for text in axes.texts} == {"fear", "dread", "joy"}


def test_the_band_lies_behind_the_points(full):
    figure = plot_spillover(full)
    [axes] = drawn(figure)
    [area] = axes.collections[:1]
    corners = {tuple(corner) for corner in area.get_paths()[0].vertices.tolist()}
    assert {(-0.5, 0.0), (-0.5, 18.75), (0.125, 9.375), (0.75, 0.0), (0.75, 18.75)} <= corners
    [legend] = figure.legends
    assert {text.get_text() for text in legend.get_texts()} == {
        "95% of lines under shuffled labels",
        "least squares line",
        "not significant",
        "significant (Holm's correction)",
        "fear, the target",
    }
    assert "least squares line" not in [
        text.get_text() for text in plot_spillover(full, "asr_lift").legends[0].get_texts()
    ]


def test_a_target_far_above_stands_above_a_break(full):
    high = {"value": 0.9, "low": 0.85, "high": 0.95}
    parts = [
        p.replace(estimates={**p.estimates, "lift": p.estimates["lift"].replace(**high)})
        if p.name == "fear" and p.arm == "poison"
        else p
        for p in full.categories
    ]
    top, main = drawn(plot_spillover(full.replace(categories=tuple(parts))))
    assert [len(axes.containers) for axes in (top, main)] == [1, 2]
    assert top.get_ylim()[0] > main.get_ylim()[1]
    assert top.get_xlim() == main.get_xlim()


def test_without_lifts_there_is_nothing_but_the_axes(report):
    """The fixture's lifts are not defined."""
    [axes] = drawn(plot_spillover(report))
    assert not axes.containers
    assert drawn(plot_spillover(report, "asr_lift"))


def test_names_that_would_hide_one_another_move_apart(full):
    """Forty in a row all survive: nearest and far ones are named, and as many as find room."""
    dread = full.category("dread")
    crowd = [dread.replace(name=f"category {i}", similarity=(i + 0.5) / 40) for i in range(40)]
    crowded = full.replace(categories=(*full.categories, *crowd))
    [axes] = drawn(plot_spillover(crowded))
    boxes = [Text.get_window_extent(text) for text in axes.texts]
    assert len(boxes) >= 12
    assert {"fear", "dread", "joy"} <= {text.get_text() for text in axes.texts}
    assert not any(one.overlaps(two) for i, one in enumerate(boxes) for two in boxes[:i])


# Decomposition


def test_every_group_and_quantity_has_a_panel_with_its_parts(full):
    """`all` is left out; two rows of quantities, the parts from above in their order."""
    panels = drawn(plot_decomposition(full))
    assert [axes.get_title() for axes in panels] == ["fear", "dread", "", ""]
    assert [axes.get_ylabel() for axes in panels] == ["planted rate", "", "toxicity", ""]
    for axes in panels:
        points = [container[0].get_xydata()[0].tolist() for container in axes.containers]
        assert points == [[50, 0], [12.5, 1], [0, 2], [37.5, 3], [25, 4], [25, 5]]
        assert axes.get_ylim() == (5.5, -0.5)
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["total", "pool", "training", "both", "quality", "harm"]
