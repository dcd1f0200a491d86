"""Figures, charts and tables of what predicted labels did."""

import re

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from semspill import DataError
from semspill.report._page import charts, draw, report_page

NAMES = ("channels", "confusion")


def drawn(figure):
    """Draw the whole figure, so that a warning of any part comes out."""
    FigureCanvasAgg(figure).draw()
    return figure.axes


def points(axes):
    """Where the points of each kind stand, by the name of the kind in the legend."""
    return {c.get_label(): c[0].get_xydata().tolist() for c in axes.containers}


def ticks(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def more(report, shares, *, lift=0.5):
    """The report with categories beside its own: how often each is called the target.

    All have the same lift, in contexts labelled as the target.
    """
    dread = report.category("dread")
    parts = [dread.replace(name=name, similarity=0.0) for name in shares]
    first = report.labels.channels[0]
    channels = [
        first.replace(
            group=name,
            labelled=first.labelled.replace(value=share),
            via_label=first.via_label.replace(value=lift, high=lift + 0.125),
        )
        for name, share in shares.items()
    ]
    labels = report.labels.replace(channels=(*report.labels.channels, *channels))
    return report.replace(categories=(*report.categories, *parts), labels=labels)


# What can be drawn


def test_predicted_labels_have_figures_and_charts_of_their_own(full, labelled):
    assert labelled.figures == (*full.figures, *NAMES)
    assert set(draw(labelled)) == {*draw(full), *NAMES}


def test_a_clean_arm_alone_has_no_lift_to_take_apart(labelled):
    clean = [part for part in labelled.categories if part.arm == "clean"]
    alone = labelled.replace(arms=("clean",), categories=tuple(clean), groups=(), curve=())
    assert not set(NAMES) & set(alone.figures)


@pytest.mark.parametrize("name", NAMES)
def test_without_predicted_labels_a_figure_says_what_it_needs(full, name):
    with pytest.raises(DataError, match=f"cannot draw '{name}', which needs .* 'predicted'"):
        full.figure(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "inches"), [("column", 3.3), ("page", 6.9), (2.0, 2.0)])
def test_a_figure_fits_its_width(labelled, name, width, inches):
    """Long names leave room for the marks."""
    long = {f"{'ab ' * 30}{i}": 0.25 for i in range(12)}
    figure = more(labelled, long).figure(name, width=width)
    [axes] = drawn(figure)
    assert figure.get_figwidth() == pytest.approx(inches)
    assert axes.get_window_extent().width > 0.2 * figure.bbox.width
    assert all(label.get_window_extent().x0 >= 0 for label in axes.get_yticklabels())
    [legend] = figure.legends
    assert not legend.get_window_extent().overlaps(axes.xaxis.label.get_window_extent())
    assert figure.get_suptitle() == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_drawn_into_the_axes_of_the_caller(labelled, name):
    mine = Figure(layout="constrained")
    left, right = mine.subplots(1, 2)
    assert labelled.figure(name, ax=right) is mine
    drawn(mine)
    assert (left.has_data(), right.has_data()) == (False, True)


# Channels


def test_each_category_has_a_mark_for_either_part_of_its_lift(labelled):
    """Lifts of 25, 12.5 and 6.25 points; groups of several categories are not shown."""
    figure = labelled.figure("channels", width="page")
    [axes] = drawn(figure)
    assert ticks(axes) == ["fear, 50.0%", "dread, 25.0%", "joy, 0.0%"]
    where = points(axes)
    assert [x for x, _ in where["via the label"]] == [18.75, 12.5, 0]
    assert [x for x, _ in where["via the text"]] == [6.25, 0, 6.25]
    for place, (one, other) in enumerate(zip(*where.values(), strict=True)):
        assert place - 0.5 < one[1] < place < other[1] < place + 0.5
    bars = [c[2][0].get_segments()[0][:, 0].tolist() for c in axes.containers]
    assert bars == [[6.25, 31.25], [-6.25, 18.75]]  # those of the target
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the largest lift is on top
    assert len({container[0].get_marker() for container in axes.containers}) == 2


def test_a_mark_of_a_channel_says_part_share_and_arm(labelled):
    figure = labelled.figure("channels")
    [dread] = [m for m in figure.marks if m.name == "dread" and m.x == 12.5]
    assert dread.text.split("\n") == [
        "dread", "planted-rate lift via the label: +12.5 [0.0, +25.0] percentage points",
        "labelled as the target: 25.0 %", "poison arm, seeds 0, 1",
    ]  # fmt: skip


def test_the_target_its_nearest_and_the_far_ones_are_among_the_twelve(labelled):
    """Of twenty others with more lift, those most often taken for the target find room."""
    shares = {f"category {i:02}": i / 100 for i in range(20)}
    [axes] = drawn(more(labelled, shares).figure("channels"))
    largest = [f"category {i}, {i}.0%" for i in range(19, 10, -1)]
    assert ticks(axes) == [*largest, "fear, 50.0%", "dread, 25.0%", "joy, 0.0%"]


def test_a_part_may_lie_beyond_its_interval_by_the_last_digit(labelled):
    """As where all of the lift is in labelled contexts, of which the share is the upper end."""
    [dread, *others] = labelled.labels.channels
    summed = dread.replace(via_label=dread.via_label.replace(value=0.1 + 0.2, high=0.3))
    labels = labelled.labels.replace(channels=(summed, *others))
    assert drawn(labelled.replace(labels=labels).figure("channels"))


def test_channels_are_of_attack_success(labelled):
    assert labelled.figure("channels", quantity="asr").axes
    with pytest.raises(DataError, match=r"cannot draw 'channels' of 'toxicity'.* quantity='asr'"):
        labelled.figure("channels", quantity="toxicity")


# Confusion


def test_lift_stands_over_the_share_labelled_as_the_target(labelled):
    """In percent: fear 50 and 25 points, dread 25 and 12.5, joy 0 and 6.25."""
    figure = labelled.figure("confusion", width="page")
    [axes] = drawn(figure)
    assert points(axes) == {
        "not significant": [[0, 6.25]],
        "significant (Holm's correction)": [[25, 12.5]],
        "fear, the target": [[50, 25]],
    }
    assert axes.containers[-1][0].get_marker() == "D"
    assert axes.get_xlabel() == "contexts labelled fear, %"
    assert "planted-rate lift" in figure.get_supylabel()
    [line] = [line for line in axes.get_lines() if line.get_label() == "least squares line"]
    assert line.get_xydata().tolist() == [[0, pytest.approx(6.25)], [25, pytest.approx(12.5)]]
    [dread] = [mark for mark in figure.marks if mark.name == "dread"]
    assert "labelled as the target: 25.0 %" in dread.text.split("\n")


def test_the_line_of_confusion_is_that_of_the_other_categories(labelled):
    """Three at 0 %, 10 % and 25 %, with 6.25, 12.5 and 12.5: slope 5.9375 / 25.33 by hand.

    Means 11.667 and 10.417; deviations -11.667, -1.667, 13.333 and -4.167, 2.083, 2.083, whose
    products add up to 72.917, squares of the first to 316.667: 0.230263 per percent.
    """
    figure = more(labelled, {"worry": 0.1}).figure("confusion")
    [line] = [x for x in figure.axes[0].get_lines() if x.get_label() == "least squares line"]
    (x0, y0), (x1, y1) = line.get_xydata().tolist()
    assert (x0, x1) == (0, 25)
    assert (y1 - y0) / 25 == pytest.approx(0.230263, abs=1e-6)
    assert y0 == pytest.approx(10.41667 - 11.66667 * 0.230263, abs=1e-4)


def test_no_line_is_drawn_where_nobody_is_confused_or_too_few_categories_are_known(labelled):
    labels = labelled.labels
    nobody = [
        channel.replace(labelled=channel.labelled.replace(value=0.0)) for channel in labels.channels
    ]
    for changed in (labels.replace(channels=tuple(nobody)), labels.replace(curve={})):
        figure = labelled.replace(labels=changed).figure("confusion")
        [axes] = drawn(figure)
        assert "least squares line" not in {line.get_label() for line in axes.get_lines()}


def test_the_most_confused_are_named_before_those_that_crowd_at_nothing(labelled):
    """Dread, called fear in 25 %, and what is called so more than a tenth as often."""
    report = more(labelled, {"worry": 0.03, "calm": 0.02, **{f"pride {i}": 0.0 for i in range(9)}})
    parts = [
        part.replace(estimates={k: e.replace(p_holm=None) for k, e in part.estimates.items()})
        for part in report.categories
    ]
    [axes] = drawn(report.replace(categories=tuple(parts)).figure("confusion"))
    said = {text.get_text() for text in axes.texts}
    assert {"fear", "dread", "worry"} <= said
    assert len(said) <= 7


def test_confusion_can_be_drawn_of_toxicity_too(labelled):
    figure = labelled.figure("confusion", quantity="toxicity")
    drawn(figure)
    assert figure.get_supylabel().startswith("toxicity")


# The page


def section_of(report):
    """The section of the page, which draws no other chart."""
    figures = {name: figure for name, figure in draw(report).items() if name in NAMES}
    page = report_page(report, None, charts(report, figures))
    return page.partition('<section id="labels"')[2].partition("</section>")[0]


def test_the_page_shows_both_charts_in_the_section_of_labels(labelled):
    section = section_of(labelled)
    assert re.findall('id="chart-([a-z]+)"', section) == list(NAMES)
    wide = re.findall(r'<div class="wide">(.*?)</div>', section, re.DOTALL)
    assert [svg.count("<title>") for svg in wide] == [6, 3]  # two parts, or a point, of each


def test_the_table_behind_the_charts_has_every_category_and_its_lift(labelled):
    """The markdown lists groups and the most confused; of nine that are, six."""
    report = more(labelled, {f"category {i}": i / 10 for i in range(1, 10)})
    section = section_of(report)
    rows = dict(re.findall(r'<tr>\n<th scope="row">(.*?)</th>(.*?)</tr>', section, re.DOTALL))
    assert {f"category {i}" for i in range(1, 10)} < set(rows)
    *_, last = re.findall(r"<td>([\d.]+)", rows["dread"])
    assert last == "12.5"
    listed = report.to_markdown().partition("What the predicted labels did")[2].partition("##")[0]
    assert set(re.findall("category \\d", listed)) == {f"category {i}" for i in range(4, 10)}
    assert "| lift |" not in listed


def test_the_caption_says_both_slopes_with_the_other_axis_held_constant(labelled):
    section = section_of(labelled)
    spoken = re.sub("<.*?>", "", section.rpartition("<figcaption>")[2].partition("</fig")[0])
    assert "18.8 [6.2, 31.2] (p &lt;0.0001)" in spoken
    assert "3.1 [-9.4, 15.6] (p 0.5)" in spoken
    bare = labelled.replace(labels=labelled.labels.replace(curve={}))
    assert "Slope" not in section_of(bare)
