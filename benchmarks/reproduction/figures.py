"""Draw the figures and tables of docs/reproduction.md from finished runs: python figures.py OUT.

Reads what run.py wrote under OUT; writes tables to results/ and pictures to docs/reproduction/.
"""

import csv
import shutil
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from semspill import Estimate, SpilloverReport
from semspill.report._page import draw
from semspill.report.figures._matrix import plot_matrix, plot_pairs
from semspill.results import SpilloverMatrix

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PICTURES = HERE.parents[1] / "docs" / "reproduction"
COLOURS = {"target": "#D55E00", "nearest": "#0072B2", "others": "#999999"}
# Plots of single runs: sweep, variant, plot, name in docs/reproduction.
DRAWN = (
    ("epochs", "strategy=each_fixed,label=gold", "epochs", "epochs-label"),
    ("epochs", "strategy=each_fixed,label=none", "epochs", "epochs-nolabel"),
    ("epochs", "strategy=each_fixed,label=none", "distribution", "distribution-nolabel"),
    ("epochs", "strategy=each_fixed,label=none", "spillover-asr", "spillover-nolabel"),
    ("nolabel", "strategy=each_random,label=none", "decomposition", "decomposition-nolabel"),
)
ENCODERS = (
    ("hashing, label", "hashing", "strategy=each_fixed,label=gold"),
    ("hashing, no label", "hashing", "strategy=each_fixed,label=none"),
    ("static, label", "strategies", "strategy=each_fixed,budget=0.03"),
    ("static, no label", "nolabel", "strategy=each_fixed,label=none"),
    ("static, label, 10 epochs", "epochs", "strategy=each_fixed,label=gold"),
    ("static, no label, 10 epochs", "epochs", "strategy=each_fixed,label=none"),
    ("static, no label, 30 epochs", "long", "strategy=each_fixed,label=none"),
    ("MiniLM, label", "minilm", "label=gold"),
    ("MiniLM, no label", "minilm", "label=none"),
)


def main(out: Path) -> None:
    """Write everything."""
    RESULTS.mkdir(exist_ok=True)
    PICTURES.mkdir(exist_ok=True)
    reports = dict(_reports(out))
    _groups(reports)
    _wholes(reports)
    _decompositions(reports)
    _encoders(reports).savefig(PICTURES / "encoders.png", dpi=120)
    _strategies(reports).savefig(PICTURES / "strategies.png", dpi=120)
    for sweep, variant, plot, name in DRAWN:
        if (sweep, variant) in reports:
            draw(reports[sweep, variant])[plot].savefig(PICTURES / f"{name}.png", dpi=150)
    matrix = out / "targets" / "matrix-asr.json"
    if matrix.is_file():
        found = SpilloverMatrix.from_json(matrix.read_text(encoding="utf-8"))
        plot_matrix(found).savefig(PICTURES / "matrix-nolabel.png", dpi=150)
        plot_pairs(found).savefig(PICTURES / "pairs-nolabel.png", dpi=150)
    for page in out.glob("*/matrix-*.md"):
        shutil.copyfile(page, RESULTS / f"{page.parent.name}-{page.name}")


def _reports(out: Path) -> Iterator[tuple[tuple[str, str], SpilloverReport]]:
    for path in sorted(out.glob("*/*/report.json")):
        text = path.read_text(encoding="utf-8")
        yield (path.parts[-3], path.parts[-2]), SpilloverReport.from_json(text)


def _groups(reports: dict[tuple[str, str], SpilloverReport]) -> None:
    """The metrics of every group and arm that the page is about."""
    rows = [
        [*key, part.arm, part.name, len(report.seeds), part.dialogues, name, *_numbers(made)]
        for key, report in reports.items()
        if not key[0].startswith("targets")
        for part in report.groups
        for name, made in part.estimates.items()
        if name in METRICS
    ]
    head = ["sweep", "variant", "arm", "group", "seeds", "dialogues", "metric"]
    _write("groups", [*head, *NUMBERS], rows)
    bins = [
        [*key, part.arm, part.name, *(round(share, 4) for share in part.distribution)]
        for key, report in reports.items()
        if not key[0].startswith("targets")
        for part in report.groups
    ]
    edges = [f"{low / 10:.1f}-{low / 10 + 0.1:.1f}" for low in range(10)]
    _write("distributions", ["sweep", "variant", "arm", "group", *edges], bins)


def _wholes(reports: dict[tuple[str, str], SpilloverReport]) -> None:
    """Every metric of a whole arm, by every definition of similarity."""
    rows = []
    for key, report in reports.items():
        for arm, metrics in report.overall.items():
            rows += [[*key, arm, "centroid", n, *_numbers(made)] for n, made in metrics.items()]
        for check in report.sensitivity:
            rows += [
                [*key, report.main_arm, check.name, name, *_numbers(made)]
                for name, made in check.estimates.items()
            ]
    _write("curves", ["sweep", "variant", "arm", "similarity", "metric", *NUMBERS], rows)


def _decompositions(reports: dict[tuple[str, str], SpilloverReport]) -> None:
    rows = [
        [*key, part.group, part.quantity, part.part, *_numbers(part.estimate)]
        for key, report in reports.items()
        for part in report.decomposition
    ]
    _write("decompositions", ["sweep", "variant", "group", "quantity", "part", *NUMBERS], rows)


METRICS = ("asr", "toxicity", "toxic_share", "lift", "precision", "precision_drop")
NUMBERS = ("value", "low", "high", "p_value", "note")


def _numbers(made: Estimate) -> list[object]:
    p_value = "" if made.p_value is None else f"{made.p_value:.4g}"
    return [*(f"{x:.4f}" for x in (made.value, made.low, made.high)), p_value, made.note]


def _write(name: str, head: list[str], rows: list[list[object]]) -> None:
    with (RESULTS / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def _encoders(reports: dict[tuple[str, str], SpilloverReport]) -> Figure:
    """How much of the attack spills over, by encoder, with and without the label."""
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3, sharey=True)
    found = [(name, reports[a, b]) for name, a, b in ENCODERS if (a, b) in reports]
    for place, (_, report) in enumerate(found):
        _groups_of(left, place, report, across=True)
        whole = report.overall["poison"]
        others = [report.similarity[name] for name in report.similarity if name != report.target]
        # Slopes per unit do not compare: each encoder spreads the categories in its own way.
        _point(middle, whole["slope(of=asr)"], place, "black", 100 * statistics.pstdev(others))
        _point(right, whole["spillover_ratio(of=asr)"], place, "black", 1.0)
    left.set_yticks(range(len(found)), [name for name, _ in found])
    left.invert_yaxis()
    left.set_xlabel("planted rate, %", fontsize=9)
    left.legend(loc="lower right", fontsize=7, frameon=False)
    middle.set_xlabel(
        "slope: points of planted-rate lift per standard\ndeviation of similarity", fontsize=9
    )
    right.set_xlabel("spillover ratio, nearest / target\n(intervals cut at 3)", fontsize=9)
    for axes in (left, middle, right):
        _tidy(axes)
        axes.axvline(0, color="black", linewidth=0.8)
    right.set_xlim(-0.6, 3)
    return figure


def _strategies(reports: dict[tuple[str, str], SpilloverReport]) -> Figure:
    """Planted rate by strategy and budget, static encoder, label in the context."""
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    panels = figure.subplots(2, 4, sharex=True, sharey=True).ravel()
    names = [f"{t}_{r}" for r in ("fixed", "random") for t in ("first", "last", "each", "random")]
    for axes, strategy in zip(panels, names, strict=True):
        for place, budget in enumerate((0.005, 0.01, 0.02, 0.03)):
            sweep = "strategies" if budget == 0.03 else "budgets"
            report = reports.get((sweep, f"strategy={strategy},budget={budget}"))
            if report is not None:
                _groups_of(axes, place, report, across=False)
        axes.set_title(strategy, fontsize=9)
        axes.set_xticks(range(4), ["0.5", "1", "2", "3"])
        _tidy(axes)
    figure.supxlabel("budget, % of the training exchanges (single turns: at most 1.6)", fontsize=9)
    figure.supylabel("planted rate, %", fontsize=9)
    panels[0].legend(fontsize=7, frameon=False, loc="upper left")
    return figure


def _groups_of(axes: Axes, place: int, report: SpilloverReport, *, across: bool) -> None:
    groups = {"target": report.target, "nearest": report.nearest}
    groups["others"] = f"all but {report.target}"
    for step, (name, group) in enumerate(groups.items()):
        made, at = report.group(group).asr, place + 0.2 * (step - 1)
        label = name if place == 0 else None
        _point(axes, made, at, COLOURS[name], 100.0, label=label, across=across)


def _point(
    axes: Axes, made: Estimate, place: float, colour: str, scale: float, **style: object
) -> None:
    across, label = style.get("across", True), style.get("label")
    reach = [[scale * (made.value - made.low)], [scale * (made.high - made.value)]]
    spread = {"xerr" if across else "yerr": reach}
    spot = (scale * made.value, place) if across else (place, scale * made.value)
    axes.errorbar(*spot, **spread, fmt="o", markersize=4, color=colour, label=label)


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(linewidth=0.4, alpha=0.5)
    axes.tick_params(labelsize=8)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
