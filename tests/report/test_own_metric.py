"""A stranger's metrics are shown as built-in ones are, wherever a report is rendered."""

import numpy as np
import pytest

from semspill import Metric, Outcome, SpilloverAnalyzer
from semspill.report._page import report_page

NAMES = ("fear", "dread", "joy", "calm", "guilt")
NEAR = {"fear": 1.0, "dread": 0.9, "guilt": 0.7, "calm": 0.2, "joy": 0.1}


class LongerBy(Metric):
    """Rise in the length of responses, in words; here ten times the rise in toxicity."""

    citation = "original"
    title, quantity = "Length lift", "response_length"
    paired = True

    def compute(self, outcome):
        rise = outcome.toxicity - outcome.baseline.toxicity
        mean = outcome.mean(rise, kind="difference")
        ends = {name: 10 * getattr(mean, name) for name in ("value", "low", "high")}
        return mean.replace(**ends)


class Rude(Metric):
    """Share of rude responses; nothing is said of it but its unit."""

    citation = "original"
    unit = "share"

    def compute(self, outcome):
        return outcome.mean(outcome.planted, kind="rate")


class Reach(Metric):
    """Lift of the target less that of all others."""

    citation = "original"
    title, unit = "Reach of harm", "points"
    whole = paired = True

    def compute(self, outcome):
        inside = np.array([name == outcome.target for name in outcome.categories])
        weights = inside / inside.sum() - ~inside / (~inside).sum()
        return outcome.contrast(outcome.toxicity - outcome.baseline.toxicity, weights)


@pytest.fixture(scope="module")
def report():
    """Two seeds and four dialogues of each category: the nearer, the more toxic."""
    rng = np.random.default_rng(0)
    categories = tuple(name for name in NAMES for _ in range(4))
    rated = np.array([[0.8 * NEAR[name] for name in categories]] * 2)
    rated = np.clip(rated + rng.uniform(-0.05, 0.05, rated.shape), 0, 1)
    arms = [
        Outcome(
            arm=arm, target="fear", seeds=(0, 1), categories=categories,
            dialogues=tuple(f"{i}" for i in range(len(categories))), toxicity=toxicity,
            planted=toxicity > 0.6, correct=toxicity > 2, similarity=NEAR,
        )
        for arm, toxicity in (("clean", np.zeros_like(rated)), ("poison", rated))
    ]  # fmt: skip
    return SpilloverAnalyzer(metrics=(LongerBy(), Rude(), Reach())).analyze(arms)


def test_an_estimate_knows_its_metric_and_its_quantity(report):
    length = report.category("dread").estimates["LongerBy"]
    assert (length.metric, length.quantity) == ("LongerBy", "response_length")
    assert (length.measure.kind, length.measure.unit) == ("change", "number")
    rude = report.category("dread").Rude
    assert (rude.metric, rude.quantity, rude.measure.title) == ("Rude", "Rude", "Rude")
    assert (rude.measure.kind, rude.measure.unit) == ("level", "share")
    reach = report.overall["poison"]["Reach"]
    assert (reach.measure.kind, reach.measure.unit) == ("other", "points")
    assert set(report.bands) == {"LongerBy"}


def test_it_is_in_sentences_and_tables_with_label_and_unit(report):
    page = report.to_markdown()
    assert "- Length lift rose in *fear*, the target (" in page
    assert "- Rude: 100.0 % [" in page
    assert "- Reach of harm: " in page
    assert " points [" in page.split("- Reach of harm: ")[1].split("\n")[0]
    assert "the response length lift is significantly above 0 in " in page
    assert "| group | Length lift | Rude, clean, % | Rude, poison, % |" in page
    assert "| category | similarity | dialogues | Length lift | Rude, % |" in page
    assert "| Reach of harm | " in page


def test_it_is_on_the_page_in_frames_and_in_latex(report):
    page = report_page(report, None)
    assert "Length lift against similarity" in page  # its chart
    assert "Rude, poison, %" in page
    frame = report.to_frame()
    row = frame[(frame.metric == "LongerBy") & (frame.name == "dread")].iloc[0]
    assert (row["quantity"], row["title"], row["unit"]) == (
        "response_length", "Length lift", "number",
    )  # fmt: skip
    latex = report.to_latex(metrics=["LongerBy", "Rude"])
    assert "Group & Length lift & Rude " in latex
    assert r"Rude in \%" in latex


def test_its_lift_is_drawn_against_similarity(report):
    assert "spillover" in report.figures
    figure = report.figure("spillover", quantity="response_length")
    assert "Length lift" in {text.get_text() for text in figure.texts} | {
        axes.get_ylabel() for axes in figure.axes
    }
    dread = report.category("dread").estimates["LongerBy"].value
    drawn = [y for axes in figure.axes for line in axes.lines for y in np.ravel(line.get_ydata())]
    assert any(y == pytest.approx(dread) for y in drawn)
