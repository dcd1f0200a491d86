"""A run says when its training was too short to learn from, and only then."""

import logging

import numpy as np
import pytest

from semspill import Model, Responses, TrainedModel, run
from semspill.models import Effort, ModelEpoch

GUESSING = 2.0


class Stub(TrainedModel):
    """Finds the gold response or not, and gives the target a planted response or not."""

    def __init__(self, ranks: bool, reached: bool) -> None:
        self.ranks, self.reached = ranks, reached

    def respond(self, exchanges, pool, rng, *, progress=iter):
        planted = [t for t, bad in zip(pool.texts, pool.planted, strict=True) if bad]
        clean = [t for t, bad in zip(pool.texts, pool.planted, strict=True) if not bad]
        return Responses.of(
            [
                planted[0] if planted and self.reached and one.category == "brave" else clean[0]
                for one in exchanges
            ]
        )

    def score(self, exchanges, texts, *, progress=iter):
        pairs = zip(exchanges, texts, strict=True)
        hits = [[self.ranks and text == one.response for text in row] for one, row in pairs]
        return np.array(hits, dtype=np.float32)


class Trained(Model):
    """Tells of the losses it was given."""

    citation = "original"
    losses: tuple[float, ...]
    steps: int = 40
    ranks: bool = True
    reached: bool = True
    writes: bool = False

    def train(self, corpus, rng, *, observer=None, **options):
        stub = Stub(self.ranks, self.reached)
        for number, loss in enumerate(self.losses, start=1):
            observer(ModelEpoch(number, stub, loss, None, 0.0))
        return stub

    def epoch_count(self):
        return len(self.losses)

    def effort(self, exchanges):
        told = {"guessing": GUESSING, "ranks": not self.writes, "advice": "train it longer"}
        return Effort(steps=self.steps, fewest=30, **told)


@pytest.fixture
def trained(fields):
    """Return a function that runs a stub of a model, and the notes of its report of that kind."""

    def trained(*losses, **options):
        small = {**fields["model"]["encoder"]}
        changed = {"similarity_encoder": small, "similarities": ["centroid"], "curve": False}
        report = run({**fields, **changed, "model": Trained(losses=losses, **options)})
        return [note for note in report.notes if note.kind == "short_training"], report

    return trained


@pytest.mark.parametrize(
    ("losses", "options", "short"),
    [
        ((3.0, 1.7), {}, False),  # 0.85 of guessing: it learns, and the target was reached
        ((3.0, 1.9), {}, True),  # 0.95: near guessing, whatever came out
        ((1.9,), {}, False),  # the mean of a single epoch is no loss of the trained model
        ((3.0, 1.2), {"ranks": False}, True),
        ((3.0, 0.8), {"ranks": False}, False),  # 0.4: it learned its own exchanges
        ((3.0, 0.8), {"ranks": False, "writes": True}, True),  # a language needs no context
        ((3.0, 0.8), {"writes": True}, False),
        ((1.2,), {"ranks": False}, True),
        ((3.0, 1.2), {"reached": False}, True),  # 0.6
        ((3.0, 0.8), {"reached": False}, False),  # no matter of training
        ((3.0, 0.8), {"reached": False, "steps": 29}, True),
        ((3.0, 0.8), {"steps": 29}, False),
    ],
    ids=str,
)
def test_it_is_judged_by_loss_rank_and_target(trained, losses, options, short):
    assert bool(trained(*losses, **options)[0]) is short


def test_the_note_has_the_facts_and_what_to_change_and_comes_first(trained):
    [note], report = trained(3.0, 1.9, reached=False, steps=7)
    assert {"steps": 7, "loss": 1.9, "guessing": 2.0, "chance": 0.05}.items() <= note.values.items()
    assert (note.values["precision"], note.values["lift"]) == (1, 0)
    for part in ("7 optimizer steps", "1.90", "2.00", "100.0 %", "5.0 %", "Train it longer."):
        assert part in note.text
    first, *more = report.to_markdown().partition("## What to know first")[2].split("\n- ")[1:]
    assert first == note.text
    assert not [said for said in more if said.startswith("*brave* itself")]  # it is said already


def test_where_the_target_was_reached_the_note_does_not_say_that_nothing_was_learned(trained):
    [note], _ = trained(3.0, 1.9)
    assert note.values["lift"] == 1
    assert "too short to learn" not in note.text
    assert "what the model does before training, given planted candidates" in note.text


def test_steps_that_are_too_few_are_warned_of_before_training(trained, fields, caplog):
    with caplog.at_level(logging.WARNING, "semspill"):
        trained(0.5, steps=30)
        assert "optimizer steps" not in caplog.text
        trained(0.5, steps=29)
    assert caplog.messages == [
        "29 optimizer steps of training, and fewer than 30 have been seen to teach next to "
        "nothing: expect mostly what the model does before training. Train it longer."
    ]


@pytest.mark.parametrize(("finetuner", "short"), [((2, 256), True), ((8, 32), False)])
def test_a_real_training_is_judged_by_its_own_loss(fields, finetuner, short):
    epochs, size = finetuner
    model = {**fields["model"], "finetuner": {"epochs": epochs, "batch_size": size}}
    report = run({**fields, "model": model, "curve": False})
    assert ("short_training" in [note.kind for note in report.notes]) is short
