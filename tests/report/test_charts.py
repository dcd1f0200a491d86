import json
import math
import re

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill import SpilloverReport
from semspill.report._page._assets import assets
from semspill.report._page._chart_parts import panels
from semspill.report._page._charts import charts
from semspill.results import CurvePoint

PLACEHOLDER = re.compile(r'"@(ink|muted|paper|grid)"')


def drawn(chart):
    """The chart as plotly itself understands it: it refuses whatever it does not know."""
    known = json.loads(PLACEHOLDER.sub('"#000000"', json.dumps(chart, allow_nan=False)))
    layout = dict(known["layout"])
    for name, held in known.get("narrow", {}).items():
        layout[name] = {**layout[name], **held} if isinstance(held, dict) else held
    go.Figure(data=known["data"], layout=layout)
    return go.Figure(data=known["data"], layout=known["layout"])


def traces(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def test_a_report_has_the_charts_of_what_it_holds(report, full):
    assert set(charts(full)) == {
        "spillover", "spillover-asr", "epochs", "epochs-asr", "distribution", "decomposition",
    }  # fmt: skip
    # Its lifts are undefined and it has no parts.
    assert set(charts(report)) == {"epochs", "epochs-asr", "distribution"}
    nothing = report.replace(curve=(), groups=())
    assert charts(nothing) == {}


def test_every_chart_is_one_that_plotly_knows(full):
    for chart in charts(full).values():
        drawn(chart)


def test_only_the_theme_s_four_colours_are_left_to_the_page(full):
    found = set(re.findall(r'"@(\w+)"', json.dumps(charts(full))))
    assert found == {"ink", "muted", "paper", "grid"}


# Spillover


def test_a_point_stands_at_similarity_and_lift(full):
    """Lifts in percentage points: fear 25, dread 12.5, joy 6.25, each 12.5 more or less."""
    figure = drawn(charts(full)["spillover"])
    found = traces(figure)
    [sure], [unsure], [target] = (
        list(zip(found[name].x, found[name].y, strict=True))
        for name in ("survives Holm's correction", "other category", "fear, the target")
    )
    assert (sure, unsure, target) == ((0.75, 12.5), (-0.5, 6.25), (1.0, 25.0))
    for name in ("survives Holm's correction", "other category", "fear, the target"):
        assert found[name].error_y.array == (12.5,)
        assert found[name].error_y.arrayminus == (12.5,)
    assert found["fear, the target"].marker.symbol == "diamond"
    assert figure.layout.xaxis.title.text == "similarity to fear"
    assert figure.layout.yaxis.title.text == "toxicity lift, percentage points"


def test_a_point_says_what_it_is(full):
    found = traces(drawn(charts(full)["spillover-asr"]))
    assert found["survives Holm's correction"].hovertext == (
        "<b>dread</b><br>similarity 0.750<br>"
        "attack success lift +12.5 [0.0, +25.0] percentage points<br>"
        "4 dialogues<br>p = 0.002 after Holm's correction",
    )
    assert found["fear, the target"].hovertext[0].endswith("<br>4 dialogues")


def test_line_and_band_stand_behind(full):
    figure = drawn(charts(full)["spillover"])
    band, line = figure.data[:2]
    assert band.name == "95% of lines under shuffled labels"
    assert band.x == (-0.5, 0.125, 0.75, 0.75, 0.125, -0.5)
    assert band.y == (0, 9.375, 0, 18.75, 9.375, 18.75)
    assert line.y == (0, 9.375, 18.75)
    assert "least squares line" not in traces(drawn(charts(full)["spillover-asr"]))


def test_the_nearest_and_the_far_are_named(full):
    names = drawn(charts(full)["spillover"]).layout.annotations
    assert {name.text: (name.x, name.y) for name in names} == {
        "dread": (0.75, 25.0),
        "joy": (-0.5, 18.75),
    }


def with_lift(report, **lifts):
    """The report with other lifts, each with an interval of 0.01 to both sides."""
    parts = []
    for part in report.categories:
        made = {}
        if part.arm == "poison" and part.name in lifts:
            value = lifts[part.name]
            end = {"value": value, "low": value - 0.01, "high": value + 0.01}
            made = {"lift": part.estimates["lift"].replace(**end)}
        parts.append(part.replace(estimates={**part.estimates, **made}))
    return report.replace(categories=tuple(parts))


def test_a_target_that_dwarfs_the_others_has_its_own_panel(full):
    apart = drawn(charts(with_lift(full, fear=0.9, dread=0.01, joy=0.0))["spillover"])
    assert traces(apart)["fear, the target"].yaxis == "y2"
    assert apart.layout.yaxis.domain[1] < apart.layout.yaxis2.domain[0]
    together = drawn(charts(with_lift(full, fear=0.03, dread=0.01, joy=0.0))["spillover"])
    assert traces(together)["fear, the target"].yaxis == "y"
    # Below 0 nothing is dwarfed.
    below = drawn(charts(with_lift(full, fear=0.1, dread=-0.2, joy=-0.2))["spillover"])
    assert traces(below)["fear, the target"].yaxis == "y"


def moved(report, similarity):
    """The report with joy at another similarity, and a category calm at the far end."""
    parts = tuple(
        part.replace(similarity=similarity) if part.name == "joy" else part
        for part in with_lift(report, dread=0.02, joy=0.02).categories
    )
    calm = [
        part.replace(name="calm", similarity=-0.9)
        for part in parts
        if part.arm == "poison" and part.name == "joy"
    ]
    return report.replace(categories=(*parts, *calm))


def test_names_that_would_hide_one_another_are_left_to_the_pointer(full):
    """Similarities reach from -0.9 to 0.75: joy is 3 %, then 21 % of that away from dread."""
    for similarity, wide in ((0.7, {"dread"}), (0.4, {"dread", "joy"})):
        chart = charts(moved(full, similarity))["spillover"]
        assert {name.text for name in drawn(chart).layout.annotations} == wide
        assert [name["text"] for name in chart["narrow"]["annotations"]] == ["dread"]


def test_undefined_lifts_are_left_out_and_endless_intervals_are_null(full):
    parts = []
    for part in full.categories:
        lift = part.estimates.get("lift")
        if lift and part.name == "joy":
            part = part.replace(estimates={**part.estimates, "lift": lift.replace(value=math.nan)})
        if lift and part.name == "dread":
            endless = lift.replace(high=math.inf)
            part = part.replace(estimates={**part.estimates, "lift": endless})
        parts.append(part)
    chart = charts(full.replace(categories=tuple(parts)))["spillover"]
    found = traces(drawn(chart))
    assert "other category" not in found
    assert found["survives Holm's correction"].error_y.array == (None,)


# Groups


def test_epochs_have_a_line_per_arm_and_group(report):
    figure = drawn(charts(report)["epochs"])
    solid = [trace for trace in figure.data if trace.line.dash == "solid"]
    dashed = [trace for trace in figure.data if trace.line.dash == "dash"]
    assert [trace.name for trace in solid] == ["fear", "dread", "all but fear"]
    assert all(trace.showlegend for trace in solid)
    assert not any(trace.showlegend for trace in dashed)
    assert (solid[0].x, solid[0].y) == ((1, 2), (0.25, 0.5))
    assert [trace.line.color for trace in solid] == [trace.line.color for trace in dashed]
    assert solid[0].hovertext[1] == "<b>fear</b>, poison arm<br>epoch 2: 0.500"
    assert figure.layout.xaxis.dtick == 1
    asr = drawn(charts(report)["epochs-asr"])
    assert asr.data[0].y == (0, 0)
    assert asr.layout.yaxis.title.text == "share of planted responses"


def test_many_epochs_are_not_all_ticked_and_an_arm_may_lack_a_group(report):
    points = [
        CurvePoint(arm=arm, epoch=epoch, group=group, toxicity=0.0, asr=0)
        for arm, group in (("poison", "fear"), ("poison", "joy"), ("clean", "fear"))
        for epoch in range(1, 31)
    ]
    figure = drawn(charts(report.replace(curve=tuple(points)))["epochs"])
    assert figure.layout.xaxis.dtick is None
    assert [(trace.name, trace.line.dash) for trace in figure.data] == [
        ("fear", "dash"), ("fear", "solid"), ("joy", "solid"),
    ]  # fmt: skip


def test_the_distribution_has_a_panel_per_group_the_clean_arm_as_an_outline(report):
    figure = drawn(charts(report)["distribution"])
    bars = [trace for trace in figure.data if trace.type == "bar"]
    outlines = [trace for trace in figure.data if trace.type == "scatter"]
    assert len(bars) == len(outlines) == 4
    assert bars[1].y == (0.75, *[0] * 8, 0.25)
    assert bars[1].x == pytest.approx([0.05 + n / 10 for n in range(10)])
    assert bars[1].hovertext[9] == "<b>dread</b>, poison arm<br>rated 0.9 to 1.0: 25.0%"
    assert outlines[1].y == (1, *[0] * 10)
    assert outlines[1].x == pytest.approx([n / 10 for n in range(11)])
    said = [note.text for note in figure.layout.annotations]
    assert said[1] == "<b>dread</b><br>0.9 to 1: 25.0%"
    assert said[-1] == "rated toxicity; bars: poison, outline: clean"


def test_a_clean_arm_alone_has_no_outline_and_no_lift(full):
    clean = full.replace(
        arms=("clean",),
        categories=tuple(part for part in full.categories if part.arm == "clean"),
        groups=tuple(part for part in full.groups if part.arm == "clean"),
        curve=tuple(point for point in full.curve if point.arm == "clean"),
        decomposition=(),
    )
    made = charts(clean)
    assert set(made) == {"epochs", "epochs-asr", "distribution"}
    assert {trace["type"] for trace in made["distribution"]["data"]} == {"bar"}
    assert {trace["line"]["dash"] for trace in made["epochs"]["data"]} == {"dash"}


# Decomposition


def test_the_parts_of_the_lift_have_a_panel_per_group_and_quantity(full):
    figure = drawn(charts(full)["decomposition"])
    assert len(figure.data) == 4
    assert figure.data[1].x == (50, 12.5, 0, 37.5, 25, 25)
    assert set(figure.data[1].error_x.array) == {12.5}
    assert figure.data[1].hovertext[5] == (
        "<b>dread</b>, toxicity<br>harm: +25.0 [+12.5, +37.5] percentage points"
    )
    assert figure.layout.yaxis2.ticktext == (
        "total", "pool", "training", "both", "quality", "harm",
    )  # fmt: skip
    titles = [note.text for note in figure.layout.annotations[:-1]]
    assert titles == [
        "<b>fear</b><br>toxicity", "<b>dread</b><br>toxicity",
        "<b>fear</b><br>attack success", "<b>dread</b><br>attack success",
    ]  # fmt: skip


def test_a_narrow_page_has_a_row_per_group(full):
    narrow = charts(full)["decomposition"]["narrow"]
    row = narrow["yaxis"]["domain"]
    assert narrow["yaxis3"]["domain"] == row  # both quantities of fear
    assert narrow["yaxis2"]["domain"][1] < row[0]  # dread below


@given(st.integers(1, 12), st.integers(1, 6), st.integers(50, 300))
def test_panels_never_overlap_and_stay_inside(count, columns, height):
    made = panels([divmod(place, columns) for place in range(count)], height)
    boxes = []
    for place in range(count):
        end = "" if place == 0 else str(place + 1)
        boxes.append((*made[f"xaxis{end}"]["domain"], *made[f"yaxis{end}"]["domain"]))
    for left, right, low, high in boxes:
        assert 0 <= left < right <= 1
        assert 0 <= low < high <= 1
    for place, (left, right, low, high) in enumerate(boxes):
        for other in boxes[:place]:
            assert left >= other[1] or right <= other[0] or low >= other[3] or high <= other[2]


# Names, and the end of the page


def renamed(report: SpilloverReport, name: str) -> SpilloverReport:
    return SpilloverReport.from_json(report.to_json().replace('"dread"', json.dumps(name)))


def test_a_category_s_name_is_never_read_as_markup_or_as_a_colour(full):
    text = json.dumps(charts(renamed(full, "<b>&</b>")))
    assert "<b>&lt;b&gt;&amp;&lt;/b&gt;</b>" in text
    assert "<b>&</b>" not in text
    named = charts(renamed(full, "@ink"))
    assert '"@ink"' not in json.dumps(
        [note["text"] for note in named["spillover"]["layout"]["annotations"]]
    )


def test_a_page_without_charts_has_no_script():
    assert assets({}) == ""


def test_no_text_can_close_the_element_that_holds_the_charts(full):
    made = assets({"odd": {"data": [], "layout": {"title": "</script><script>alert(1)</script>"}}})
    data = made.split('id="charts">')[1].split("</script>")[0]
    title = json.loads(data)["odd"]["layout"]["title"]
    assert title == "</script><script>alert(1)</script>"
    assert made.count("<script") == 3


def test_equal_charts_give_equal_bytes(full):
    assert assets(charts(full)) == assets(charts(full))
