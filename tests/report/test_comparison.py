import json
import math
import re
from html.parser import HTMLParser

import plotly.graph_objects as go
import pytest
from matplotlib.figure import Figure

from semspill import DataError, SpilloverReport
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
COLOUR = re.compile("@(ink|muted|paper|grid)")
PRINTS = {"test": "t1", "train": "c1", "ranking": "r1", "rater": "l1"}


@pytest.fixture
def blank(monkeypatch):
    """No time spent on drawing; tests/report/test_figures.py looks at the pictures."""
    for name in ("draw_curves", "draw_groups", "draw_matrix", "draw_pairs"):
        monkeypatch.setattr(
            f"semspill.report._page._comparison.{name}", lambda *given: Figure(figsize=(1, 1))
        )


def run(report, budget=0.03, **prints):
    config = CONFIG | {"poisoner": CONFIG["poisoner"] | {"budget": budget}}
    return report.replace(provenance=Provenance(config=config, fingerprints=PRINTS | prints))


class Page(HTMLParser):
    """What a reader reads, outside scripts and styles, and what the charts are made of."""

    def __init__(self, page):
        super().__init__()
        self.said, self.tables, self.links, self.pictures = [], [], {}, []
        self._hidden, self._cell, self._link = False, False, None
        self.feed(page)
        found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.S)
        self.charts = json.loads(found[1]) if found else {}

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
        if tag == "img":
            self.pictures.append(given)

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
    assert set(page.charts) == {"groups"}
    bare = report.replace(groups=())
    assert Page(comparison_page({"a": bare})).charts == {}


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


def test_curves_lie_over_one_another_told_apart_by_colour_and_marker(full):
    """Dread at 0.75 and 12.5 points; runs stand 0.5 % of the axis (1.5 long) apart."""
    chart = Page(comparison_page({"a": full, "b": full})).charts["compare"]
    one, line, two, _ = chart["data"]
    assert [one["name"], two["name"]] == ["a", "b"]
    assert one["marker"]["color"] != two["marker"]["color"]
    assert one["marker"]["symbol"] != two["marker"]["symbol"]
    at = one["hovertext"].index(next(said for said in one["hovertext"] if "dread" in said))
    assert one["y"][at] == two["y"][at] == 12.5
    assert one["x"][at] == pytest.approx(0.75 - 0.00375)
    assert two["x"][at] == pytest.approx(0.75 + 0.00375)
    assert (one["error_y"]["array"][at], one["error_y"]["arrayminus"][at]) == (12.5, 12.5)
    assert (
        "similarity 0.750<br>toxicity lift +12.5 [0.0, +25.0] percentage points"
        in one["hovertext"][at]
    )
    assert [said for said in one["hovertext"] if "the target" in said] == [
        said for said in one["hovertext"] if "<b>fear</b>" in said
    ]
    assert (line["x"], line["y"]) == ([-0.5, 0.125, 0.75], [0, 9.375, 18.75])
    assert line["legendgroup"] == one["legendgroup"]
    assert chart["layout"]["xaxis"]["title"]["text"] == "similarity to fear"


def test_a_run_without_lifts_is_left_out_of_the_curves(full, report):
    other = report.replace(target="joy")
    chart = Page(comparison_page({"a": full, "b": other})).charts["compare-asr"]
    assert {trace["name"] for trace in chart["data"]} == {"a"}
    assert chart["layout"]["xaxis"]["title"]["text"] == "similarity to the target"


def test_groups_stand_side_by_side(full):
    chart = Page(comparison_page({"a": full, "b": full})).charts["groups"]
    assert len(chart["data"]) == 3 * 2
    one, two = chart["data"][:2]
    assert one["x"] == two["x"] == [50, 25, 18.75, 25]
    assert one["y"] == pytest.approx([-0.175, 0.825, 1.825, 2.825])
    assert two["y"] == pytest.approx([0.175, 1.175, 2.175, 3.175])
    assert chart["layout"]["yaxis"]["ticktext"] == [
        "target",
        "nearest",
        "all but the target",
        "all",
    ]
    assert [trace["showlegend"] for trace in chart["data"]] == [True, True, *[False] * 4]
    assert "<b>nearest</b><br>a<br>25.0 [12.5, 37.5] %" in one["hovertext"]


def test_more_runs_than_colours_are_tables_only(full):
    page = Page(comparison_page({str(i): full for i in range(9)}))
    assert page.charts == {}
    assert page.pictures == []
    assert "More than 8 runs cannot be told apart in one chart" in page.text
    assert "cannot be told apart" not in Page(comparison_page({"a": full})).text


def test_every_chart_has_a_picture_that_says_what_it_shows(full, matrix):
    page = Page(comparison_page({"a": full, "b": full}, [matrix]))
    assert len(page.pictures) == len(page.charts) == 5
    assert all(picture["src"].startswith("data:image/svg+xml,") for picture in page.pictures)
    heat, pairs, groups, _, curves = (picture["alt"] for picture in page.pictures)
    run = "fear 25.0 [12.5, 37.5]; dread 12.5 [0.0, 25.0]; joy 6.2 [-6.2, 18.8]"
    assert curves == (
        "Toxicity lift of every category against its similarity to the target, run by run, in "
        "points of a hundred, target first and then the most similar. "
        f"a: {run}. b: {run}."
    )
    assert "attack success, %: a 25.0 [12.5, 37.5]; b 25.0 [12.5, 37.5]. mean rated" in groups
    most = "fear to dread 10.0 [9.0, 12.0]; dread to fear 0.0 [-1.0, 2.0]; dread to joy 0.0"
    assert f"40.0 to 60.0 in the targets themselves; elsewhere the largest are {most}" in heat
    assert "6 pairs of categories against their similarity. The largest lifts" in pairs
    assert f"in points of a hundred, are {most}" in pairs


def test_the_first_chart_of_curves_says_how_to_read_it(full):
    """Planted responses come first on the page, where they were counted."""

    def said(report):
        html = comparison_page({"a": report})
        return re.findall(r'id="chart-(compare[^"]*)".*?<figcaption>(.*?)</figcaption>', html, re.S)

    (one, how), (two, same) = said(full)
    assert (one, two) == ("compare-asr", "compare")
    assert how.startswith("A point is a category")
    assert same == "The same of rated toxicity."
    alone = full.replace(
        categories=tuple(
            part.replace(estimates={k: v for k, v in part.estimates.items() if k != "asr_lift"})
            for part in full.categories
        )
    )
    [(name, how)] = said(alone)
    assert name == "compare"
    assert how.startswith("A point is a category")


def test_many_runs_leave_the_curves_their_height_on_a_narrow_screen(full):
    """The legend takes a line of some 26 pixels per run."""
    few, many = (
        Page(comparison_page({str(i): full for i in range(count)})).charts["compare"]
        for count in (2, 8)
    )
    assert few["narrow"]["height"] == few["layout"]["height"]
    assert many["narrow"]["height"] - 8 * 26 >= few["layout"]["height"] - 5 * 26


def test_of_many_categories_a_description_names_the_target_and_its_neighbours(full):
    near = full.category("dread")
    more = tuple(near.replace(name=f"c{i}", similarity=i / 10) for i in range(4))
    many = full.replace(categories=(*full.categories, *more))
    [_, _, curves] = Page(comparison_page({"a": many})).pictures
    assert (
        "a: fear 25.0 [12.5, 37.5]; dread 12.5 [0.0, 25.0]; c3 12.5 [0.0, 25.0]; 4 more."
        in curves["alt"]
    )


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
    assert page.pictures[3]["alt"] == (
        "The toxicity lift of 1 pairs of categories against their similarity. Slope of lift "
        "on similarity, targets and victims taken out: 0.500 [0.375, 0.625]. The largest lifts, "
        "in points of a hundred, are fear to joy 0.0 [-1.0, 2.0]."
    )


# Matrices


def test_the_heat_map_is_stretched_and_ordered_by_similarity(full, matrix):
    """Dread and fear are neighbours; 0.1 is the largest lift outside the diagonal."""
    page = Page(comparison_page({"a": full}, [matrix]))
    assert "Spillover from 3 targets" in page.text
    rest, own, dots = page.charts["matrix-asr"]["data"]
    order = rest["x"]
    assert order == rest["y"]
    assert abs(order.index("dread") - order.index("fear")) == 1
    fear, dread, joy = (order.index(name) for name in ("fear", "dread", "joy"))
    assert rest["z"][fear][dread] == pytest.approx(math.asinh(4), rel=1e-5)
    assert rest["z"][joy][fear] == pytest.approx(math.asinh(-0.8), rel=1e-5)
    assert rest["z"][fear][fear] is None
    assert own["z"][fear][fear] == 60
    assert own["z"][fear][dread] is None
    assert (own["zmin"], own["zmax"]) == (0, 60)
    # The lowest lift has its own shade of blue, no change is white, the highest is deep red.
    assert rest["zmin"] == pytest.approx(math.asinh(-0.8), rel=1e-5)
    assert rest["colorscale"][-1] == [1, "rgb(103, 0, 31)"]
    assert dict(zip(dots["y"], dots["x"], strict=True)) == {
        "fear": "dread", "dread": "fear", "joy": "fear",
    }  # fmt: skip
    assert (
        "attack success lift +10.0 [+9.0, +12.0] percentage points"
        in rest["hovertext"][fear][dread]
    )
    assert "p = 0.01 after Holm" in rest["hovertext"][fear][dread]
    assert "Holm" not in own["hovertext"][fear][fear]
    assert rest["hovertext"][fear][fear] == ""


def test_no_change_is_white_where_nothing_fell(full, matrix):
    risen = matrix.replace(lift=((0.5, 0.0, 0.0), (0.1, 0.6, 0.0), (0.0, 0.0, 0.4)))
    chart = Page(comparison_page({"a": full}, [risen])).charts["matrix-asr"]
    assert chart["data"][0]["colorscale"][0] == [0, "rgb(247, 247, 247)"]
    assert chart["data"][0]["zmin"] == 0


def test_names_that_look_like_numbers_stay_names(full, matrix):
    """Plotly takes an axis of such names for one of numbers, and 10 would stand far right."""
    numbered = matrix.replace(targets=("1", "2", "10"), victims=("1", "2", "10"))
    chart = Page(comparison_page({"a": full}, [numbered])).charts["matrix-asr"]
    figure = go.Figure(
        chart["data"], go.Layout(json.loads(COLOUR.sub("#000", json.dumps(chart["layout"]))))
    )
    for axis, names in (
        (figure.layout.xaxis, figure.data[0].x),
        (figure.layout.yaxis, figure.data[0].y),
    ):
        assert axis.type == "category"
        assert set(names) == {"1", "2", "10"}


def test_no_name_is_taken_for_a_colour_of_the_theme(full, matrix):
    text = full.to_json()
    for name in ("fear", "dread", "joy"):
        text = text.replace(f'"{name}"', f'"@{name}"')
    odd = SpilloverReport.from_json(text)
    named = matrix.replace(targets=("@a", "@b", "@c"), victims=("@a", "@b", "@c"))
    page = Page(comparison_page({"@ink": odd, "@mine": odd}, [named]))
    assert set(re.findall(r'"(@\w+)"', json.dumps(page.charts))) == {
        "@ink", "@muted", "@paper", "@grid",
    }  # fmt: skip
    groups = {trace["legendgroup"] for trace in page.charts["compare"]["data"]}
    assert groups == {"&#64;ink", "&#64;mine"}


def test_every_pair_is_a_point(full, matrix):
    every, nearest = Page(comparison_page({"a": full}, [matrix])).charts["pairs-asr"]["data"]
    assert sorted(nearest["x"]) == pytest.approx([0.2, 0.8, 0.8])
    assert sorted(every["x"]) == pytest.approx([0.1, 0.1, 0.2])
    assert max(nearest["y"]) == pytest.approx(math.asinh(4), rel=1e-5)


def test_a_large_matrix_has_smaller_letters_on_a_narrow_screen(full, matrix):
    names = tuple(f"c{i}" for i in range(20))
    square = tuple(tuple(float(i == j) for j in range(20)) for i in range(20))
    fields = dict.fromkeys(("lift", "low", "high", "p_holm", "p_bh", "similarity"), square)
    large = matrix.replace(targets=names, victims=names, dialogues=(9,) * 20, **fields)
    chart = Page(comparison_page({"a": full}, [large])).charts["matrix-asr"]
    small = Page(comparison_page({"a": full}, [matrix])).charts["matrix-asr"]
    assert chart["narrow"]["height"] < chart["layout"]["height"]
    sizes = [made["narrow"]["xaxis"]["tickfont"]["size"] for made in (chart, small)]
    assert sizes[0] < sizes[1]


def test_the_matrix_s_own_numbers_are_below_its_charts(full, matrix):
    page = Page(comparison_page({"a": full}, [matrix, matrix.replace(quantity="toxicity")]))
    assert "Every target in turn: attack success" in page.text
    assert "Every target in turn: toxicity" in page.text
    assert "The largest lifts outside the target" in page.text
    assert set(page.charts) >= {"matrix-asr", "pairs-asr", "matrix-toxicity", "pairs-toxicity"}
