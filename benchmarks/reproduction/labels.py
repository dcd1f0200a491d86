"""Write the tables and pictures of what labels do, from finished runs: python labels.py OUT CORPUS.

Reads what the sweeps `labels...` of run.py wrote under OUT, and the corpus for the similarity of
single contexts; writes results/labels-*.csv, and pictures to docs/reproduction/.
"""

import csv
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from semspill import Estimate, SpilloverAnalyzer, SpilloverReport, datasets, encoders, read_outcomes
from semspill._random import stream
from semspill.analysis import (
    Outcome,
    Similarities,
    measure_exchanges,
    measure_similarity,
    similarities,
    spillover_matrix,
)
from semspill.analysis._targets._mantel import Pairs, coefficient, permutation_p
from semspill.corpus import ContextFormat
from semspill.report.figures import figure
from semspill.report.figures._matrix import plot_matrix
from semspill.results import SpilloverMatrix

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PICTURES = HERE.parents[1] / "docs" / "reproduction"
GROUPS = ("terrified", "afraid", "guilty", "sad", "all but terrified", "all")
METRICS = ("asr", "precision", "precision_drop")
DOSED = ("labels", "labels-epochs", "labels-crossfit", "labels-turn", "labels-hashing")
"""Sweeps whose single exchanges are looked at."""
NUMBERS = ("value", "low", "high", "p_value", "note")
PARTS = ("labelled", "asr_labelled", "asr_rest", "via_label", "via_text")
HEADLINE = "strategy=each_fixed,label=predicted"


def main(out: Path, corpus: Path) -> None:
    """Write everything."""
    reports = {key: report for key, report in _reports(out) if key[0] != "labels-targets"}
    _write("groups", ["arm", "group", "metric"], _groups(reports))
    _write("channels", ["group", "part"], _channels(reports))
    _write("curves", ["axis"], _curves(reports))
    near = _measured(corpus)
    doses = {key: _dosed(out.joinpath(*key), near) for key in reports if key[0] in DOSED}
    _write("doses", ["similarity", "part"], _doses(doses))
    matrix = out / "labels-targets" / "matrix-asr.json"
    if matrix.is_file():
        found = SpilloverMatrix.from_json(matrix.read_text(encoding="utf-8"))
        plot_matrix(found).savefig(PICTURES / "labels-matrix.png", dpi=120)
        _write("matrix", ["axis", "held"], _matrix(out / "labels-targets", near))
    shown = doses.get(("labels", HEADLINE))
    if shown is not None:
        for name in ("channels", "confusion", "dose"):
            drawn = figure(shown, name, "page", "asr", None)
            drawn.savefig(PICTURES / f"labels-{name}.png", dpi=120)
    watched = reports.get(("labels-epochs", HEADLINE))
    if watched is not None:
        for name, quantity in (("epochs", "asr"), ("distribution", "toxicity")):
            drawn = figure(watched, name, "page", quantity, None)
            drawn.savefig(PICTURES / f"labels-{name}.png", dpi=120)
    _dial(reports).savefig(PICTURES / "labels-dial.png", dpi=120)


def _reports(out: Path) -> Iterator[tuple[tuple[str, str], SpilloverReport]]:
    for path in sorted(out.glob("labels*/*/report.json")):
        if not path.parent.name.endswith(".partial"):
            text = path.read_text(encoding="utf-8")
            yield (path.parts[-3], path.parts[-2]), SpilloverReport.from_json(text)


Reports = Mapping[tuple[str, str], SpilloverReport]
Rows = Iterator[list[object]]


def _groups(reports: Reports) -> Rows:
    for key, report in reports.items():
        for part in report.groups:
            for name in METRICS:
                if part.name in GROUPS and name in part.estimates:
                    made = part.estimates[name]
                    yield [*key, part.arm, part.name, name, len(report.seeds), *_numbers(made)]


def _channels(reports: Reports) -> Rows:
    for key, report in reports.items():
        if report.labels is None:
            continue
        seeds = len(report.seeds)
        yield [*key, "all", "right", seeds, *_numbers(report.labels.accuracy)]
        for channel in report.labels.channels:
            for part in PARTS:
                made = getattr(channel, part)
                if made is not None:
                    yield [*key, channel.group, part, seeds, *_numbers(made)]


def _curves(reports: Reports) -> Rows:
    for key, report in reports.items():
        if report.labels is not None:
            for axis, made in report.labels.curve.items():
                yield [*key, axis, len(report.seeds), *_numbers(made)]


def _measured(corpus: Path) -> tuple[Similarities, ...]:
    """Return how near categories and test contexts are, by text alone."""
    both = datasets.build({"name": "empathetic_dialogues", "path": str(corpus)})
    train, test = both.load("train"), both.load("test")
    model = encoders.build("static").load(stream(0, "similarity"))
    model.context = ContextFormat(label="none")
    found = []
    for name in ("discriminative", "centroid"):
        part = similarities.build(name)
        whole = measure_similarity(part, train, model, stream(0, "similarity"))
        single = measure_exchanges(part, test.exchanges, train, model, stream(0, "similarity"))
        found.append(replace(whole, exchanges=single))
    return tuple(found)


@cache
def _outcomes(folder: Path) -> tuple[Outcome, ...]:
    return tuple(read_outcomes(folder))


def _dosed(folder: Path, near: tuple[Similarities, ...]) -> SpilloverReport:
    """Return the report of a run, analyzed again with the similarity of single exchanges."""
    analyzer = SpilloverAnalyzer(nearest="afraid", far=("guilty", "sad"))
    each = [part.of_exchanges("terrified") for part in near]
    return analyzer.analyze(
        _outcomes(folder), exchanges=[part for part in each if part is not None]
    )


def _doses(reports: Reports) -> Rows:
    for key, report in reports.items():
        for dose in report.doses:
            parts = {
                name: getattr(dose, name)
                for name in ("told_apart", "predicts", "confusion_ratio", "beyond")
            }
            parts |= {f"odds_{name}": made for name, made in dose.odds.items()}
            for name, made in parts.items():
                yield [*key, dose.similarity, name, len(report.seeds), *_numbers(made)]


def _matrix(sweep: Path, near: tuple[Similarities, ...]) -> Rows:
    """Yield how lifts of all ordered pairs go with confusion and similarity, each given the other.

    Slopes in points of planted rate per standard deviation of the axis, with the effects of
    targets and victims, and of what is held constant, taken out of both; p by relabelling what is
    left of the axis (Dekker, Krackhardt and Snijders 2007).
    """
    folders = sorted(path.parent for path in sweep.glob("*/report.json"))
    outcomes = [outcome for folder in folders for outcome in _outcomes(folder)]
    names = near[0].categories
    labels = np.array(outcomes[0].labels, dtype=object)
    truth = np.array(outcomes[0].categories, dtype=object)
    # Row: who is the target. Column: whose contexts are called so.
    confusion = np.array([[(labels[truth == v] == t).mean() for v in names] for t in names])
    axes = {"confusion": confusion, **{part.name: part.matrix.T for part in near}}
    made = spillover_matrix(outcomes, near[0], of="asr")
    lift = np.array(made.lift)
    rows = np.array([names.index(target) for target in made.targets])
    outside = rows[:, None] != np.arange(len(names))
    target, victim = np.nonzero(outside)
    target = rows[target]
    key = (sweep.name, "all")
    for axis, square in axes.items():
        for held, other in {"": None, **axes}.items():
            if held == axis or (held and "confusion" not in (held, axis)):
                continue
            pairs = Pairs(lift=lift[outside], target=target, victim=victim, square=square)
            if other is not None:
                pairs = _without(pairs, other)
            spread = float(square[target, victim].std())
            value = spread * coefficient(pairs, pairs.near)
            p = permutation_p(pairs, permutations=4999)
            numbers = [f"{value:.5f}", "", "", f"{p:.4g}", ""]
            yield [*key, axis, held, len(made.seeds), *numbers]


def _without(pairs: Pairs, other: np.ndarray) -> Pairs:
    """Return the pairs with what another square explains taken out of similarity and lift."""
    z = other[pairs.target, pairs.victim]
    held = replace(pairs, square=other)
    on_near = coefficient(replace(held, lift=pairs.near), z)
    on_lift = coefficient(held, z)
    return replace(pairs, square=pairs.square - on_near * other, lift=pairs.lift - on_lift * z)


def _dial(reports: Reports) -> Figure:
    """Return planted rate by how often *afraid* and *terrified* are called each other."""
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    sweeps = {"labels-noisy": "in training and answering", "labels-answering": "in answering alone"}
    for axes, (sweep, title) in zip(
        figure.subplots(1, 2, sharey=True), sweeps.items(), strict=True
    ):
        runs = [report for key, report in reports.items() if key[0] == sweep]
        shares = [10 * place for place in range(len(runs))]
        for name, colour, marker in (("terrified", "#D55E00", "D"), ("afraid", "#0072B2", "s")):
            made = [report.category(name).asr for report in runs]
            values = [100 * e.value for e in made]
            ends = [
                [100 * (e.value - e.low) for e in made],
                [100 * (e.high - e.value) for e in made],
            ]
            axes.errorbar(shares, values, yerr=ends, color=colour, marker=marker, label=name)
        axes.set_title(title, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("afraid and terrified called each other, %", fontsize=10)
    figure.supylabel("planted rate, %", fontsize=10)
    axes.legend(frameon=False)
    return figure


def _numbers(made: Estimate) -> list[object]:
    p_value = "" if made.p_value is None else f"{made.p_value:.4g}"
    return [*(f"{x:.4f}" for x in (made.value, made.low, made.high)), p_value, made.note]


def _write(name: str, head: list[str], rows: Rows) -> None:
    with (RESULTS / f"labels-{name}.csv").open("w", newline="", encoding="utf-8") as file:
        columns = ["sweep", "variant", *head, "seeds", *NUMBERS]
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
