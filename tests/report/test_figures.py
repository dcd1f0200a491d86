import struct

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from semspill import DataError
from semspill.report._page import charts, draw
from semspill.report.figures._comparison import plot_curves, plot_groups
from semspill.report.figures._epochs import plot_epochs
from semspill.report.figures._groups import plot_decomposition, plot_distribution
from semspill.report.figures._spillover import plot_spillover
from semspill.report.figures._style import Look
from semspill.results import CurvePoint

ALL = ("spillover", "epochs", "distribution", "decomposition")


def drawn(figure):
    """Draw the whole figure, so that a warning of any part comes out."""
    FigureCanvasAgg(figure).draw()
    return figure.axes


def crowd(full, count=32):
    """Forty categories: half survive Holm's correction, many are alike."""
    dread = full.category("dread")
    made = [
        dread.replace(
            name=f"category {i}",
            similarity=0.5 + 0.4 * (i % 8) / 8 + 0.001 * i,
            estimates={
                name: one.replace(value=0.02 * (i % 5), low=0.02 * (i % 5) - 0.05, high=0.14)
                for name, one in dread.estimates.items()
            },
        )
        for i in range(count)
    ]
    return full.replace(categories=(*full.categories, *made))


# What can be drawn


def test_a_report_names_the_figures_it_can_draw(report, full):
    assert full.figures == ALL
    assert report.figures == ALL[:3]
    assert report.replace(curve=()).figures == ("spillover", "distribution")
    clean = [
        part.replace(estimates={"asr": part.estimates["asr"]})
        for part in report.categories
        if part.arm == "clean"
    ]
    alone = report.replace(arms=("clean",), categories=tuple(clean), curve=(), groups=())
    assert alone.figures == ()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("width", "inches"), [("column", 3.3), ("page", 6.9), (5.5, 5.5)])
def test_a_figure_has_the_width_that_was_asked_for_and_no_title(full, name, width, inches):
    figure = full.figure(name, width=width)
    assert figure.get_figwidth() == pytest.approx(inches)
    assert figure.get_suptitle() == ""
    groups = {"fear", "dread", "joy", "all but fear"}
    assert {axes.get_title() for axes in figure.axes} <= {"", *groups}


def test_column_is_what_is_drawn_unless_said_otherwise(full):
    assert full.figure("epochs").get_figwidth() == pytest.approx(3.3)


@pytest.mark.parametrize(
    "plot", [plot_decomposition, plot_distribution, plot_epochs, plot_spillover]
)
def test_the_files_of_a_run_are_a_page_wide(full, plot):
    assert plot(full).get_figwidth() == pytest.approx(6.9)


def test_every_name_in_the_house_style_is_seven_to_nine_points(full):
    for name in ALL:
        for width in ("column", "page"):
            figure = full.figure(name, width=width)
            drawn(figure)
            said = [text for text in figure.findobj(Text) if text.get_text()]
            assert {text.get_fontsize() for text in said} <= {7, 8}, name


def test_the_style_holds_whatever_the_reader_has_set(full):
    """Ticks are made when a figure is drawn, long after it was asked for."""
    figure = full.figure("spillover")
    with mpl.rc_context({"xtick.labelsize": 20, "ytick.labelsize": 20, "font.size": 20}):
        [axes] = drawn(figure)
        sizes = {
            label.get_fontsize() for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]
        }
    assert sizes == {7}


# Quantities


def test_a_quantity_that_was_not_measured_is_refused(full):
    """An empty figure would look like no spillover."""
    rated = full.replace(
        categories=tuple(
            part.replace(estimates={k: v for k, v in part.estimates.items() if k != "asr_lift"})
            for part in full.categories
        ),
        decomposition=tuple(part for part in full.decomposition if part.quantity == "asr"),
    )
    said = "cannot draw 'spillover' of 'asr': it was not measured so. Give quantity='toxicity'"
    with pytest.raises(DataError, match=said):
        rated.figure("spillover", quantity="asr")
    with pytest.raises(
        DataError, match=r"cannot draw 'decomposition' of 'toxicity'.* Give quantity='asr'"
    ):
        rated.figure("decomposition")
    assert rated.figure("spillover").axes


@pytest.mark.parametrize(
    ("level", "said"), [(0.95, "95%"), (0.975, "97.5%"), (0.999, "99.9%"), (0.9999, "99.99%")]
)
def test_a_level_is_never_rounded_up(full, level, said):
    band = full.bands["lift"].replace(level=level)
    report = full.replace(bands={"lift": band})
    legends = {
        width: [
            text.get_text() for text in report.figure("spillover", width=width).legends[0].texts
        ]
        for width in ("column", "page")
    }
    assert f"{said} of shuffled lines" in legends["column"]
    assert f"{said} of lines under shuffled labels" in legends["page"]
    spillover = report.replace(curve=(), groups=(), decomposition=())
    caption = charts(spillover, draw(spillover))["spillover"].caption
    assert f"the band that holds {said} of such lines" in caption


def test_the_quantity_chooses_the_lift(full):
    assert full.figure("spillover").get_supylabel().startswith("toxicity")
    assert full.figure("spillover", quantity="asr").get_supylabel().startswith("planted-rate lift")


def test_the_quantity_chooses_the_line_over_epochs(full):
    point = CurvePoint(arm="poison", epoch=1, group="fear", toxicity=0.25, asr=0.75)
    watched = full.replace(curve=(point,))
    for quantity, value in (("toxicity", 0.25), ("asr", 0.75)):
        [axes] = drawn(watched.figure("epochs", quantity=quantity, width="page"))
        assert [
            line.get_ydata().tolist() for line in axes.get_lines() if len(line.get_xdata())
        ] == [[100 * value]]
        assert ("toxicity" in axes.get_ylabel()) == (quantity == "toxicity")


def test_the_quantity_chooses_the_parts(full):
    [*other, fear] = [p for p in full.decomposition if (p.group, p.part) == ("fear", "total")]
    assert {p.quantity for p in other} | {fear.quantity} == {"toxicity", "asr"}
    high = fear.replace(estimate=fear.estimate.replace(value=0.9, low=0.8, high=1.0))
    changed = full.replace(
        decomposition=tuple(high if p == fear else p for p in full.decomposition)
    )
    for quantity in ("toxicity", "asr"):
        figure = changed.figure("decomposition", quantity=quantity, width="page")
        first = drawn(figure)[0].containers[0][0].get_xydata()[0].tolist()
        assert first == [90 if quantity == fear.quantity else 50, 0]
        assert ("toxicity" in figure.get_supxlabel()) == (quantity == "toxicity")


def test_a_column_sets_the_panels_in_rows(full):
    """Four groups: three above and one below; three groups: two above and one below."""
    panels = drawn(full.figure("distribution"))
    assert len(panels) == 4
    assert len({round(axes.get_position().y0, 2) for axes in panels}) == 2
    shown = [bool(axes.xaxis.get_tick_params()["labelbottom"]) for axes in panels]
    assert shown == [False, True, True, True]  # the lowest of each column
    parts = [p for p in full.decomposition if p.group == "fear"]
    three = tuple(p.replace(group=group) for group in "abc" for p in parts)
    assert len(full.replace(decomposition=three).figure("decomposition").axes) == 3


# Names and legends


@pytest.mark.parametrize("width", ["column", "page"])
def test_names_hide_neither_one_another_nor_the_frame(full, width):
    """All are significant; as many are named as there is room for."""
    figure = crowd(full).figure("spillover", width=width)
    [axes] = drawn(figure)
    boxes = [Text.get_window_extent(text) for text in axes.texts]
    assert len(boxes) >= {"column": 6, "page": 12}[width]
    assert not any(one.overlaps(two) for i, one in enumerate(boxes) for two in boxes[:i])
    frame = axes.get_window_extent()
    assert all(frame.contains(*box.min) and frame.contains(*box.max) for box in boxes)
    assert {"fear", "dread", "joy"} <= {text.get_text() for text in axes.texts}


def test_a_legend_stays_inside_a_column(full):
    figure = full.figure("spillover")
    drawn(figure)
    [legend] = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    said = {text.get_text() for text in legend.get_texts()}
    assert {"significant (Holm)", "95% of shuffled lines", "fear, the target"} <= said


def test_a_name_that_finds_no_room_beside_its_point_is_led_to(full):
    """A row of points 4 apart: names do not fit between them, but a line does."""
    dread = full.category("dread")
    row = [dread.replace(name=f"category {i}", similarity=0.75 - 0.02 * i) for i in range(1, 9)]
    [axes] = full.replace(categories=(*full.categories, *row)).figure("spillover", width=6).axes
    led = [text for text in axes.texts if text.arrow_patch is not None]
    assert 0 < len(led) < len(axes.texts)


def test_points_on_top_of_one_another_share_a_name(full):
    """Three at one place: the first is not the only one that can be read."""
    dread = full.category("dread")
    same = [dread.replace(name=name) for name in ("awe", "rage")]
    [axes] = full.replace(categories=(*full.categories, *same)).figure("spillover", width=6).axes
    assert "dread, awe, rage" in {text.get_text() for text in axes.texts}


def test_of_very_many_at_one_place_the_others_are_counted(full):
    dread = full.category("dread")
    same = [dread.replace(name=f"category {i}") for i in range(20)]
    [axes] = full.replace(categories=(*full.categories, *same)).figure("spillover", width=6).axes
    assert "dread, category 0, 19 more" in {text.get_text() for text in axes.texts}


def test_a_point_that_is_not_significant_is_small_and_pale_and_few_are_named(full):
    """Of forty that show nothing twelve are named at most, and those that show something all."""
    dread = full.category("dread")
    none = {"value": 0.0, "low": -0.1, "high": 0.1, "p_holm": None}
    nothing = {name: one.replace(**none) for name, one in dread.estimates.items()}
    flat = [
        dread.replace(name=f"flat {i}", similarity=-0.4 + 0.02 * i, estimates=nothing)
        for i in range(40)
    ]
    figure = full.replace(categories=(*full.categories, *flat)).figure("spillover", width="page")
    [axes] = drawn(figure)
    pale, some, *_ = axes.containers
    assert (pale.get_label(), some.get_label()) == (
        "not significant", "significant (Holm's correction)",
    )  # fmt: skip
    assert pale[0].get_markersize() < some[0].get_markersize()
    said = {text.get_text() for text in axes.texts}
    assert {"fear", "dread", "joy"} <= said
    assert 0 < sum(name.startswith("flat") for name in said) <= 12


@pytest.mark.parametrize(("p_value", "kind"), [(0.3, "not significant"), (0.03, "before")])
def test_an_interval_that_excludes_0_is_marked_only_where_its_test_rejects(full, p_value, kind):
    first_hit = {"value": 0.02, "low": 0.005, "high": 0.1, "p_value": p_value, "p_holm": 1.0}
    changed = tuple(
        part.replace(estimates={n: one.replace(**first_hit) for n, one in part.estimates.items()})
        if part.name == "joy"
        else part
        for part in full.categories
    )
    [axes] = drawn(full.replace(categories=changed).figure("spillover", width="page"))
    [label] = [c.get_label() for c in axes.containers if c[0].get_xdata().tolist() == [-0.5]]
    assert kind in label


def test_no_interval_is_drawn_where_no_share_can_be(full):
    """A lift of 0.95, 0.3 more or less, ends at 100 percentage points, and so does the axis."""
    wide = [
        part.replace(
            estimates={
                name: one.replace(value=0.95, low=0.65, high=1.25) if name == "lift" else one
                for name, one in part.estimates.items()
            }
        )
        for part in full.categories
    ]
    [axes] = drawn(full.replace(categories=tuple(wide)).figure("spillover"))
    ends = [y for one in axes.containers for bar in one[2][0].get_segments() for y in bar[:, 1]]
    assert max(ends) == pytest.approx(100)
    assert axes.get_ylim()[1] < 102


@pytest.mark.parametrize("width", ["column", "page"])
def test_the_axis_says_what_its_ends_are(full, width):
    """Similarities from 0.91 to 0.98 would all read as very similar."""
    said = crowd(full).figure("spillover", width=width).axes[0].get_xlabel()
    assert "least similar of 34" in said
    assert said.index("least similar") < said.index("most similar")


def test_the_axis_names_the_unit_of_similarity_where_it_has_one(full):
    odds = full.replace(similarity_unit="log odds of the target, by text")
    said = odds.figure("spillover").axes[0].get_xlabel()
    assert said.startswith("log odds of fear, by text")


# Files


def test_text_stays_text_and_a_png_is_fine_enough_to_print(full, tmp_path):
    figure = full.figure("spillover")
    with mpl.rc_context({"pdf.fonttype": 3, "svg.fonttype": "path", "savefig.dpi": 50}):
        for kind in ("pdf", "svg", "png"):
            figure.savefig(tmp_path / f"x.{kind}")
    pdf = (tmp_path / "x.pdf").read_bytes()
    assert b"/Type3" not in pdf
    assert b"/FontFile2" in pdf  # the outlines as TrueType
    assert ">similarity to fear</text>" in (tmp_path / "x.svg").read_text()
    width, height = struct.unpack(">II", (tmp_path / "x.png").read_bytes()[16:24])
    assert (width, height) == (990, int(300 * figure.get_figheight()))


def test_equal_reports_give_equal_vector_files(full, tmp_path):
    for number in (1, 2):
        full.figure("distribution").savefig(tmp_path / f"{number}.svg", metadata={"Date": None})
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()


def test_a_notebook_shows_the_picture(full):
    assert full.figure("epochs")._repr_png_().startswith(b"\x89PNG")


# Refusals


def test_an_unknown_figure_says_which_was_meant(full):
    with pytest.raises(
        DataError, match=r"no figure 'spilover'\. Did you mean 'spillover'\? It can"
    ):
        full.figure("spilover")


def test_a_figure_that_a_report_lacks_says_what_it_needs(report):
    with pytest.raises(DataError, match="cannot draw 'decomposition', which needs one of the arms"):
        report.figure("decomposition")


@pytest.mark.parametrize("width", ["wide", 1.5, 50, float("nan")])
def test_a_width_that_is_none_says_which_there_are(full, width):
    with pytest.raises(
        DataError, match=r"cannot be .* wide; give 'column' \(3\.3 inches\), 'page'"
    ):
        full.figure("epochs", width=width)


def test_an_unknown_quantity_says_which_there_are(full):
    with pytest.raises(DataError, match=r"no quantity 'toxcity'\. Did you mean 'toxicity'\?"):
        full.figure("spillover", quantity="toxcity")
    with pytest.raises(DataError, match="cannot draw 'distribution' of 'asr'"):
        full.figure("distribution", quantity="asr")


# Matrices


def test_a_matrix_is_drawn_at_the_width_that_was_asked_for(matrix):
    for name in ("matrix", "pairs"):
        for width, inches in (("column", 3.3), ("page", 6.9)):
            figure = matrix.figure(name, width=width)
            assert figure.get_figwidth() == pytest.approx(inches)
            assert all(axes.get_title() == "" for axes in figure.axes)
    assert matrix.figure().get_figwidth() == pytest.approx(6.9)


def test_a_pair_is_pointed_at(matrix):
    [axes] = drawn(matrix.figure("pairs", pair=("fear", "dread")))
    assert [text.get_text() for text in axes.texts] == ["fear → dread"]


def test_an_unknown_figure_of_a_matrix_says_which_there_are(matrix):
    with pytest.raises(DataError, match=r"no figure 'pair' of a matrix\. Did you mean 'pairs'\?"):
        matrix.figure("pair")


# Several runs


def test_curves_of_several_runs_lie_over_one_another(full, report):
    """Dread at 0.75 and 12.5 points, 0.5 % of the axis apart; a run without lifts has none."""
    figure = plot_curves({"one": full, "two": full, "three": report}, "lift", Look(6.9))
    [axes] = drawn(figure)
    one, two = (container[0].get_xydata().tolist() for container in axes.containers)
    assert [pytest.approx([0.75 - 0.0075, 12.5])] == [at for at in one if at[1] == 12.5]
    assert [pytest.approx([0.75, 12.5])] == [at for at in two if at[1] == 12.5]
    markers = [container[0].get_marker() for container in axes.containers]
    assert len(set(markers)) == 2
    assert axes.get_xlabel() == "similarity to fear"
    [line, _] = (line for line in axes.get_lines() if len(line.get_xdata()) == 3 and
                 line.get_linestyle() == "-" and line.get_marker() == "None")  # fmt: skip
    assert line.get_ydata().tolist() == [0, 9.375, 18.75]
    other = plot_curves({"a": full, "b": report.replace(target="joy")}, "lift")
    assert drawn(other)[0].get_xlabel() == "similarity to the target"


@pytest.mark.parametrize(("width", "rows"), [(6.9, 1), (3.3, 3)])
def test_groups_of_several_runs_stand_side_by_side(full, width, rows):
    panels = drawn(plot_groups({"one": full, "two": full}, Look(width)))
    assert len({round(axes.get_position().y0, 2) for axes in panels}) == rows
    assert [axes.get_xlabel() for axes in panels] == [
        "planted rate, %", "toxicity, %", "P@1, %",
    ]  # fmt: skip
    one, two = (container[0].get_xydata().tolist() for container in panels[0].containers)
    assert one == [[50, -0.175], [25, 0.825], [18.75, 1.825], [25, 2.825]]
    assert [y for _, y in two] == pytest.approx([0.175, 1.175, 2.175, 3.175])
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["target", "nearest", "all but the target", "all"]


@pytest.mark.parametrize("name", ["spillover", "epochs"])
def test_a_figure_is_drawn_into_the_axes_of_the_caller(full, name):
    mine = Figure(layout="constrained")
    left, right = mine.subplots(1, 2)
    assert full.figure(name, ax=right) is mine
    assert mine.axes == [left, right]
    drawn(mine)
    assert right.has_data()
    assert not left.has_data()
    assert right.get_xlabel()
    assert right.get_ylabel()


def test_a_figure_of_several_panels_refuses_a_single_ax(full):
    with pytest.raises(DataError, match="several panels"):
        full.figure("distribution", ax=Figure().subplots())


def test_a_name_in_any_script_is_legible_in_the_axes_of_the_caller(full):
    parts = [p.replace(name="恐惧") if p.name == full.nearest else p for p in full.categories]
    named = full.replace(categories=tuple(parts), nearest="恐惧")
    ax = Figure(layout="constrained").subplots()
    drawn_in = named.figure("spillover", ax=ax)
    theirs = named.figure("spillover", width=drawn_in.get_figwidth())
    drawn(theirs)
    fonts = [
        {tuple(text.get_fontfamily()) for text in figure.findobj(Text) if "恐惧" in text.get_text()}
        for figure in (drawn_in, theirs)
    ]
    assert fonts[0] == fonts[1] != set()


def test_the_name_of_a_figure_file_says_what_to_write(report):
    with pytest.raises(DataError, match=r'write figure\("spillover", quantity="asr"\)'):
        report.figure("spillover-asr")
    with pytest.raises(DataError, match="There is no figure"):
        report.figure("spillover-nothing")
