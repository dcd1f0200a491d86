"""The charts of a page: figures as SVG, with a text on every mark."""

import math
import re
from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_rgb

from semspill import Estimate, SpilloverReport
from semspill.report._page import charts, draw
from semspill.report.figures._comparison import RUNS, plot_curves, plot_groups
from semspill.report.figures._differences import plot_differences
from semspill.report.figures._epochs import plot_epochs
from semspill.report.figures._groups import plot_decomposition, plot_distribution
from semspill.report.figures._matrix import plot_matrix, plot_pairs
from semspill.report.figures._spillover import plot_spillover
from semspill.report.figures._style import Look, settled
from semspill.report.figures._svg import inline_svg
from semspill.results import Comparison, Difference, DoseBin, DoseResponse, Pairing
from semspill.statistics import Measure

NAMES = ("spillover", "spillover-asr", "epochs", "epochs-asr", "distribution", "decomposition")
SEEDS = "seeds 0, 1"


def marks(figure, name):
    """What the marks of that name say, by where they are."""
    return {(m.x, m.y): m.text.split("\n") for m in figure.marks if m.name == name}


def parsed(figure, **options):
    return ElementTree.fromstring(inline_svg(settled(figure), "odd", "A chart.", **options))


@pytest.fixture(scope="module")
def drawn(full):
    """The charts of the full report."""
    return charts(full, draw(full))


# What a page has


def test_a_report_has_the_charts_of_what_it_holds(report, full, drawn):
    assert tuple(draw(full)) == tuple(drawn) == NAMES
    assert "decomposition" not in draw(report)
    alone = full.replace(arms=("clean",), categories=full.categories[:3], curve=())
    assert set(draw(alone.replace(decomposition=()))) == {"distribution"}


def test_a_chart_is_drawn_for_a_page_and_for_a_phone_and_says_what_it_shows(drawn):
    chart = drawn["spillover"]
    wide, narrow = (ElementTree.fromstring(svg) for svg in (chart.wide, chart.narrow))
    assert [float(svg.get("viewBox").split()[2]) for svg in (wide, narrow)] == [
        pytest.approx(72 * 6.9), pytest.approx(72 * 3.3),
    ]  # fmt: skip
    for svg in (wide, narrow):
        assert svg.get("role") == "img"
        assert svg.get("aria-label") == (
            "Toxicity lift against similarity to fear, a point per category. "
            "Its numbers are in the table below."
        )
    spoken, silent = ([e for e in svg if e.get("class") == "mark"] for svg in (wide, narrow))
    assert len(spoken) == len(silent) == 3
    assert all(e.get("data-name") and e[0].tag == "title" for e in spoken)
    assert not any(e.get("data-name") or len(e) for e in silent)  # those of the wide one serve
    assert "which lies inside the band" in chart.caption


def test_equal_reports_give_equal_charts(full, drawn):
    assert charts(full, draw(full)) == drawn


# What a mark says


def test_a_category_says_similarity_lift_arm_seeds_size_and_p(full):
    """Lifts in percentage points: fear 25, dread 12.5, joy 6.25, each 12.5 more or less."""
    figure = plot_spillover(full, "asr_lift")
    assert marks(figure, "dread") == {
        (0.75, 12.5): [
            "dread", "similarity 0.750",
            "planted-rate lift +12.5 [0.0, +25.0] percentage points",
            f"poison arm, {SEEDS}, 4 dialogues", "p = 0.002 after Holm's correction",
        ]
    }  # fmt: skip
    [fear] = marks(figure, "fear").values()
    assert fear[0] == "fear, the target"
    assert fear[-1].endswith("4 dialogues")  # the target is not tested
    assert [mark.name for mark in figure.marks] == ["joy", "dread", "fear"]  # from left to right


def test_a_lift_that_is_not_defined_has_no_mark(full):
    parts = [
        part.replace(estimates={"lift": part.estimates["lift"].replace(value=math.nan)})
        if part.name == "joy" and part.arm == "poison"
        else part
        for part in full.categories
    ]
    figure = plot_spillover(full.replace(categories=tuple(parts)))
    assert [mark.name for mark in figure.marks] == ["dread", "fear"]


def test_a_point_over_epochs_says_arm_epoch_and_value(report):
    """A clean arm that stays at 0 lies on the axis and has no marks; a quarter is seen."""
    fear = marks(plot_epochs(report), "fear")
    assert fear == {
        (1, 25.0): ["fear", f"poison arm, {SEEDS}", "epoch 1: 25.0 %"],
        (2, 50.0): ["fear", f"poison arm, {SEEDS}", "epoch 2: 50.0 %"],
    }
    quarter = [p.replace(toxicity=0.25) if p.arm == "clean" else p for p in report.curve]
    seen = marks(plot_epochs(report.replace(curve=tuple(quarter))), "fear")
    assert seen[2, 25.0] == ["fear", f"clean arm, {SEEDS}", "epoch 2: 25.0 %"]


def test_a_bin_says_its_share_in_both_arms_also_where_it_is_empty(report):
    figure = plot_distribution(report)
    dread = marks(figure, "dread")
    assert dread[0.9, 0] == [
        "dread", "poison arm, 4 dialogues", "rated 0.9 to 1.0: 25.0% (clean arm 0.0%)",
    ]  # fmt: skip
    assert dread[0.5, 0][-1] == "rated 0.5 to 0.6: 0.0% (clean arm 0.0%)"
    assert {mark.size for mark in figure.marks} == {(0.1, 1)}
    groups = tuple(part for part in report.groups if part.arm == "clean")
    alone = plot_distribution(report.replace(arms=("clean",), groups=groups))
    assert marks(alone, "dread")[0.9, 0][-1] == "rated 0.9 to 1.0: 0.0%"


def test_a_part_of_the_lift_says_its_interval(full):
    dread = marks(plot_decomposition(full), "dread")
    assert dread[25, 5] == [
        "dread", "toxicity, harm: +25.0 [+12.5, +37.5] percentage points", "n = 8",
    ]  # fmt: skip


def test_points_of_several_runs_say_which_run(full):
    """Dread at 0.75 and 12.5 points; two runs stand 0.5 % of the axis (1.5 long) apart."""
    dread = marks(plot_curves({"a": full, "b": full}, "lift"), "dread")
    assert sorted(dread) == [pytest.approx((0.75 - 0.00375, 12.5)), pytest.approx((0.75375, 12.5))]
    assert next(iter(dread.values())) == [
        "dread", f"a, {SEEDS}, 4 dialogues", "similarity 0.750",
        "toxicity lift +12.5 [0.0, +25.0] percentage points",
    ]  # fmt: skip
    first = plot_groups({"a": full}).marks[:4]
    assert [(m.name, m.x, m.y) for m in first] == [
        ("fear", 50, 0), ("dread", 25, 1), ("all but fear", 18.75, 2), ("all", 25, 3),
    ]  # fmt: skip
    assert first[1].text == (f"nearest: dread\na, {SEEDS}\nplanted rate 25.0 [12.5, 37.5] %, n = 8")
    assert first[3].text.startswith("all\n")


def test_differences_stand_below_one_another_filled_where_they_are_significant():
    def differing(role, name, value, p_value, run):
        change = Estimate(
            value=value, low=value - 0.02, high=value + 0.02, n=9, method="by hand",
            p_holm=p_value, measure=Measure(unit="points"),
        )  # fmt: skip
        return Difference(
            run=run, role=role, name=name, metric="asr", before=0.5, after=0.4, estimate=change
        )

    pairing = Pairing(by="seed", seeds=(0,), baseline_seeds=(0,), dialogues=9)
    compared = Comparison(
        baseline="a",
        runs=("b", "c"),
        level=0.95,
        pairings={"b": pairing, "c": pairing},
        differences=[
            differing(role, name, value, p_value, run)
            for run, value, p_value in (("b", -0.1, 0.01), ("c", 0.05, 0.5))
            for role, name in (("category", "joy"), ("category", "fear"), ("target", "fear"))
        ],
    )
    figure = plot_differences(compared, "asr", ("fear", "joy"))
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["fear", "fear", "joy"]
    assert sorted({(mark.name, mark.x) for mark in figure.marks}) == [
        ("fear", -10), ("fear", 5), ("joy", -10), ("joy", 5),
    ]  # fmt: skip
    said = {mark.text for mark in figure.marks if mark.name == "joy"}
    assert "joy\nb less a\nplanted rate -10.0 [-12.0, -8.0] percentage points" in said
    drawn = [line for line in axes.get_lines() if line.get_marker() in ("s", "^")]
    fills = [line.get_markerfacecolor() == "white" for line in drawn if len(line.get_xdata())]
    assert sorted(fills) == [False, True]


def test_the_first_runs_are_apart_in_grey_too():
    def grey(colour):
        red, green, blue = to_rgb(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    first, second, third = (grey(colour) for colour in RUNS[:3])
    assert min(abs(first - second), abs(first - third), abs(second - third)) > 0.25


def test_a_run_without_a_band_has_points_and_no_line(full):
    bare = full.replace(bands={})
    drawn = {
        name: len(plot_curves({"a": run}, "lift").axes[0].lines)
        for name, run in (("band", full), ("bare", bare))
    }
    assert drawn["band"] == drawn["bare"] + 1
    assert marks(plot_curves({"a": bare}, "lift"), "dread")


def test_a_cell_and_its_point_say_the_same_under_one_name(matrix):
    heat, pairs = plot_matrix(matrix), plot_pairs(matrix)
    [cell] = [mark for mark in heat.marks if mark.name == "fear → dread"]
    assert cell.text.split("\n") == [
        "fear poisoned, dread looked at",
        "planted-rate lift +10.0 [+9.0, +12.0] percentage points",
        "similarity 0.800, 80 dialogues", "p = 0.01 after Holm's correction",
    ]  # fmt: skip
    assert marks(pairs, "fear → dread") == {(0.8, 0.1): cell.text.split("\n")}
    assert len(heat.marks) == 9
    assert len(pairs.marks) == 6
    assert "Holm" not in next(m.text for m in heat.marks if m.name == "fear → fear")
    order = [label.get_text() for label in heat.axes[0].get_xticklabels()]
    assert (cell.x + 0.5, cell.y + 0.5) == (order.index("dread"), order.index("fear"))


# The SVG


def test_a_mark_lies_over_what_it_marks(full, matrix):
    """The diamond of the target is drawn where its circle is; the cells fill the heat map."""
    svg = parsed(plot_spillover(full))
    [target] = [e for e in svg if e.get("data-name") == "fear"]
    [diamond, *_] = [e for e in svg.iter("use") if "var(--c0)" in e.get("style")]
    for side in "xy":
        assert float(target.get(f"c{side}")) == pytest.approx(float(diamond.get(side)), abs=0.06)
    cells = [e for e in parsed(plot_matrix(matrix)) if e.tag == "rect"]
    sides = {name: [float(cell.get(name)) for cell in cells] for name in ("x", "y", "width")}
    assert len(set(sides["x"])) == len(set(sides["y"])) == 3
    assert max(sides["x"]) - min(sides["x"]) == pytest.approx(2 * sides["width"][0], abs=0.2)


def test_colours_and_type_are_those_of_the_page(drawn):
    for chart in drawn.values():
        for svg in (chart.wide, chart.narrow):
            assert not re.search("#[0-9a-f]{6}", svg)
            assert "font-family" not in svg
            assert "<style" not in svg
            assert "<metadata" not in svg
    used = set(re.findall(r"var\(--(\w+)\)", drawn["spillover"].wide))
    assert used == {"ink", "paper", "grid", "c0", "c1", "c2", "c7"}


def test_text_stays_text_and_ids_never_meet(drawn):
    made = [svg for c in drawn.values() for svg in (c.wide, c.narrow)]
    assert "similarity to fear\u2003" in made[0]
    ids = [e.get("id") for svg in made for e in ElementTree.fromstring(svg).iter() if e.get("id")]
    assert len(ids) == len(set(ids)) > 0
    for svg in made:
        own = {e.get("id") for e in ElementTree.fromstring(svg).iter()}
        assert set(re.findall(r"(?:href=\"|url\()#([^\")]*)", svg)) <= own


EVIL = "</svg><script>alert(1)</script>\x1b"


def test_no_name_becomes_markup(full):
    text = full.to_json().replace('"dread"', '"</svg><script>alert(1)</script>\\u001b"')
    report = SpilloverReport.from_json(text)
    for figure in draw(report).values():
        svg = inline_svg(figure, "odd", EVIL)
        assert "<script" not in svg
        assert "\x1b" not in svg
        ElementTree.fromstring(svg)
    spoken = [e for e in parsed(plot_spillover(report)) if e.get("class") == "mark"]
    assert any(e.get("data-name") == EVIL.replace("\x1b", r"\x1b") for e in spoken)


def test_many_runs_leave_the_curves_their_height_on_a_phone(full):
    """The legend takes a line per run."""
    heights = [
        settled(plot_curves({str(i): full for i in range(count)}, "lift", Look(3.3)))
        .axes[0].get_position().height * (2.9 + 0.16 * count)
        for count in (2, 8)
    ]  # fmt: skip
    assert heights[1] > 0.9 * heights[0] > 1.0


def dosed(report, **line):
    """The report with one bin, and a line where the slope and the intercept are given."""
    some = Estimate(value=0.5, low=0.25, high=0.75, n=8, method="by hand")
    bins = (DoseBin(group="fear", similarity=0.5, exchanges=8, asr=some),)
    dose = DoseResponse(
        similarity="text", nearest="dread", told_apart=some, confusion_ratio=some, beyond=some,
        predicts=some, odds={}, bins=bins, **line,
    )  # fmt: skip
    return report.replace(doses=(dose,))


def test_a_caption_tells_of_a_line_only_where_one_is_drawn(full):
    without, fitted = dosed(full), dosed(full, intercept=-1.0, slope=2.0)
    for report, lines in ((without, 0), (fitted, 1)):
        figure = report.figure("dose")
        assert (
            sum(line.get_label() == "logistic regression" for line in figure.axes[0].lines) == lines
        )
        caption = charts(report, {"dose": settled(figure)})["dose"].caption
        assert ("The line is a logistic regression" in caption) == lines
        assert ("Too few planted answers" in caption) != lines
