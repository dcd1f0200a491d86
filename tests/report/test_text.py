"""A report printed: plain text with the verdict and the main numbers, short, every category."""

import pytest

from semspill.report._text import left_out, shown_slices
from semspill.results import Verdict


def test_a_printed_report_is_its_verdict_its_facts_and_the_small_table(full):
    title, verdict, facts, table = str(full).split("\n\n")
    assert title == "Spillover from fear"
    assert verdict == str(full.verdict)
    assert facts.startswith("12 test dialogues (24 exchanges)")
    head, *rows = (line.split() for line in table.splitlines())
    assert head == ["poison,", "in", "%", "n", "planted", "rate", "toxicity", "lift", "P@1"]
    assert rows[0] == "fear 8 50.0 [37.5, 62.5] 25.0 [12.5, 37.5] 50.0 [37.5, 62.5]".split()
    assert [row[0] for row in rows] == ["fear", "dread", "joy", "all", "all"]


def test_the_verdict_is_a_value_and_prints_without_markup(full):
    assert full.verdict.kind == "spilled"
    assert full.verdict.sentence.startswith("Spilled over to *dread*")
    assert str(full.verdict).startswith("Spilled over to dread")
    assert str(Verdict(kind="none", sentence=r"In *a\*b\_c* and `d`.")) == "In a*b_c and d."


@pytest.mark.parametrize(("clean", "poison", "said"), [(0.176, 0.05, True), (0.1, 0.1, False)])
def test_why_two_intervals_of_no_toxic_answer_differ_is_said(full, clean, poison, said):
    highs = {"clean": clean, "poison": poison}
    level = full.group("fear").estimates["toxicity"]
    groups = tuple(
        part.replace(
            estimates={
                **part.estimates,
                "toxicity": level.replace(value=0.0, low=0.0, high=highs[part.arm]),
            }
        )
        for part in full.groups
    )
    assert ("although none was seen in either" in full.replace(groups=groups).to_markdown()) is said


def grown(report, count):
    """The report with so many more categories that are no groups, the last the most similar."""
    names = [f"more {number}" for number in range(count)]
    parts = [
        part.replace(name=name)
        for part in report.categories
        if part.name == "joy"
        for name in names
    ]
    similarity = {name: 0.1 * place for place, name in enumerate(names)}
    return report.replace(
        categories=(*report.categories, *parts), similarity={**report.similarity, **similarity}
    )


def test_up_to_eight_categories_are_all_shown_nearest_first(report):
    """Three in the report, five more."""
    names = [part.name for part in shown_slices(grown(report, 5)) if part.arm == "poison"]
    nearest_first = [f"more {number}" for number in (4, 3, 2, 1, 0)]
    assert names == ["fear", "dread", *nearest_first, "joy", "all but fear", "all"]
    assert left_out(grown(report, 5), shown_slices(grown(report, 5))) == ""
    assert left_out(grown(report, 1), report.groups) == "1 more category in the report."


@pytest.mark.parametrize("count", [6, 20])
def test_of_more_it_is_said_how_many_are_missing(report, count):
    many = grown(report, count)
    assert shown_slices(many) == many.groups
    said = f"{count} more categories in the report."
    assert left_out(many, shown_slices(many)) == said
    assert str(many).endswith(said)
