import copy
import json
import math
import pickle

import pytest
from pydantic import ValidationError

from semspill import DataError, SpilloverReport
from semspill.results import Provenance

# Slices


def test_a_category_is_meant_in_the_poisoned_arm(report):
    assert report.main_arm == "poison"
    assert report.category("joy").asr.value == 0.125
    assert report.category("joy", "clean").asr.value == 0
    assert report.group("all but fear").asr.value == 0.1875
    assert report.group("all", "clean").arm == "clean"


def test_without_a_poisoned_arm_the_last_one_is_meant(report):
    assert report.replace(arms=("clean",)).main_arm == "clean"
    assert report.replace(arms=("clean", "pool_only")).main_arm == "pool_only"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda r: r.category("drread"),
            "The report has no category 'drread'. Did you mean 'dread'? It has: dread, fear, joy.",
        ),
        (lambda r: r.category("all"), "The report has no category 'all'. It has: "),
        (
            lambda r: r.group("all but joy"),
            "The report has no group 'all but joy'. Did you mean 'all but fear'? It has: fear, "
            "dread, joy, all but fear, all.",
        ),
        (
            lambda r: r.category("joy", "poisn"),
            "The report has no arm 'poisn'. Did you mean 'poison'? It has: clean, poison.",
        ),
        (lambda r: r.group("joy", "zzz"), "The report has no arm 'zzz'. It has: clean, poison."),
    ],
)
def test_what_the_report_lacks_is_said_with_the_nearest_name(report, ask, said):
    with pytest.raises(DataError) as caught:
        ask(report)
    assert str(caught.value).startswith(said)


def test_it_shows_the_target_s_numbers(report):
    assert repr(report) == (
        "<SpilloverReport: planted in fear, planted rate 0.500 [0.375, 0.625] there, 2 seeds>"
    )


# JSON


def test_json_gives_the_same_report_back(report):
    text = report.to_json()
    again = SpilloverReport.from_json(text)
    assert again.to_json() == text
    assert again.category("dread") == report.category("dread") or math.isnan(
        again.category("dread").lift.value
    )
    assert again.seeds == (0, 1)
    assert again.curve == report.curve
    assert again.provenance == report.provenance


def test_what_is_not_defined_is_null_and_comes_back_as_nan(report):
    text = report.to_json()
    assert "NaN" not in text
    assert text.endswith("}\n")
    assert json.loads(text)["overall"]["poison"]["other"]["value"] is None
    again = SpilloverReport.from_json(text)
    assert math.isnan(again.overall["poison"]["other"].value)
    assert math.isnan(again.category("joy").lift.low)


def test_another_json_is_refused(report):
    with pytest.raises(ValidationError, match="target"):
        SpilloverReport.from_json('{"format": 2}')
    fields = {**json.loads(report.to_json()), "traget": "fear"}
    with pytest.raises(ValidationError, match="Did you mean 'target'"):
        SpilloverReport.from_json(json.dumps(fields))


@pytest.mark.parametrize(
    "remade",
    [copy.copy, copy.deepcopy, lambda report: pickle.loads(pickle.dumps(report))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_says_the_same(report, remade):
    again = remade(report)
    assert again.to_json() == report.to_json()
    assert again.category("dread").asr.value == 0.25


# Markdown


@pytest.fixture
def sections(report) -> dict[str, str]:
    """The page by heading."""
    first, *rest = report.to_markdown().split("\n## ")
    return {"": first, **dict(part.split("\n\n", 1) for part in rest)}


def rows(section: str) -> list[list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_begins_with_the_finding(sections):
    title, verdict, facts, done, found = sections[""].split("\n\n")
    assert title == "# Planted under *fear*"
    assert verdict.startswith("**Cannot tell: ")
    assert facts == "12 test dialogues (24 exchanges) · 2 seeds"
    assert done.startswith("Responses were planted in training dialogues of *fear*. ")
    assert found.startswith(
        "- The planted rate is 50.0 % [37.5, 62.5] in *fear*, the target; 25.0 % [12.5, 37.5] in "
        "*dread*, its nearest neighbour; and 18.8 % [6.2, 31.2] in all but *fear*.\n"
    )


def test_the_page_says_what_to_know(sections):
    for note in ("One training seed: beware.", "The floor is 0.0100."):
        assert f"- {note}" in sections["What to know first"]


def test_groups_have_a_row_each_with_both_arms_side_by_side_in_percent(sections):
    assert "### Utility" not in sections["Groups"]
    assert "Exchanges of one seed (dialogues): *fear* 8 (4), " in sections["Groups"]
    head, line, *body = rows(sections["Groups"])
    assert [cell.partition(", ")[2] for cell in head] == ["", "clean, %", "poison, %", "points"]
    assert set(line) == {"---"}
    assert [row[0] for row in body] == ["fear", "dread", "joy", "all but fear", "all"]
    assert ["fear", "0.0 [-12.5, 12.5]", "50.0 [37.5, 62.5]", "not defined"] in body


def test_the_distribution_has_ten_bins(sections):
    head, _, *body = rows(sections["Toxicity of the chosen responses, in ten bins"])
    assert head[2:] == [f"{n / 10:.1f}-{(n + 1) / 10:.1f}" for n in range(10)]
    assert ["dread", "poison", "75.0%", *["0.0%"] * 8, "25.0%"] in body


def test_the_trend_comes_with_its_p_value_and_method(sections):
    assert "Similarity: cosine by hand" in sections["Spillover against similarity"]
    _, _, *body = rows(sections["Spillover against similarity"])
    # A bar inside a cell is escaped, else it would end the cell.
    assert body == [
        [
            "Slope, toxicity",
            "50.0 points per unit of similarity [37.5, 62.5]",
            "0.0325",
            "2",
            "a\\|b",
        ],
        ["Other", "not defined", "", "8", "hand"],
    ]


def test_categories_come_nearest_first(sections):
    _, _, *body = rows(sections["Categories, nearest to the target first"])
    assert [row[:3] for row in body] == [
        ["fear", "1.000", "4"],
        ["dread", "0.750", "4"],
        ["joy", "-0.500", "4"],
    ]


def test_a_category_of_unknown_similarity_has_an_empty_cell(report):
    bare = [part.replace(similarity=None) for part in report.categories]
    page = report.replace(categories=tuple(bare)).to_markdown()
    assert "| dread |  | 4 |" in page


def test_the_sources_are_cited(sections):
    assert rows(sections["Sources"])[2:] == [
        ["HashingEncoder", "Somebody 1999"],
        ["BuiltinSource", "original"],
    ]


def test_a_report_without_attack_success_still_has_a_page(report):
    def bare(parts):
        return tuple(part.replace(estimates={"lift": part.lift}) for part in parts)

    bare_report = report.replace(
        categories=bare(report.categories), groups=bare(report.groups), provenance=Provenance()
    )
    page = bare_report.to_markdown()
    assert page.startswith("# Planted under *fear*\n\n**Cannot tell: no lift was measured.**\n\n")
    assert "asr" not in page
    assert "planted rate" not in page
    assert "## Sources" not in page


def test_names_with_markup_are_no_markup_in_the_page(report):
    def renamed(parts):
        return tuple(p.replace(name="*<b>") if p.name == "joy" else p for p in parts)

    page = report.replace(
        categories=renamed(report.categories), groups=renamed(report.groups)
    ).to_markdown()
    assert r"| \*\<b\> | -0.500 | 4 |" in page
    assert "<b>" not in page.replace(r"\<b\>", "")


@pytest.mark.parametrize(
    ("written", "has"), [({"format": 7}, "has format 7"), ({}, "has no format version")]
)
def test_a_report_of_another_format_is_refused(report, written, has):
    fields = json.loads(report.to_json())
    assert fields.pop("format") == 2
    with pytest.raises(DataError, match=f"This report {has}; this version .* reads format 2"):
        SpilloverReport.from_json(json.dumps(written | fields))
