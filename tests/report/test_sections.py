"""The sections of the page that need several arms, tests or definitions of similarity."""

import math

import pytest
from tests.report.conftest import measured

from semspill import SpilloverReport
from semspill.errors import ConfigError
from semspill.results import Band


def section(report, title) -> str:
    """The text under a heading; empty when the page has none."""
    parts = report.to_markdown().split(f"\n## {title}\n\n")
    return parts[1].split("\n## ")[0] if len(parts) == 2 else ""


def rows(text) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


# Groups


def test_attack_utility_and_a_user_s_metrics_have_a_table_each(full):
    """A quantity's levels in both arms stand before its change; no row has an empty cell."""
    text = section(full, "Groups")
    attack, utility, other = (part.split("### ")[0] for part in text.split("### ")[1:])
    assert attack.startswith("Attack\n")
    assert [cell.partition(", ")[2] for cell in rows(attack)[0]] == [
        "", "clean, %", "poison, %", "points", "clean, %", "poison, %", "points",
    ]  # fmt: skip
    assert all(all(row) for row in rows(attack))
    assert rows(utility)[0] == ["group", "P@1, clean, %", "P@1, poison, %"]
    assert ["dread", "50.0 [37.5, 62.5]", "50.0 [37.5, 62.5]"] in rows(utility)
    assert ["dread", "7.000 [6.875, 7.125]", "7.000 [6.875, 7.125]"] in rows(other)


def test_of_several_arms_each_has_a_row_beside_its_baseline(full):
    """The clean arm has none: it stands beside every other."""
    more = [p.replace(arm="pool_only") for p in full.groups if p.arm == "poison"]
    three = full.replace(arms=("clean", "poison", "pool_only"), groups=(*full.groups, *more))
    attack = section(three, "Groups").split("### ")[1]
    head, _, *body = rows(attack)
    assert head[:2] == ["group", "arm"]
    assert [cell.partition(", ")[2] for cell in head[2:5]] == ["clean, %", "arm, %", "points"]
    assert [row[:2] for row in body[:3]] == [
        ["fear", "poison"], ["fear", "pool_only"], ["dread", "poison"],
    ]  # fmt: skip


def test_a_group_without_any_number_is_left_out(full):
    groups = tuple(
        part.replace(estimates={k: v for k, v in part.estimates.items() if k == "lift"})
        if part.name == "dread"
        else part.replace(estimates={})
        for part in full.groups
    )
    body = rows(section(full.replace(groups=groups), "Groups"))[2:]
    assert [row[0] for row in body] == ["dread"]


# Decomposition

DECOMPOSITION = "How much is pool, training and lost quality"


def test_the_parts_stand_in_one_row_per_group_and_quantity(full):
    text = section(full, DECOMPOSITION)
    assert text.index("### Planted rate") < text.index("### Toxicity")
    head, _, *body = rows(text.split("### Toxicity")[1])
    assert head == ["group", "total", "pool", "training", "both", "quality", "harm"]
    assert [row[0] for row in body] == ["fear", "dread", "all"]
    assert body[0][1:4] == ["50.0 [37.5, 62.5]", "12.5 [0.0, 25.0]", "0.0 [-12.5, 12.5]"]


def test_only_the_parts_that_are_there_are_explained(full):
    text = section(full, DECOMPOSITION)
    assert "total = pool + training + both" in text
    few = tuple(p for p in full.decomposition if p.part in ("total", "pool"))
    less = section(full.replace(decomposition=few), DECOMPOSITION)
    assert "`pool` is what planted candidates do to a clean model" in less
    assert "`both`" not in less
    assert rows(less)[0] == ["group", "total", "pool"]


def test_without_parts_and_other_similarities_there_are_no_sections(report):
    assert section(report, DECOMPOSITION) == ""
    assert section(report, SENSITIVITY) == ""


# The whole arm


def test_other_arms_stand_beside_one_another(full):
    main, others = section(full, "Spillover against similarity").split("The same in the other arms")
    assert ["Radius", "never", "", "8", "hand"] in rows(main)
    assert rows(others) == [
        ["metric", "pool_only"],
        ["---", "---"],
        ["Slope, toxicity", "0.0 points per unit of similarity [-12.5, 12.5]"],
        ["Radius", ""],
    ]


def test_a_clean_arm_alone_has_nothing_to_compare(full):
    alone = full.replace(overall={})
    assert "Arm `" not in section(alone, "Spillover against similarity")


# Sensitivity

SENSITIVITY = "How much depends on the definition of similarity"


def test_every_definition_says_who_is_nearest_and_how_far_it_agrees(full):
    text = section(full, SENSITIVITY)
    assert text.startswith(
        "The definitions differ on which category is the nearest: *dread* and *joy*."
    )
    table = rows(text)
    assert ["label", "dread", "0.50", "label by hand"] in table
    assert ["vad", "joy", "not defined", "vad by hand"] in table
    assert ["metric", "as used above", "label", "vad"] in table
    assert [
        "Slope, toxicity",
        *["50.0 points per unit of similarity [37.5, 62.5], p 0.0325"] * 3,
    ] in table
    assert ["Radius", *["never"] * 3] in table


def test_definitions_that_agree_are_said_to(full):
    one = full.replace(sensitivity=full.sensitivity[:1], overall={"poison": {}})
    text = section(one, SENSITIVITY)
    assert text.startswith("Every definition names *dread* the nearest.")
    assert "as used above" not in text


def test_a_nearest_category_that_the_analyzer_was_told_is_no_definition_s(full):
    """By similarity dread is the nearest, to the report's and to the other definition alike."""
    told = full.replace(nearest="joy", sensitivity=full.sensitivity[:1])
    assert section(told, SENSITIVITY).startswith(
        "Every definition names *dread* the nearest. The report takes *joy*, which was named "
        "by hand. "
    )
    two = told.replace(sensitivity=full.sensitivity)
    assert section(two, SENSITIVITY).startswith(
        "The definitions differ on which category is the nearest: *dread* and *joy*. The report "
        "takes *joy*"
    )
    unknown = told.replace(similarity={})
    assert section(unknown, SENSITIVITY).startswith("Every definition names *dread* the nearest.")


# Categories

CATEGORIES = "Categories, nearest to the target first"


def test_what_survives_is_marked(full):
    text = section(full, CATEGORIES)
    assert text.startswith("\\* marks what is significant after Holm's correction.")
    head, _, *body = rows(text)
    # Levels are left out where their change is shown.
    assert head == [
        "category", "similarity", "dialogues", "Planted-rate lift, points", "Toxicity lift, points",
        "P@1, %", "Mine",
    ]  # fmt: skip
    assert body[1] == [
        "dread", "0.750", "4", *["12.5 [0.0, 25.0] \\*"] * 2, "50.0 [37.5, 62.5]",
        "7.000 [6.875, 7.125]",
    ]  # fmt: skip
    assert body[2][3] == "6.2 [-6.2, 18.8]"


def test_a_lift_that_excludes_the_margin_has_its_mark(full):
    def tested(part):
        lift = part.estimates["asr"].replace(value=0.01, low=-0.01, high=0.04, p_margin=0.01)
        return part.replace(estimates=measured({"asr_lift": lift}))

    known = full.replace(categories=(*full.categories[:3], *map(tested, full.categories[3:])))
    text = section(known, CATEGORIES)
    assert "1.0 [-1.0, 4.0] \N{DAGGER}" in text
    assert "\N{DAGGER} a lift that excludes a rise of 5 points or more" in text
    assert "\N{DAGGER}" not in section(full, CATEGORIES)


# The values themselves


def test_all_of_it_survives_json(full):
    again = SpilloverReport.from_json(full.to_json())
    assert again.to_json() == full.to_json()
    assert again.decomposition == full.decomposition
    assert again.bands == full.bands
    assert again.bands["lift"].level == 0.95
    assert math.isnan(again.sensitivity[1].agreement)
    assert again.sensitivity[0].nearest == "dread"


@pytest.mark.parametrize(
    ("low", "high", "rejects"), [(0.0, 0.1, True), (0.3, 0.4, True), (0.2, 0.3, False)]
)
def test_a_line_outside_its_band_rejects(low, high, rejects):
    band = Band(
        similarity=(0, 0.5, 1), line=(0, 0.1, 0.2), low=(0, 0.1, low), high=(0.2, 0.1, high)
    )
    assert band.rejects is rejects


def test_a_band_has_three_places():
    with pytest.raises(ConfigError, match="at least 3"):
        Band(similarity=(0, 1), line=(0, 1), low=(0, 1), high=(0, 1))
