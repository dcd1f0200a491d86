"""What a run measures of a model that writes its answers."""

import numpy as np
import pytest

from semspill import Model, TrainedModel, read_report, run
from semspill.responding import Responses


class Stammerer(TrainedModel):
    """Says the same four words twice to the brave, and nothing to others."""

    def respond(self, exchanges, pool, rng, *, progress=iter):
        twice = "I do not know, I do not know."
        return Responses.of([twice if e.category == "brave" else "..." for e in exchanges])

    def gold_losses(self, exchanges, *, progress=iter):
        return np.array([2.0 if e.category == "brave" else 1.0 for e in exchanges])


class Broken(Model):
    """Learns nothing."""

    citation = "original"

    def train(self, corpus, rng, *, context=None, valid=None, observer=None, progress=iter):
        return Stammerer()

    def uses_pool(self):
        return False


def test_a_run_tells_a_broken_model(lean_fields, tmp_path):
    metrics = ["asr", "perplexity", "answer_words", "empty_share", "repetition"]
    config = {**lean_fields, "model": Broken(), "similarity_encoder": "hashing", "labelled": None}
    config["analyzer"] = {**lean_fields["analyzer"], "metrics": metrics}
    report = run(config, out=tmp_path / "run")
    brave, others = report.category("brave").estimates, report.group("all but brave").estimates
    assert brave["perplexity"].value == pytest.approx(np.exp(2))
    assert others["perplexity"].value == pytest.approx(np.e)
    assert (brave["answer_words"].value, others["answer_words"].value) == (8, 0)
    assert (brave["empty_share"].value, others["empty_share"].value) == (0, 1)
    # Of the five runs of four words the last is the first again.
    assert brave["repetition"].value == pytest.approx(1 / 5)
    assert read_report(tmp_path / "run").to_json() == report.to_json()
    assert run(config, out=tmp_path / "run").to_json() == report.to_json()
    assert "Perplexity" in report.to_markdown()
    # All but the brave are answered with three dots, in both arms.
    dots = report.group("all but brave").exchanges, report.group("all").exchanges
    notes = [note.values for note in report.notes if note.kind == "empty_answers"]
    assert [(note["arm"], note["empty"], note["asked"]) for note in notes] == [
        (arm.name, *dots) for arm in report.arms
    ]
