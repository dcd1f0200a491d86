"""The page of several runs in a browser: names that plotly or the page could misread."""

import json

import pytest

from semspill.experiment import read_report
from semspill.report import comparison_page
from semspill.results import SpilloverMatrix

pytest.importorskip("playwright", reason="playwright is not installed")

LABELS = ("@ink", "2", "10")
LIFT = ((0.5, 0.1, 0.0), (0.1, 0.6, 0.0), (0.0, 0.02, 0.4))


@pytest.fixture(scope="module")
def compared(finished, tmp_path_factory):
    """Three runs by hostile labels, and a matrix of categories by the same names."""
    matrix = SpilloverMatrix(
        targets=LABELS,
        victims=LABELS,
        quantity="asr",
        arm="poison",
        seeds=(0,),
        dialogues=(9,) * 3,
        **dict.fromkeys(("lift", "low", "high", "p_holm", "p_bh"), LIFT),
        level=0.95,
        interval="by hand",
        similarity=((1.0, 0.8, 0.1), (0.8, 1.0, 0.2), (0.1, 0.2, 1.0)),
        similarity_method="by hand",
        pooled={},
    )
    report = read_report(finished.folder)
    path = tmp_path_factory.mktemp("compared") / "comparison.html"
    path.write_text(comparison_page(dict.fromkeys(LABELS, report), [matrix]), encoding="utf-8")
    return path


@pytest.fixture
def page(compared, show):
    return show(compared)


def live(page, name):
    page.locator(f"#chart-{name}").scroll_into_view_if_needed()
    page.locator(f"#chart-{name} .still[hidden]").wait_for(state="attached")
    return page.locator(f"#chart-{name} .live")


def test_every_label_is_in_the_legend_as_it_is_written(page):
    for name in ("compare", "compare-asr", "groups"):
        assert live(page, name).locator(".legendtext").all_text_contents() == list(LABELS)


def test_a_click_in_the_legend_hides_the_whole_run(page):
    """Its points and its line, and nothing of the others."""
    chart = live(page, "compare")
    chart.locator(".legendtoggle").first.click()
    page.wait_for_function(
        "chart => chart.data.some((trace) => trace.visible === 'legendonly')",
        arg=chart.element_handle(),
    )
    seen = chart.evaluate("chart => chart.data.map((trace) => [trace.legendgroup, trace.visible])")
    assert {group for group, visible in seen if visible == "legendonly"} == {"&#64;ink"}
    assert {group for group, visible in seen if visible != "legendonly"} == {"2", "10"}


def test_categories_of_a_heat_map_keep_their_places(page):
    chart = live(page, "matrix-asr")
    names = json.loads(page.locator("#charts").text_content())["matrix-asr"]["data"][0]["x"]
    assert chart.evaluate("chart => chart._fullLayout.xaxis.type") == "category"
    for side in "xy":
        said = [
            tick.replace("@", "&#64;")
            for tick in chart.locator(f".{side}tick text").all_text_contents()
        ]
        assert sorted(said) == sorted(names)


def test_the_numbers_stand_below_the_charts(page):
    """What every chart is said to have, for a reader who hears the page."""
    assert live(page, "compare").get_attribute("aria-label").endswith("in the table below.")
    assert page.locator("#curves .chart + details table").count() == 2
    tables = page.locator("#targets-asr .chart ~ details table")
    assert tables.last.locator("thead th").all_text_contents() == ["poisoned", *LABELS]
