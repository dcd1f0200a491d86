import re
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure

from semspill import DataError
from semspill.report import comparison_page
from semspill.results import Provenance

CONFIG = {
    "poisoner": {"budget": 0.03, "strategy": {"name": "last_fixed"}, "limits": {}},
    "rater": {"name": "lexicon", "words": "1 word in config.json (sha256 59958619)"},
    "labelled": None,
    "seeds": [0, 1],
    "far": [{"name": "label"}, {"name": "vad", "most": 2}],
}
pytestmark = pytest.mark.usefixtures("blank")
PRINTS = {"test": "t1", "train": "c1", "ranking": "r1", "rater": "l1"}


@pytest.fixture
def blank(monkeypatch):
    """No time spent on drawing; tests/report/test_charts.py looks at the charts."""
    for name in ("curves", "groups", "matrix", "pairs"):
        monkeypatch.setattr(
            f"semspill.report._page._comparison.plot_{name}", lambda *_, **__: Figure((1, 1))
        )


def run(report, budget=0.03, **prints):
    config = CONFIG | {"poisoner": CONFIG["poisoner"] | {"budget": budget}}
    return report.replace(provenance=Provenance(config=config, fingerprints=PRINTS | prints))


class Page(HTMLParser):
    """What a reader reads, outside scripts and styles, and the names of the charts."""

    def __init__(self, page):
        super().__init__()
        self.said, self.tables, self.links, self.labels = [], [], {}, []
        self._hidden, self._cell, self._link = False, False, None
        self.feed(page)
        self.charts = re.findall('id="chart-([^"]*)"', page)

    @property
    def text(self):
        return " ".join(" ".join(self.said).split())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self._hidden = tag in ("script", "style")
        self._link = given.get("href") if tag == "a" else self._link
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("th", "td"):
            self.tables[-1][-1].append("")
            self._cell = True
        if tag == "svg":
            self.labels.append(given["aria-label"])

    def handle_endtag(self, tag):
        self._hidden = False
        self._cell = self._cell and tag not in ("th", "td")
        self._link = None if tag == "a" else self._link

    def handle_data(self, data):
        if self._hidden:
            return
        self.said.append(data)
        if self._cell:
            self.tables[-1][-1][-1] += data
        if self._link:
            self.links[data] = self._link


def cells(page, head):
    [table] = [table for table in page.tables if table[0][: len(head)] == head]
    return table[1:]


# What differs


def test_fields_that_differ_are_a_column_each_and_the_others_are_said_once(full):
    page = Page(comparison_page({"low": run(full), "high": run(full, 0.5)}))
    assert cells(page, ["run", "poisoner.budget"]) == [["low", "0.03"], ["high", "0.5"]]
    same = dict(cells(page, ["field", "value"]))
    assert same == {
        "poisoner.strategy.name": "last_fixed",
        "poisoner.limits": "",
        "rater.name": "lexicon",
        "rater.words": "1 word in config.json (sha256 59958619)",
        "labelled": "null",
        "seeds": "0, 1",
        "far": "label, vad(most=2)",
    }


def test_many_fields_that_differ_are_a_row_each(full):
    bare = full.replace(provenance=Provenance(config={"rater": {"name": "other"}, "seeds": []}))
    page = Page(comparison_page({"a": run(full), "b": bare}))
    rows = {name: values for name, *values in cells(page, ["field", "a", "b"])}
    assert rows["rater.name"] == ["lexicon", "other"]
    assert rows["poisoner.budget"] == ["0.03", "not set"]
    assert rows["seeds"] == ["0, 1", "none"]
    assert not any(table[0] == ["field", "value"] for table in page.tables)


def test_equal_configs_and_one_run_alone(full):
    assert (
        "Their configs are the same."
        in Page(comparison_page({"a": run(full), "b": run(full)})).text
    )
    alone = Page(comparison_page({"a": run(full)})).text
    assert "Their configs are the same." not in alone
    assert "Overlap is no test" not in alone
    assert (
        "What differs"
        not in Page(comparison_page({"a": full.replace(provenance=Provenance())})).text
    )


# What does not compare


def test_runs_on_the_same_data_are_not_warned_about(full):
    text = Page(comparison_page({"a": run(full), "b": run(full, 0.5)})).text
    assert "Not all of these numbers compare" not in text
    assert "Overlap is no test." in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test": "t2"}, "Test exchanges differ. On one side: a ; on another: b ."),
        ({"train": "c2"}, "Clean training corpora differ."),
        ({"ranking": "r2"}, "Lists of responses to rank differ, so P@1 does not compare."),
        ({"rater": "l2"}, "Raters differ, so rated toxicity and its lift do not compare; attack"),
    ],
)
def test_other_data_lists_and_raters_are_named(full, changes, said):
    text = Page(comparison_page({"a": run(full), "b": run(full, **changes)})).text
    assert "Not all of these numbers compare" in text
    assert said in text


def test_other_targets_arms_seeds_and_similarities_are_named(full):
    other = run(full).replace(
        target="dread",
        nearest="fear",
        seeds=(0,),
        similarity_method="by ear",
        arms=("clean", "pool_only"),
        categories=tuple(
            p.replace(arm=p.arm.replace("poison", "pool_only")) for p in full.categories
        ),
        groups=tuple(p.replace(arm=p.arm.replace("poison", "pool_only")) for p in full.groups),
    )
    text = Page(comparison_page({"a": run(full), "b": other})).text
    assert "other categories in other runs. They are: fear in a ; dread in b ." in text
    assert "Arms differ. They are: poison in a ; pool_only in b ." in text
    assert "Seeds differ. They are: 0, 1 in a ; 0 in b ." in text
    assert "Similarity is measured in different ways" in text


def test_where_targets_are_meant_to_differ_nobody_is_warned_of_it(full, matrix):
    other = full.replace(target="dread", nearest="fear")
    assert "Targets differ" in Page(comparison_page({"a": full, "b": other})).text
    assert "Targets differ" not in Page(comparison_page({"a": full, "b": other}, [matrix])).text


def test_of_many_kinds_a_warning_names_few(full):
    runs = {str(i): run(full, test=f"t{i}").replace(seeds=(i,)) for i in range(5)}
    text = Page(comparison_page(runs)).text
    assert "There are 5 kinds among 5 runs." in text
    assert "They are: 0 in 0 ; 1 in 1 ; 2 in 2 ; and 2 more." in text


# What came out


def grouped(report, value, **names):
    """The report with a group's estimate moved, its interval half a percent to either side."""
    [(group, metric)] = names.items()
    return report.replace(
        groups=tuple(
            part.replace(
                estimates=dict(part.estimates)
                | {
                    metric: part.estimates[metric].replace(
                        value=value, low=value - 0.005, high=value + 0.005
                    )
                }
            )
            if part.name == group and part.arm == "poison"
            else part
            for part in report.groups
        )
    )


def test_the_range_over_runs_is_said_with_whether_its_ends_overlap(full):
    runs = {"a": grouped(full, 0.1, fear="asr"), "b": grouped(full, 0.4, fear="asr"), "c": full}
    text = Page(comparison_page(runs)).text
    assert (
        "Planted responses in the target: from 10.0 [9.5, 10.5] % in a to 50.0 [37.5, 62.5] % "
        "in c ; these two intervals do not overlap."
    ) in text
    assert "Planted responses in its nearest neighbour: 25.0 [12.5, 37.5] % in every run." in text
    near = {"a": full, "b": grouped(full, 0.45, fear="asr")}
    assert "these two intervals overlap." in Page(comparison_page(near)).text
    alone = Page(comparison_page({"a": full})).text
    assert (
        "Toxicity lift everywhere but in the target: 9.4 [-3.1, 21.9] percentage points in a ."
        in alone
    )


def test_the_tables_hold_every_run_and_role(full):
    page = Page(comparison_page({"a": full, "b": grouped(full, 0.1, dread="asr")}))
    head = [
        "run",
        "target",
        "nearest",
        "in the target",
        "in its nearest",
        "all but the target",
        "all",
    ]
    asr, *_ = [table for table in page.tables if table[0] == head]
    assert asr[1] == [
        "a",
        "fear",
        "dread",
        "50.0 [37.5, 62.5]",
        "25.0 [12.5, 37.5]",
        "18.8 [6.2, 31.2]",
        "25.0 [12.5, 37.5]",
    ]
    assert asr[2][4] == "10.0 [9.5, 10.5]"
    titles = (
        "Attack success, %",
        "Mean rated toxicity, %",
        "Toxicity lift, percentage points",
        "P@1, %",
    )
    assert all(title in page.text for title in titles)


def test_metrics_that_no_run_has_are_left_out(report):
    """These runs have an attack success rate, and a lift that is not defined."""
    page = Page(comparison_page({"a": report, "b": report}))
    assert "Attack success, %" in page.text
    assert "P@1, %" not in page.text
    assert "Toxicity lift everywhere" not in page.text
    assert page.charts == ["groups"]
    bare = report.replace(groups=())
    assert Page(comparison_page({"a": bare})).charts == []


def test_no_run_is_refused():
    with pytest.raises(DataError, match="There is no run to compare; give one report or more"):
        comparison_page({})


def test_runs_are_linked_where_their_pages_lie(full):
    page = Page(comparison_page({"a": full, "b": full}, links={"a": "x/report.html"}))
    assert page.links["a"] == "x/report.html"
    assert "b" not in page.links


def test_no_name_becomes_markup(full):
    evil = "<script>alert(1)</script>`*x*"
    html = comparison_page({evil: run(full), "b": run(full, 0.5)})
    assert "<script>alert" not in html
    assert evil in Page(html).text


# Charts


def test_every_chart_says_what_it_shows_and_has_a_table_below(full, matrix):
    html = comparison_page({"a": full, "b": full}, [matrix])
    page = Page(html)
    assert page.charts == ["matrix-asr", "pairs-asr", "compare-asr", "compare", "groups"]
    assert len(page.labels) == 2 * len(page.charts)
    assert all(said.endswith(" Its numbers are in the table below.") for said in page.labels)
    assert page.labels[0].startswith("Heat map of the attack success lift of every category")
    for place in re.finditer('id="chart-', html):
        assert "<table" in html[place.end() :]
    assert html.count('<input type="radio"') == 2


def test_a_single_chart_of_curves_has_no_switch(full):
    alone = full.replace(
        categories=tuple(
            part.replace(estimates={k: v for k, v in part.estimates.items() if k != "asr_lift"})
            for part in full.categories
        )
    )
    html = comparison_page({"a": alone})
    assert Page(html).charts == ["compare", "groups"]
    assert '<input type="radio"' not in html


def test_more_runs_than_colours_are_tables_only(full):
    page = Page(comparison_page({str(i): full for i in range(9)}))
    assert page.charts == []
    assert "More than 8 runs are too many for one chart" in page.text
    assert "too many for one chart" not in Page(comparison_page({"a": full})).text


def test_the_numbers_of_every_curve_are_in_a_table(full, report):
    fewer = full.replace(categories=full.categories[:5])
    page = Page(comparison_page({"a": full, "b*": fewer, "c": report}))
    tables = [table for table in page.tables if table[0] == ["category", "a", "b*", "c"]]
    assert len(tables) == 2
    assert tables[1][1:] == [
        ["fear", "25.0 [12.5, 37.5]", "25.0 [12.5, 37.5]", ""],
        ["dread", "12.5 [0.0, 25.0]", "12.5 [0.0, 25.0]", ""],
        ["joy", "6.2 [-6.2, 18.8]", "", ""],
    ]
    assert "The numbers: attack success lift of every category" in page.text
    assert "The numbers: toxicity lift of every category" in page.text


def test_every_pair_of_a_matrix_is_in_a_table(full, matrix):
    ranked = matrix.replace(
        targets=("fear",),
        victims=("fear", "joy"),
        dialogues=(9, 9),
        **{
            name: (getattr(matrix, name)[1][1:],)
            for name in ("lift", "low", "high", "p_holm", "p_bh", "similarity")
        },
        pooled={"slope": full.overall["poison"]["slope"]},
    )
    page = Page(comparison_page({"a": full}, [matrix, ranked.replace(quantity="toxicity")]))
    lift, near, lift_of_one, near_of_one = (t for t in page.tables if t[0][0] == "poisoned")
    assert lift[0] == near[0] == ["poisoned", "dread", "fear", "joy"]
    assert lift[2] == ["fear", "10.0 [9.0, 12.0]", "60.0 [59.0, 62.0]", "0.0 [-1.0, 2.0]"]
    assert near[2] == ["fear", "0.800", "1.000", "0.200"]
    assert lift_of_one[1:] == [["fear", "60.0 [59.0, 62.0]", "0.0 [-1.0, 2.0]"]]
    assert near_of_one[1:] == [["fear", "1.000", "0.200"]]


def test_the_matrix_s_own_numbers_are_below_its_charts(full, matrix):
    page = Page(comparison_page({"a": full}, [matrix, matrix.replace(quantity="toxicity")]))
    assert "Spillover from 3 targets" in page.text
    assert "Every target in turn: attack success" in page.text
    assert "Every target in turn: toxicity" in page.text
    assert "The largest lifts outside the target" in page.text
    assert set(page.charts) >= {"matrix-asr", "pairs-asr", "matrix-toxicity", "pairs-toxicity"}
