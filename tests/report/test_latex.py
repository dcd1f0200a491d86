import math
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill import DataError, Estimate
from semspill.report._latex import escaped

WORDS = {
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
}


def read(latex):
    """What LaTeX would set, worked out here for what `escaped` may write."""
    made = latex.replace("{''}", '\0"')
    made = re.sub(r"\\(text[a-z]+)\{\}", lambda found: f"\0{WORDS[found[1]]}", made)
    made = re.sub(r"\{([\[\]*])\}", lambda found: f"\0{found[1]}", made)
    made = re.sub(r"\\([&%$#_{}])", lambda found: f"\0{found[1]}", made)
    assert not re.search(r"(?<!\0)[\\&%$#_{}~^<>|\"*\[\]]", made)
    return made.replace("\0", "")


@given(st.text(st.characters(exclude_characters="\0")))
def test_every_name_is_set_as_it_is_but_for_its_spaces(name):
    assert read(escaped(name)) == " ".join(name.split())


def test_the_table_of_groups_by_hand(full):
    """Groups are not tested, so nothing is bold and nothing is said of it."""
    assert full.to_latex(metrics=["asr", "lift", "mine"]) == (
        "\\begin{tabular}{lrrr}\n"
        "\\toprule\n"
        "Group & Planted rate & Toxicity lift & Mine \\\\\n"
        "\\midrule\n"
        "fear & 50.0 {\\scriptsize [37.5, 62.5]} & 25.0 {\\scriptsize [12.5, 37.5]} & "
        "7.000 {\\scriptsize [6.875, 7.125]} \\\\\n"
        "dread & 25.0 {\\scriptsize [12.5, 37.5]} & 12.5 {\\scriptsize [0.0, 25.0]} & "
        "7.000 {\\scriptsize [6.875, 7.125]} \\\\\n"
        "joy & 12.5 {\\scriptsize [0.0, 25.0]} & 6.2 {\\scriptsize [$-$6.2, 18.8]} & "
        "7.000 {\\scriptsize [6.875, 7.125]} \\\\\n"
        "all but fear & 18.8 {\\scriptsize [6.2, 31.2]} & 9.4 {\\scriptsize [$-$3.1, 21.9]} & "
        "7.000 {\\scriptsize [6.875, 7.125]} \\\\\n"
        "all & 25.0 {\\scriptsize [12.5, 37.5]} & 12.5 {\\scriptsize [0.0, 25.0]} & "
        "7.000 {\\scriptsize [6.875, 7.125]} \\\\\n"
        "\\bottomrule\n"
        "\\multicolumn{4}{l}{\\footnotesize Planted rate in \\%; Toxicity lift in percentage "
        "points. Brackets: 95\\,\\% intervals.} \\\\\n"
        "\\end{tabular}\n"
    )


def test_bold_is_what_survives_correction_of_the_categories_that_are_tested(full):
    latex = full.to_latex("categories", metrics=["lift"])
    assert [row[2].partition(" ")[0] for row in body(latex)] == ["25.0", r"\textbf{12.5}", "6.2"]
    assert "Bold: differs from 0 after Holm's correction; the target is not tested." in latex


HOSTILE = (
    "joy", "*star", "[a", "]", '"quoted"', "R&D_1 50% #5 {x} ~ ^ \\ $x^2$", "<a|b>", "- 'q'",
    "\\\\*",
)  # fmt: skip


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_pdflatex_sets_a_table_with_hostile_names(full, tmp_path):
    """After a line's end a star or a bracket would be read as an option and be lost."""
    rows = tuple(full.category("joy").replace(name=name) for name in HOSTILE)
    table = full.replace(categories=rows).to_latex("categories", metrics=["lift"], caption="x")
    page = (
        "\\documentclass{article}\\usepackage{booktabs}\\pdfcompresslevel=0\\begin{document}"
        f"\\ttfamily\n{table}\\end{{document}}\n"
    )
    (tmp_path / "table.tex").write_text(page, encoding="utf-8")
    command = ["pdflatex", "-interaction=batchmode", "-halt-on-error", "table.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    made = (tmp_path / "table.pdf").read_bytes().decode("latin-1")
    shown = "".join(re.findall(r"\(((?:\\.|[^()\\])*)\)", made))
    assert "*star" in shown
    assert "[a" in shown


def body(latex):
    rows = latex.split("\\midrule\n")[1].split("\\bottomrule")[0].splitlines()
    return [row.removesuffix(" \\\\").split(" & ") for row in rows]


def test_categories_come_nearest_first_with_an_arm_in_each_row(full):
    latex = full.to_latex("categories", metrics=["asr"], arms=["poison", "clean"])
    assert "\\begin{tabular}{llrr}" in latex
    assert "Category & Arm & Similarity & Planted rate" in latex
    assert [row[:3] for row in body(latex)] == [
        [name, arm, near]
        for name, near in (("fear", "1.000"), ("dread", "0.750"), ("joy", "$-$0.500"))
        for arm in ("poison", "clean")
    ]


def test_every_row_has_as_many_cells_as_the_head(full):
    latex = full.to_latex("categories", metrics=["asr", "lift"], arms=["clean", "poison"])
    assert {len(row) for row in body(latex)} == {5}
    clean = next(row for row in body(latex) if row[1] == "clean")
    assert clean[-1] == ""  # the clean arm has no lift


def test_by_default_the_columns_are_attack_effect_and_utility(full, report):
    assert "Group & Planted rate & Toxicity lift & P@1 " in full.to_latex()
    assert "Group & Planted rate & Toxicity lift " in report.to_latex()
    odd = full.replace(
        groups=tuple(
            part.replace(estimates={"mine": part.estimates["mine"]}) for part in full.groups
        )
    )
    latex = odd.to_latex()
    assert "Group & Mine " in latex
    assert "\\%. Brackets" not in latex


def test_what_is_not_defined_says_so(full):
    def changed(part):
        gone = Estimate(value=math.nan, low=math.nan, high=math.nan, n=1, method="none")
        never = gone.replace(note="never_50%")
        far = Estimate(value=math.inf, low=-math.inf, high=math.inf, n=1, method="none")
        return part.replace(estimates={"asr": gone, "lift": never, "mine_1(of='a')": far})

    latex = full.replace(groups=tuple(map(changed, full.groups))).to_latex(
        metrics=["asr", "lift", "mine_1(of='a')"]
    )
    assert body(latex)[0] == [
        "fear", "--", r"never\_50\%", r"$\infty$ {\scriptsize [$-$$\infty$, $\infty$]}",
    ]  # fmt: skip
    assert r"Mine 1(of='a')" in latex


def test_a_caption_or_a_label_makes_it_float(full):
    latex = full.to_latex(caption="Spillover.", label="tab:x")
    lines = latex.splitlines()
    assert lines[:4] == [r"\begin{table}", r"\centering", r"\caption{Spillover.}", r"\label{tab:x}"]
    assert lines[-1] == r"\end{table}"
    assert r"\label" not in full.to_latex(caption="Spillover.")
    for name in ("table", "tabular"):
        assert latex.count(f"\\begin{{{name}}}") == latex.count(f"\\end{{{name}}}") == 1
    assert latex.count("{") == latex.count("}")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rows": "group"}, r"no kind of row 'group'\. Did you mean 'groups'\? There are: groups"),
        ({"metrics": ["asrr"]}, r"no metric 'asrr'\. Did you mean 'asr'"),
        ({"arms": ["poson"]}, r"no arm 'poson'\. Did you mean 'poison'\? There are: clean, poison"),
    ],
)
def test_what_the_report_lacks_is_refused(full, options, said):
    with pytest.raises(DataError, match=said):
        full.to_latex(**options)
