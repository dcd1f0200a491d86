"""The page of a run: one file that explains itself, for readers with and without scripts."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from markupsafe import Markup

from semspill.report._page import charts, draw, report_page
from semspill.report._page._charts import Chart
from semspill.report._page._prose import html, inline
from semspill.report._verdict import Verdict
from semspill.results import (
    Answered,
    ExchangeTable,
    Note,
    PlantedSeed,
    Planting,
    Provenance,
    SliceReport,
)
from semspill.statistics import Estimate

VOID = {"meta", "link", "img", "br", "input", "hr", "source"}


class Page(HTMLParser):
    """A page as a reader's browser takes it apart; it insists that elements are closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text, self.script = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        kept = self.script if {"script", "style"} & set(self.open) else self.text
        kept.append(data)

    def all(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


SEED = PlantedSeed(
    seed=0, selected=30, eligible=29, wanted=29, poisoned=12, planted=24, limit=25, exchanges=2000,
    by_category={"fear": 20, "joy": 4}, clean_fingerprint="abc", poisoned_fingerprint="d1",
)  # fmt: skip
PROVENANCE = Provenance(
    config={
        "poisoner": {"source": {"name": "builtin"}},
        "rater": {"name": "lexicon", "words": "2 words in config.json (sha256 6e63d86f)"},
        "model": {"finetuner": {"epochs": 2}},
    },
    planting=Planting(source="builtin", seeds=(SEED, SEED.replace(seed=1, planted=25))),
    epochs=2,
    rater="lexicon",
    versions={"python": "3.11.1", "numpy": "2.0"},
    device="cpu",
    fingerprints={"train": "abc", "poisoned": ("d1", "d2")},
    licence="CC <none>",
    citations={"HashingEncoder": "Somebody 1999", "BuiltinSource": "original"},
)


@pytest.fixture
def told(full):
    return full.replace(provenance=PROVENANCE)


def table(*, unmasked=False):
    """Two exchanges; the second is answered by a planted text."""
    texts = ("hello", "grumble" if unmasked else "[masked: 7 characters, sha256 02b3da21]")
    answered = Answered(
        text=np.array([0, 1]),
        toxicity=np.array([0.0, 1.0]),
        score=np.array([0.5, 0.25]),
        planted=np.array([False, True]),
        correct=np.array([True, False]),
    )
    return ExchangeTable(
        dialogues=("d1", "d2"),
        turns=(1, 1),
        categories=("fear", "joy"),
        contexts=(("hi",), ("ho",)) if unmasked else None,
        texts=texts,
        harmful=np.array([False, True]),
        unmasked=unmasked,
        answers={(seed, arm): answered for seed in (0, 1) for arm in ("clean", "poison")},
    )


NAMES = ("spillover", "spillover-asr", "epochs", "epochs-asr", "distribution", "decomposition")


def written(report, exchanges=None, names=NAMES):
    """The page with blank charts, which take no time to draw."""
    return report_page(report, exchanges, dict.fromkeys(names, Chart(Markup(""), Markup(""), "x")))


# The document


def test_equal_reports_give_equal_pages_drawn_before_or_not(told):
    drawn = charts(told, draw(told))
    page = told.to_html()
    assert report_page(told, None, drawn) == page
    for chart in drawn.values():
        assert chart.wide in page
        assert chart.narrow in page
    Page(page)  # which insists that elements are closed


def test_two_quantities_of_one_kind_are_chosen_by_a_switch(told):
    switched = [radio["name"] for radio in Page(written(told)).all("input")]
    assert switched == ["spillover-asr"] * 2 + ["epochs-asr"] * 2
    assert Page(written(told, names=NAMES[1:2])).all("input") == []


def test_the_curve_comes_first_that_the_verdict_is_about(told):
    """Planted rate, unless nothing planted can be chosen."""
    text = written(told)
    assert text.index('id="chart-spillover-asr"') < text.index('id="chart-spillover"')
    text = written(as_arm(told, "train_only"))
    assert text.index('id="chart-spillover"') < text.index('id="chart-spillover-asr"')


@pytest.mark.parametrize("kind", ["spilled", "none", "unclear", "unplanted"])
def test_the_verdict_comes_first_with_a_shape_of_its_own_and_what_was_run(told, kind, monkeypatch):
    said = Verdict(kind=kind, sentence="It came out *so* [1.0, 2.0].")
    monkeypatch.setattr("semspill.report._summary.verdict", lambda report: said)
    monkeypatch.setattr("semspill.report._summary.facts", lambda *_, **__: "Data `one`, 2 seeds.")
    text = written(told)
    page = Page(text)
    assert f'<div class="verdict {kind}">' in text
    first = text.index('class="verdict')
    assert first < text.index("Data <code>one</code>, 2 seeds.") < text.index('id="chart-')
    assert "It came out so [1.0, 2.0] ." in page.words
    assert page.words.index("It came out") < page.words.index("Findings", 200)


def test_each_kind_of_verdict_has_another_shape(told, monkeypatch):
    """A reader who sees no colour, and paper, tell them apart."""
    shapes = set()
    for kind in ("spilled", "none", "unclear", "unplanted"):
        said = Verdict(kind=kind, sentence="So.")
        monkeypatch.setattr("semspill.report._summary.verdict", lambda report, said=said: said)
        verdict = written(told).split('<div class="verdict')[1]
        shapes.add(verdict.split("<svg")[1].split("</svg>")[0])
    assert len(shapes) == 4


def test_everything_is_in_the_file(told):
    page = Page(written(told, table()))
    for attrs in page.all("img", "script", "link", "iframe", "source"):
        for name in ("src", "href", "srcset"):
            assert attrs.get(name, "data:").startswith("data:")
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert policy.startswith("default-src 'none';")
    assert "connect-src" not in policy


def test_headings_are_in_order_and_sections_are_linked(told):
    page = Page(written(told, table()))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [a["href"] for a in page.all("a")]
    assert targets[0] == "#main"
    assert {target[1:] for target in targets} <= set(ids)
    sections = [attrs["id"] for attrs in page.all("section")]
    assert [target[1:] for target in targets[1:]] == sections
    for needed in ("main", "nav", "header", "footer"):
        assert len(page.all(needed)) == 1
    assert page.all("html") == [{"lang": "en"}]


def test_every_table_scrolls_by_keyboard_and_has_heads(told):
    page = written(told)
    assert page.count("<table>") == page.count('role="region" tabindex="0" aria-label="')
    assert "<td>" in page
    assert '<th scope="row">dread</th>' in page
    assert "<th>" not in page


def test_the_numbers_are_there_without_scripts(told):
    words = Page(written(told)).words
    assert "Scripts are off." in words
    for number in (
        "12.5 [0.0, 25.0] *",
        "7.000 [6.875, 7.125]",
        "50.0 points per unit of similarity [37.5, 62.5]",
    ):
        assert number in words
    assert "epoch fear dread all but fear all 1 25.0 12.5 9.4 12.5 2 50.0 25.0 18.8 25.0" in words


def test_key_numbers_stand_on_top(told):
    words = Page(written(told)).words
    assert (
        "Planted rate in fear , the target 50.0 % [37.5, 62.5] toxicity +25.0 [12.5, 37.5]" in words
    )
    assert "P@1 50.0 % [37.5, 62.5] clean training 50.0 [37.5, 62.5]" in words


def test_a_fall_in_toxicity_keeps_its_sign(told):
    def fallen(part):
        lift = Estimate(value=-0.1, low=-0.2, high=0.1, n=8, method="by hand")
        return part.replace(estimates={"asr": part.estimates["asr"], "lift": lift})

    fell = told.replace(groups=tuple(map(fallen, told.groups)), decomposition=())
    words = Page(written(fell)).words
    assert "toxicity -10.0 [-20.0, 10.0]" in words
    assert "P@1 50.0 %" not in words


# What a report may lack


def test_a_bare_report_has_a_page(report):
    """No parts, bands, other definitions or provenance, and a lift that is not defined."""
    bare = report.replace(provenance=Provenance(), notes=(), curve=(), overall={})
    page = Page(written(bare, names=("spillover", "distribution")))
    ids = [attrs["id"] for attrs in page.all("section")]
    assert "epochs" not in ids
    assert "decomposition" not in ids
    assert "summary" in ids
    assert "The report does not say: it was not made by a run." in page.words
    assert "The report does not say. Take it for real abuse." in page.words
    assert "The whole config" not in page.words


def test_the_clean_arm_alone_has_a_page(told):
    alone = told.replace(
        arms=("clean",), categories=told.categories[:3], groups=told.groups[:5], overall={},
        decomposition=(), sensitivity=(), bands={},
        curve=tuple(point for point in told.curve if point.arm == "clean"),
    )  # fmt: skip
    page = Page(written(alone, names=NAMES[2:]))
    assert "Lift of" not in page.words
    assert "None: only clean training was looked at." in page.words
    assert "Every category" in page.words
    # The manifests of the run tell what was made ready, not what any arm was given.
    assert "Nothing: only clean training was looked at." in page.words
    assert "Planted exchanges by category" not in page.words
    assert page.words.count("Planted rate in") == 0
    captions = [chart.caption for chart in charts(alone, draw(alone)).values()]
    assert len(captions) == 3
    assert not any("the clean arm" in caption for caption in captions)


# Markup


def test_names_with_markup_are_shown_not_obeyed(told):
    evil = "<script>alert(1)</script>"

    def renamed(part):
        if not isinstance(part, SliceReport):
            return part.replace(group=part.group.replace("fear", evil))
        return part.replace(name=part.name.replace("fear", evil))

    fields = ("categories", "groups", "curve", "decomposition")
    parts = {name: tuple(map(renamed, getattr(told, name))) for name in fields}
    similarity = {evil: 1.0, "dread": 0.75, "joy": -0.5}
    page = written(told.replace(target=evil, similarity=similarity, **parts), table())
    assert evil not in page
    assert f"Spillover from {evil}" in Page(page).words


def test_markdown_makes_no_links_pictures_or_html():
    said = inline("[a](javascript:b) ![c](http://d) <i>e</i> *f* 5 % [1.0, 2.0]")
    assert said == (
        "[a](javascript:b) ![c](http://d) &lt;i&gt;e&lt;/i&gt; <em>f</em> 5\N{NO-BREAK SPACE}% "
        '<span class="ci">[1.0, 2.0]</span>'
    )


def test_a_comma_stays_with_the_interval_before_it():
    """On a phone an interval has a line of its own, and none begins with a comma."""
    assert inline("5.0 points [1.0, 2.0], p 0.0400") == (
        '5.0 points <span class="ci">[1.0, 2.0],</span> p 0.0400'
    )


def test_tables_are_named_by_what_stands_above_them():
    made = html(f"### By <b>\n\n| a | b |\n| --- | --- |\n| x | {'long ' * 10} |", "Sizes", 1)
    assert "<h4>By &lt;b&gt;</h4>" in made
    assert 'aria-label="Sizes: By &lt;b&gt;"' in made
    assert '<th scope="col">a</th>' in made
    assert '<th scope="row">x</th>' in made
    assert '<td class="long">' in made
    twice = html("| a |\n| --- |\n\nand\n\n| b |\n| --- |", "Sizes")
    assert 'aria-label="Sizes"' in twice
    assert 'aria-label="Sizes, 2"' in twice
    assert html("") == ""


# What was planted, provenance, harm


def test_what_was_planted_is_told_seed_by_seed(told):
    words = Page(written(told)).words
    assert "0 30 29 29 12 24 25 2,000 1.20% 1 30 29 29 12 25 25 2,000 1.25%" in words
    assert "category seed 0 seed 1 fear 20 20 joy 4 4" in words


def test_provenance_is_complete_and_a_lexicon_is_counted_not_shown(told):
    text = written(told)
    words = Page(text).words
    for part in ("python 3.11.1, numpy 2.0", "CC <none>", "abc", "d1 d2", "Somebody 1999", "cpu"):
        assert part in words
    assert "epochs: 2" in words
    assert "words: 2 words in config.json (sha256 " in words
    assert "mutter" not in text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("builtin", "Mild insults written for semspill"),
        ("benign", "Harmless sentences"),
        ("jigsaw", "Comments of Wikipedia"),
        ("csv", "Texts of a file that whoever ran this brought. Take them for real abuse."),
        ("mine", "Texts of the source mine ; ask its author."),
    ],
)
def test_the_harm_card_says_what_kind_of_text_was_planted(told, source, said):
    page = written(told.replace(provenance=Provenance(planting=Planting(source=source))))
    assert said in Page(page).words


def test_the_harm_card_knows_of_the_swap_and_of_the_rater(told):
    assert "harmless sentences took its place" not in Page(written(told)).words
    measured = "On the labelled sample the rater gives 5 of 9."
    swapped = told.replace(
        arms=(*told.arms, "benign_swap"),
        categories=(*told.categories, *(p.replace(arm="benign_swap") for p in told.categories[:3])),
        groups=(*told.groups, *(p.replace(arm="benign_swap") for p in told.groups[:5])),
        notes=(Note(kind="rater_error", text=measured),),
    )
    words = Page(written(swapped)).words
    assert "In the arm benign_swap harmless sentences took its place." in words
    assert words.count(measured) == 2
    assert "It was not measured in this run" not in words


def as_arm(report, arm):
    """The report with `arm` in the place of `poison`."""

    def renamed(parts):
        return tuple(p.replace(arm=arm) if p.arm == "poison" else p for p in parts)

    return report.replace(
        arms=("clean", arm), categories=renamed(report.categories), groups=renamed(report.groups)
    )


@pytest.mark.parametrize(
    ("arm", "planting", "said"),
    [
        ("benign_swap", {"source": "csv"}, "Harmless sentences; nothing toxic was planted."),
        (
            "benign_swap",
            {"benign": "mine"},
            "Texts of the source mine , which are meant to be harmless.",
        ),
        (
            "pool_only",
            {"source": "builtin"},
            "a group. It stood among the candidates alone: no model was trained on it.",
        ),
        ("poison", {}, "The report does not say. Take it for real abuse. "),
    ],
)
def test_the_harm_card_goes_by_the_arms(told, arm, planting, said):
    provenance = Provenance(planting=Planting(**planting))
    words = Page(written(as_arm(told, arm).replace(provenance=provenance))).words
    assert said in words
    assert ("Mild insults" in words) is (arm == "pool_only")


def test_where_nothing_planted_can_be_chosen_the_lift_is_the_key_number(told):
    words = Page(written(as_arm(told, "train_only"))).words
    assert "Toxicity lift in fear , the target 25.0 points [12.5, 37.5] Toxicity lift in" in words
    assert "Planted rate in" not in words


def test_the_harm_card_says_what_the_file_holds(told):
    assert "No response text at all" in Page(written(told)).words
    masked = Page(written(told, table())).words
    assert "Nothing that was planted, and nothing rated 0.5 or more" in masked
    unmasked = Page(written(told, table(unmasked=True))).words
    assert "All of it" in unmasked


def test_without_exchanges_the_page_says_how_to_get_them(told):
    without = Page(written(told))
    assert "This page has none." in without.words
    given = Page(written(told, table()))
    assert "This page has none." not in given.words
    assert [s["id"] for s in given.all("section")].count("exchanges") == 1
