import math
import re
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure
from tests.report.defended import three

from semspill import DataError, Estimate
from semspill.report import comparison_page
from semspill.report._difference_table import difference_table
from semspill.results import Comparison, Difference, Pairing, Provenance
from semspill.statistics import Measure

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
    for name in ("curves", "groups", "matrix", "pairs", "differences"):
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
        if tag == "svg" and "aria-hidden" not in given:
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
    assert (
        "What differs"
        not in Page(comparison_page({"a": full.replace(provenance=Provenance())})).text
    )


# What does not compare


def test_runs_on_the_same_data_are_not_warned_about(full):
    text = Page(comparison_page({"a": run(full), "b": run(full, 0.5)})).text
    assert "Not all of these numbers compare" not in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test": "t2"}, "Test exchanges differ. On one side: a ; on another: b ."),
        ({"train": "c2"}, "Clean training corpora differ."),
        ({"ranking": "r2"}, "Lists of responses to rank differ, so P@1 does not compare."),
        ({"rater": "l2"}, "Raters differ, so rated toxicity and its lift do not compare; the pl"),
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


def test_the_page_of_a_sweep_says_what_budget_each_defense_is_worth(full):
    defended = full.replace(defenses=three())
    page = Page(comparison_page({"a": full, "b": defended}))
    head = ["run", "defense", "in the target", "in its nearest", "all but the target"]
    [budgets] = [table for table in page.tables if table[0] == head]
    assert budgets[1:] == [["b", "clean-up", *["1.0 [0.6, 1.4]"] * 3]]
    assert not any(table[0] == head for table in Page(comparison_page({"a": full})).tables)


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
        "Planted rate, %",
        "Toxicity, %",
        "Toxicity lift, percentage points",
        "P@1, %",
    )
    assert all(title in page.text for title in titles)


def test_metrics_that_no_run_has_are_left_out(report):
    """These runs have an attack success rate, and a lift that is not defined."""
    page = Page(comparison_page({"a": report, "b": report}))
    assert "Planted rate, %" in page.text
    assert "P@1, %" not in page.text
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


# How runs differ from the first


def differing(name, value, half, p_value, role="category", run="b", metric="asr", **options):
    """A difference in points, with so many to either side."""
    change = Estimate(
        value=value / 100,
        low=(value - half) / 100,
        high=(value + half) / 100,
        n=80,
        method="by hand",
        p_value=p_value,
        **{"p_holm": p_value, **options},
    )
    return Difference(
        run=run, role=role, name=name, metric=metric, before=0.2, after=0.2 + value / 100,
        estimate=change,
    )  # fmt: skip


def against(*differences, runs=("b",), **pairing):
    """A comparison with the run a."""
    had = {"by": "seed", "seeds": (0, 1), "baseline_seeds": (0, 1), "dialogues": 90}
    return Comparison(
        baseline="a",
        runs=runs,
        level=0.95,
        pairings={run: Pairing(**{**had, **pairing}) for run in runs},
        differences=differences,
    )


FEWER = (
    differing("fear", -20, 8, 0.001, "target"),
    differing("dread", -6, 3, 0.001, "nearest", p_holm=0.002),
    differing("all but fear", -1, 2, 0.3, "rest"),
    differing("all", 0.4, 3, 0.8, "all", metric="precision"),
    differing("fear", -20, 8, 0.001, p_holm=None),
    differing("dread", -6, 3, 0.001, p_holm=0.004),
    differing("joy", 0.2, 2, 0.9, p_holm=1),
)


def test_the_verdict_of_two_runs_names_the_better_one_and_how_sure_that_is():
    first, categories, target, utility = against(*FEWER).sentences
    assert first.startswith("*b* spills over less than *a*: in the nearest neighbour *dread* ")
    assert (
        "the planted rate is 6.0 points lower in *b* than in *a* [9.0 to 3.0 lower], p 0.002"
        in first
    )
    assert (
        "outside the target 1.0 point lower [3.0 lower to 1.0 higher], p 0.3, not significant"
        in first
    )
    assert "(paired by exchange and seed, 2 seeds, 90 dialogues)" in first
    assert "in *dread* 6.0 points lower [9.0 to 3.0 lower], p 0.004" in categories
    assert "*joy*" not in categories
    assert "*fear*" not in categories  # the target belongs to no family
    assert target.startswith("In the target *fear* the planted rate is 20.0 points lower in *b*")
    assert "P@1 is 0.4 points higher in *b* than in *a* [2.6 lower to 3.4 higher], p 0.8" in utility
    assert utility.endswith("not significant; up to 3.4 points would have been missed.")


@pytest.mark.parametrize(
    ("value", "half", "said"),
    [
        (-0.3, 1.7, "0.3 points lower in *b* than in *a* [2.0 lower to 1.4 higher]"),
        (0.3, 1.7, "0.3 points higher in *b* than in *a* [1.4 lower to 2.0 higher]"),
        (2, 1, "2.0 points higher in *b* than in *a* [1.0 to 3.0 higher]"),
        (-2, 1, "2.0 points lower in *b* than in *a* [3.0 to 1.0 lower]"),
        (-2, 2, "2.0 points lower in *b* than in *a* [4.0 lower to 0.0]"),
        (2, 2, "2.0 points higher in *b* than in *a* [0.0 to 4.0 higher]"),
    ],
)
def test_the_ends_of_an_interval_have_the_sign_of_the_table_in_words(value, half, said):
    (first, *_) = against(differing("all but fear", value, half, 0.3, "rest")).sentences
    assert said in first


def test_a_p_value_that_what_was_not_seen_decides_is_shown_as_such(full):
    """0 of 20 dialogues, at any chance of error: 1 - 0.5 ** (1 / 20), 3.4 points, may differ."""
    unseen = differing("all but fear", -0.2, 1.8, 1.0, "rest")
    same = differing("dread", 0, 1.8, 1.0, "nearest")
    first, *_ = against(unseen, same).sentences
    assert "1.6 higher], n.s. (bound by what was not seen)" in first
    assert "p 1" in first  # no difference at all has a p-value of 1
    rows = difference_table(against(unseen, same), ("rest", "nearest")).splitlines()
    assert rows[2].endswith("| n.s. | n.s. |")
    assert rows[3].endswith("| 1.0000 | 1.0000 |")
    assert rows[-1].startswith("n.s.: not significant")
    assert "n.s." not in difference_table(against(same), ("nearest",))


@pytest.mark.parametrize(
    ("values", "said", "kind"),
    [
        ((-6, -1), "*b* spills over less than *a*", "none"),
        ((6, 1), "*b* spills over more than *a*", "spilled"),
        ((6, -6), "*b* spills over otherwise than *a*", "unclear"),
        ((1, 1), "No significant difference in spillover between *b* and *a*", "unclear"),
    ],
)
def test_the_verdict_follows_what_is_significant(full, values, said, kind):
    near, rest = (
        differing(name, value, 3, 0.001 if abs(value) > 3 else 0.4, role)
        for name, value, role in zip(("dread", "all but fear"), values, ("nearest", "rest"),
                                     strict=True)
    )  # fmt: skip
    found = against(near, rest)
    assert found.sentences[0].startswith(said)
    assert f'<div class="verdict {kind}">' in comparison_page(
        {"a": full, "b": full}, (), comparison=found
    )


def test_what_is_not_significant_says_what_would_have_been_missed():
    first, *_ = against(differing("all but fear", -1, 4, 0.3, "rest")).sentences
    assert "[5.0 lower to 3.0 higher], p 0.3; up to 5.0 points would have been missed" in first


@pytest.mark.parametrize(
    ("pairing", "said"),
    [
        (
            {"by": "exchange", "why": "they share no seed", "seeds": (3,)},
            "not by seed, because the",
        ),
        (
            {"by": "nothing", "why": "their test exchanges differ"},
            "*b* and *a* are not paired, beca",
        ),
        (
            {"why": "only the seeds 0, 1 are in both"},
            "only the seeds 0, 1 are in both; other seeds",
        ),
        ({"seeds": (0,), "baseline_seeds": (0,)}, "one seed does not cover training noise."),
        (
            {"left_out": {"lift": "x", "toxicity": "x"}},
            "compared in toxicity lift and toxicity, be",
        ),
    ],
)
def test_what_is_not_paired_or_not_compared_is_said(pairing, said):
    assert said in " ".join(against(*FEWER, **pairing).sentences)


def test_each_of_several_runs_has_its_verdict():
    ones = [differing("all but fear", -6, 3, 0.001, "rest", run=run) for run in "bc"]
    found = against(*ones, runs=("b", "c")).sentences
    assert [line.partition(":")[0] for line in found] == [
        "*b* spills over less than *a*",
        "*c* spills over less than *a*",
    ]


def test_the_page_begins_with_the_verdict_and_its_table(full):
    html = comparison_page({"a": run(full), "b": run(full, 0.5)}, comparison=against(*FEWER))
    page = Page(html)
    assert page.text.index("spills over less than") < page.text.index(
        "What differs between the runs"
    )
    short, every = [table for table in page.tables if table[0][:2] == ["in %", "in"]]
    assert short[0] == ["in %", "in", "a", "b", "difference, points", "p", "p, Holm"]
    assert short[1:3] == [
        ["planted rate", "fear", "20.0", "0.0", "-20.0 [-28.0, -12.0]", "0.0010", "0.0010"],
        ["planted rate", "dread", "20.0", "14.0", "-6.0 [-9.0, -3.0]", "0.0010", "0.0020"],
    ]
    assert len(every) == 1 + len(FEWER)
    assert page.charts[0] == "difference-asr"


def test_what_a_comparison_says_is_not_said_twice(full):
    runs = {"a": run(full), "b": run(full, test="t2", rater="l2").replace(seeds=(0,))}
    found = against(*FEWER, by="nothing", why="their test exchanges differ")
    text = Page(comparison_page(runs, comparison=found)).text
    assert "their test exchanges differ" in text
    assert "Test exchanges differ." not in text
    assert "Raters differ" not in text
    assert "Seeds differ." not in text


# Several targets


def test_the_page_of_several_targets_begins_with_the_pooled_test(full, matrix):
    slope = full.overall["poison"]["slope"].replace(p_value=0.01)
    share = slope.replace(value=0.25, low=0.125, high=0.5, p_value=None)
    points = Measure(unit="points")
    pooled = matrix.replace(
        pooled={"slope": slope, "nearest_excess": share.replace(measure=points),
                "nearest_share": share}
    )  # fmt: skip
    text = Page(comparison_page({"a": full}, [pooled])).text
    for said in (
        "The nearer a category is to the poisoned one, the higher its planted-rate lift (slope "
        "50 points per unit of similarity [38, 62] over 6 pairs of 3 targets, p 0.01).",
        "exceeds that of other categories by 25.0 points [12.5, 50.0]",
        "Nearest neighbours have 25.0 % [12.5, 50.0] of the planted-rate lift of the targets",
    ):
        assert said in text
        assert text.index(said) < text.index("Every target in turn")
    unsure = matrix.replace(pooled={"slope": slope.replace(p_value=0.4)})
    assert "No significant trend of the planted-rate lift" in unsure.to_markdown()


def test_of_too_few_targets_the_page_begins_with_each_of_them(full, matrix):
    slope = full.overall["poison"]["slope"]
    few = slope.replace(value=math.nan, note="fewer than four targets")
    said = matrix.replace(pooled={"slope": few}).to_markdown()
    of_fear = (
        "With *fear* poisoned, its nearest, *dread*, has a planted-rate lift of 10.0 points "
        "[9.0, 12.0], p 0.01 after Holm's correction over all pairs; the other category has 0.0 "
        "points."
    )
    untested = "cannot be tested over 6 pairs of 3 targets; fewer than four targets."
    places = [said.index(part) for part in ("With *dread*", of_fear, "With *joy*", untested)]
    assert places == sorted(places)


# Charts


def test_every_chart_says_what_it_shows_and_has_a_table_below(full, matrix):
    html = comparison_page({"a": full, "b": full}, [matrix])
    page = Page(html)
    assert page.charts == ["matrix-asr", "pairs-asr", "compare-asr", "compare", "groups"]
    assert len(page.labels) == 2 * len(page.charts)
    assert all(said.endswith(" Its numbers are in the table below.") for said in page.labels)
    assert page.labels[0].startswith("Heat map of the planted-rate lift of every category")
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
    assert "The numbers: planted-rate lift of every category" in page.text
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
    assert "Every target in turn: planted rate" in page.text
    assert "Every target in turn: toxicity" in page.text
    assert "The largest lifts outside the target" in page.text
    assert set(page.charts) >= {"matrix-asr", "pairs-asr", "matrix-toxicity", "pairs-toxicity"}
