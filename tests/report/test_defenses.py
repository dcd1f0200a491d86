"""How defenses are shown: tables, text, page, LaTeX and frame hold the report's numbers."""

import json
import math
import re

import pytest
from tests.report.defended import defended, defense, detections, three, twenty
from tests.report.test_sections import rows, section

from semspill import DataError, SpilloverReport
from semspill.cli._tables import outcome, print_report
from semspill.report._page import charts, report_page
from semspill.report.figures._style import settled
from semspill.results import Arm

FIGURES = ("tradeoff", "roc", "removed")
NAMES = ("clean-up", "prune", "guard")


@pytest.fixture(scope="module")
def few(full):
    return full.replace(defenses=three())


@pytest.fixture(scope="module")
def many(full):
    return full.replace(defenses=twenty())


def tables(report) -> list[list[list[str]]]:
    """The tables of the section, each as rows by cells."""
    parts = section(report, "Defenses").split("\n\n")
    return [rows(part) for part in parts if part.startswith("|")]


def column(table, title) -> dict[str, str]:
    """A column by the name of the row."""
    [place] = [at for at, head in enumerate(table[0]) if head == title]
    return {row[0]: row[place] for row in table[2:]}


# Without defenses


def test_without_defenses_nothing_of_them_is_shown(full):
    assert full.defenses is None
    assert not set(FIGURES) & set(full.figures)
    page = report_page(full, None, {})
    for text in (str(full), full.to_markdown(), full._repr_html_(), page):
        assert "efense" not in text
    assert "defenses" not in outcome(full)
    assert len(full.to_frame("defenses")) == 0


def test_a_report_of_before_there_were_defenses_is_read(full):
    held = json.loads(full.to_json())
    assert held.pop("defenses") is None
    assert SpilloverReport.from_json(json.dumps(held)).defenses is None


def test_a_report_with_defenses_is_read_back(few):
    assert SpilloverReport.from_json(few.to_json()).defenses == few.defenses


# Tables


def test_the_table_gives_each_rate_beside_undefended(few):
    effect = tables(few)[0]
    assert [row[0] for row in effect[2:]] == ["undefended", *NAMES]
    assert column(effect, "planted rate, target, %") == {
        "undefended": "50.0 [46.9, 53.1]",
        "clean-up": "**12.5** [9.4, 15.6]",
        "prune": "37.5 [34.4, 40.6]",
        "guard": "25.0 [21.9, 28.1]",
    }
    assert column(effect, "attack stopped, %")["clean-up"] == "75.0 [62.5, 87.5]"
    assert column(effect, "in short") == {
        "undefended": "", "clean-up": "stops the attack", "prune": "no better than its control",
        "guard": "undecided",
    }  # fmt: skip


def test_only_what_is_significant_after_correction_is_bold(few):
    effect = tables(few)[0]
    assert column(effect, "change from undefended, all but target, points") == {
        "undefended": "",
        "clean-up": "**-10.9** [-14.1, -7.8] (p 0.003)",
        "prune": "-1.6 [-4.7, 1.6] (p 0.9)",
        "guard": "-3.1 [-15.6, 9.4] (p 0.2)",
    }
    assert column(effect, "difference from its control, all but target, points") == {
        "undefended": "",
        "clean-up": "**-10.9** [-14.1, -7.8] (p 0.006)",
        "prune": "-1.6 [-4.7, 1.6] (p 0.8)",
        "guard": "",
    }


def test_the_second_table_gives_utility_price_detection_and_guarding(few):
    cost = tables(few)[1]
    assert column(cost, "P@1, %")["undefended"] == "53.1 [50.0, 56.2]"
    price = column(cost, "change in P@1, honest user, points")
    assert price["prune"] == "**-9.4** [-10.9, -7.8] (p 0.001)"
    found = {row[0]: dict(zip(cost[0], row, strict=True)) for row in cost[2:]}
    assert found["clean-up"]["planted ones removed, %"] == "62.5 [56.2, 68.8]"
    assert found["clean-up"]["planted among removed, %"] == "50.0 [43.8, 56.2]"
    assert found["clean-up"]["AUC"] == "0.875 [0.812, 0.938]"
    assert found["clean-up"]["equivalent budget, all but target, %"] == "1.0 [0.6, 1.4]"
    assert found["clean-up"]["undefended at equal P@1, all but target, %"] == "6.2 [3.1, 9.4]"
    assert found["guard"]["answers replaced, %"] == "25.0"
    assert found["guard"]["answers refused, %"] == "12.5"
    assert found["guard"]["replaced, honest user, %"] == "4.7"  # the mean of 3.1 and 6.2


def test_a_column_that_no_defense_fills_is_left_out(full):
    cost = tables(full.replace(defenses=defended(defense("prune"))))[1]
    assert cost[0] == ["defense", "P@1, %", "change in P@1, honest user, points"]


def test_what_was_removed_is_listed_by_category(few):
    assert tables(few)[2][2:] == [
        ["clean-up", "fear", "60", "40"], ["clean-up", "dread", "12", "0"],
        ["clean-up", "joy", "8", "0"],
    ]  # fmt: skip


def test_planted_ones_that_were_not_counted_are_not_called_none(full):
    made = detections()
    made["detections"] = tuple(one.replace(caught_by_category={}) for one in made["detections"])
    report = full.replace(defenses=defended(defense("clean-up", **made)))
    assert tables(report)[2][2] == ["clean-up", "fear", "60", ""]
    [legend] = report.figure("removed").legends
    assert [text.get_text() for text in legend.get_texts()] == ["planted or not"]


def test_sentences_are_listed_in_order(few):
    said = re.findall(r"^- (.*)$", section(few, "Defenses"), re.MULTILINE)
    assert said == [one.sentence for one in few.defenses.verdicts.values()]


def test_a_defended_arm_has_no_rows_of_its_own_elsewhere(full):
    """Its numbers stand in the section; the tables of groups hold the arms without a defense."""
    arm = Arm(name="poison+prune", trains="poison", pool="planted", defense="prune")
    same = [part.replace(arm=arm.name) for part in full.groups if part.arm == "poison"]
    each = [part.replace(arm=arm.name) for part in full.categories if part.arm == "poison"]
    report = full.replace(
        arms=(*full.arms, arm),
        groups=(*full.groups, *same),
        categories=(*full.categories, *each),
        overall={**full.overall, arm.name: full.overall["poison"]},
        defenses=three(),
    )
    assert "poison+prune" not in report.to_markdown()
    assert section(report, "Groups") == section(full, "Groups")


def test_small_categories_are_counted_together(full):
    made = detections()
    counts = {f"c{at}": 20 - at for at in range(9)}
    made["detections"] = tuple(
        one.replace(by_category=counts, caught_by_category={"c0": 2, "c8": 3})
        for one in made["detections"]
    )
    report = full.replace(defenses=defended(defense("clean-up", **made)))
    listed = [row[1:] for row in tables(report)[2][2:]]
    assert listed[0] == ["c0", "40", "4"]
    assert listed[6] == ["others", str(2 * (14 + 13 + 12)), "6"]
    assert len(listed) == 7


def test_a_number_that_is_not_defined_is_said_to_be(full):
    made = defense("prune", attack=(math.nan,), spillover=(math.nan,))
    effect = tables(full.replace(defenses=defended(made)))[0]
    assert column(effect, "attack stopped, %")["prune"] == "not defined"


# Short forms


def test_print_gives_a_line_per_defense(few):
    lines = str(few).splitlines()
    [line] = [line for line in lines if line.startswith("clean-up")]
    assert line.split("  ")[0] == "clean-up"
    for cell in ("stops the attack", "12.5 [9.4, 15.6]", "3.1 [0.0, 6.2]", "46.9 [43.8, 50.0]"):
        assert cell in line
    assert sum(line.startswith(NAMES) for line in lines) == 3


@pytest.mark.parametrize("shown", [str, lambda report: report._repr_html_()])
def test_of_many_defenses_ten_are_shown_and_the_others_counted(many, shown):
    text = shown(many)
    assert len(set(re.findall(r"defense number \d+", text))) == 10
    assert "10 more defenses in the report." in text


def test_a_notebook_and_the_terminal_show_them(few, tmp_path, capsys):
    print_report(few, tmp_path)
    for text in (few._repr_html_(), capsys.readouterr().out):
        assert all(name in text for name in NAMES)
        assert "stops the attack" in text


def test_a_program_gets_the_kinds(few):
    found = {name: one["kind"] for name, one in outcome(few)["defenses"].items()}
    assert found == {"clean-up": "stops_attack", "prune": "no_better", "guard": "undecided"}


def test_the_findings_say_which_came_out_how(few):
    said = few.to_markdown().split("## ")[0]
    assert "stops the attack (*clean-up*)" in said
    assert "undecided (*guard*)" in said


# LaTeX and frame


def test_latex_has_a_row_per_defense_and_bold_by_the_corrected_test(few):
    latex = few.to_latex("defenses")
    lines = [line for line in latex.splitlines() if line.startswith(("undefended", *NAMES))]
    assert len(lines) == 4
    assert lines[0].startswith(r"undefended & 50.0 {\scriptsize [46.9, 53.1]} &")
    assert lines[1].startswith(r"clean-up & \textbf{12.5} {\scriptsize [9.4, 15.6]} &")
    assert lines[2].startswith(r"prune & 37.5 {\scriptsize")
    assert r"\textbf{$-$9.4}" in lines[2]
    assert r"95\,\% intervals" in latex
    assert r"& Planted rate of its control, all but target, \% & Attack stopped" in latex


def test_latex_columns_can_be_chosen(few):
    latex = few.to_latex("defenses", metrics=["auc", "recall"], caption="Found.")
    assert r"Defense & AUC & Planted ones removed, \% \\" in latex
    assert r"clean-up & 0.875 {\scriptsize [0.812, 0.938]}" in latex
    assert r"\caption{Found.}" in latex


@pytest.mark.parametrize(
    ("defenses", "options", "said"),
    [
        (None, {}, "has no defenses"),
        (three(), {"metrics": ["auk"]}, "'auc'"),
        (three(), {"arms": ["poison"]}, "leave arms out"),
    ],
)
def test_latex_says_what_it_cannot_show(full, defenses, options, said):
    with pytest.raises(DataError, match=said):
        full.replace(defenses=defenses).to_latex("defenses", **options)


def test_the_frame_holds_every_number(few):
    frame = few.to_frame("defenses").set_index(["defense", "part", "group"]).sort_index()
    assert frame.loc[("", "planted_rate", "target"), "value"] == 0.5
    assert frame.loc[("clean-up", "planted_rate", "target"), "value"] == 0.125
    assert frame.loc[("clean-up", "control_rate", "rest"), "value"] == 0.125
    change = frame.loc[("clean-up", "change", "rest")]
    assert (change["value"], change["p_holm"]) == (-0.109375, 0.003)
    assert frame.loc[("clean-up", "against_control", "rest"), "p_holm"] == 0.006
    assert frame.loc[("prune", "price", "all"), "value"] == -0.09375
    assert frame.loc[("clean-up", "stopped", "attack"), "value"] == 0.75
    assert frame.loc[("clean-up", "recall", "all"), "value"] == 0.625
    assert set(frame.loc["guard", "kind"]) == {"undecided"}
    assert ("guard", "control_rate", "rest") not in frame.index
    assert frame.index.is_unique


# Page


def test_the_page_has_the_section_with_plots_tables_and_words(few):
    figures = {name: settled(few.figure(name, width="page")) for name in FIGURES}
    page = report_page(few, None, charts(few, figures))
    part = page.split('<section id="defenses"')[1].split("</section>")[0]
    assert '<a href="#defenses">Defenses</a>' in page
    for name in FIGURES:
        assert f'id="chart-{name}"' in part
    for words in ("<strong>-10.9</strong>", "no better than its control", "<em>guard</em>"):
        assert words in part


def test_of_many_defenses_the_words_are_folded(few, many):
    assert "Each defense in words" in report_page(many, None, {})
    assert "Each defense in words" not in report_page(few, None, {})
