"""The page of several runs in a browser: names that a page could misread."""

import pytest

from semspill.experiment import read_report
from semspill.report import comparison_page
from semspill.results import SpilloverMatrix

pytestmark = pytest.mark.no_cover

pytest.importorskip("playwright", reason="playwright is not installed")

LABELS = ("@ink", "<b>", "10")
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


@pytest.mark.parametrize(("width", "kind"), [(1280, "wide"), (390, "narrow")])
def test_every_label_is_in_the_pictures_as_it_is_written(compared, show, tmp_path, width, kind):
    page = show(compared, width)
    page.screenshot(path=tmp_path / f"comparison-{width}.png", full_page=True)
    for name in ("compare-asr", "groups", "matrix-asr"):
        svg = page.locator(f"#chart-{name} .{kind} svg")
        assert svg.is_visible()
        assert set(LABELS) <= set(svg.locator("text").all_text_contents())
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_pair_is_highlighted_in_both_charts(compared, show):
    page = show(compared)
    cell = page.locator("#chart-matrix-asr .wide .mark[data-name='<b> → @ink']")
    cell.hover()
    assert page.locator(".tip").text_content().startswith("<b> poisoned, @ink looked at\n")
    lit = page.locator(".wide .mark.on").evaluate_all(
        "marks => marks.map(mark => [mark.closest('.chart').id, mark.tagName])"
    )
    assert lit == [["chart-matrix-asr", "rect"], ["chart-pairs-asr", "circle"]]


def test_the_numbers_stand_below_the_charts(compared, show):
    """What every chart is said to have, for a reader who hears the page."""
    page = show(compared)
    for svg in page.locator(".chart svg").all():
        assert svg.get_attribute("aria-label").endswith(" Its numbers are in the table below.")
    assert page.locator("#curves .chart + details table").count() == 2
    tables = page.locator("#targets-asr .chart ~ details table")
    assert tables.last.locator("thead th").all_text_contents() == ["poisoned", *LABELS]
    assert page.locator("#groups .chart ~ .scroll table").count() == 4
