"""What a notebook shows of a report: verdict, facts, groups; well-formed, nothing from outside."""

import re
from xml.etree import ElementTree

import pytest

from semspill import Estimate, SpilloverReport
from semspill.report._summary import summary
from semspill.statistics import Measure


def shown(given):
    """Return what the cell shows, and its rows as lists of texts."""
    html = given._repr_html_()
    assert re.search(r"<script|<link|<img|https?:|url\(|src=|\n\n", html) is None
    tree = ElementTree.fromstring(html)
    rows = [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]
    return tree, rows


def test_a_report_begins_with_its_verdict_and_what_was_run(full):
    tree, _ = shown(full)
    first, second = (
        "".join(part.itertext()).replace("\N{NO-BREAK SPACE}", " ") for part in list(tree)[:2]
    )
    words = summary(full)
    plain = [re.sub(r"[*`\\]", "", text) for text in (words.verdict.sentence, words.facts)]
    assert re.sub(r"^\W+", "", first) == plain[0]
    assert second == plain[1]


def test_a_report_shows_the_groups_of_the_main_arm_with_intervals(report):
    _, rows = shown(report)
    names = [row[0] for row in rows[1:]]
    assert names == ["fear", "dread", "joy", "all but fear", "all"]
    # 8 exchanges; planted in one half, one half of an eighth more or less; no lift is defined.
    assert rows[1] == ["fear", "8", "50.0 [37.5, 62.5]", "", "not defined"]
    assert len({len(row) for row in rows}) == 1


def test_the_picture_of_an_interval_lies_where_its_numbers_do(report):
    tree, _ = shown(report)
    dots = [float(dot.get("cx")) for dot in tree.iter("circle")]
    # From 3 for nothing to 117 for the highest end, 62.5 %.
    assert dots == pytest.approx(
        [3 + 114 * share / 0.625 for share in (0.5, 0.25, 0.125, 0.1875, 0.25)], abs=0.05
    )


def test_names_are_shown_and_never_obeyed(report):
    def renamed(parts):
        return tuple(part.replace(name=part.name.replace("dread", "<script>*x*")) for part in parts)

    odd = report.replace(
        nearest="<script>*x*",
        categories=renamed(report.categories),
        groups=renamed(report.groups),
        similarity={"fear": 1.0, "<script>*x*": 0.75, "joy": -0.5},
    )
    _, rows = shown(odd)
    assert [row[0] for row in rows][2] == "<script>*x*"


def test_a_report_without_numbers_shows_what_there_is(report):
    bare = [part.replace(estimates={}) for part in report.groups]
    _, rows = shown(report.replace(groups=bare, overall={}))
    assert rows[1] == ["fear", "8"]


def test_a_report_read_from_json_is_shown_alike(full):
    assert SpilloverReport.from_json(full.to_json())._repr_html_() == full._repr_html_()


def test_a_matrix_shows_what_its_pairs_say_together(matrix):
    share = Measure(metric="nearest_share", unit="share")
    pooled = Estimate(value=0.5, low=0.25, high=0.75, n=6, method="by hand", measure=share)
    _, rows = shown(matrix.replace(pooled={"nearest_share": pooled}))
    assert rows[1:] == [["nearest share", "50.0 % [25.0, 75.0]"]]
