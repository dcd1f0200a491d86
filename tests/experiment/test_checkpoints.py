"""A training that keeps checkpoints goes on where a killed run had left it."""

from pathlib import Path

import numpy as np
import pytest

from semspill import Model, Responses, TrainedModel, run
from semspill.experiment import sweep
from semspill.models import ModelEpoch

pytestmark = pytest.mark.usefixtures("blank_plots")

EPOCHS = 3


def left_in(log):
    return int(Path(log).read_text())


class Parrot(TrainedModel):
    """Answers each exchange with a candidate that its epoch chooses."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def respond(self, exchanges, pool, rng, *, progress=iter):
        return Responses.of([pool.texts[self.epoch + len(one.context)] for one in exchanges])

    def score(self, exchanges, texts, *, progress=iter):
        return np.array([[len(text) for text in row] for row in texts], dtype=np.float32)


class Slow(Model):
    """Counts its epochs in a checkpoint, and may be killed after some of them all together."""

    citation = "original"
    log: str
    """A file that holds after how many epochs the process ends."""

    def train(self, corpus, rng, *, observer=None, checkpoint=None, **options):
        done = 0
        if checkpoint is not None:
            checkpoint.mkdir(parents=True, exist_ok=True)
            done = sum(1 for _ in checkpoint.iterdir())
        for number in range(1, EPOCHS + 1):
            if number > done:
                left = left_in(self.log)
                if not left:
                    raise KeyboardInterrupt
                Path(self.log).write_text(str(left - 1))
                if checkpoint is not None:
                    (checkpoint / str(number)).touch()
            observer(ModelEpoch(number, Parrot(number), 3.0 / number, None, 0.0))
        return Parrot(EPOCHS)

    def epoch_count(self):
        return EPOCHS

    def keeps_checkpoints(self):
        return True


@pytest.fixture
def slow(few_fields, tmp_path):
    """Fields of a run of two trainings, and a function that says after how many epochs it dies."""
    log = tmp_path / "log"
    measured = {"similarity_encoder": few_fields["model"]["encoder"], "similarities": ["centroid"]}
    fields = {**few_fields, **measured, "arms": ["clean", "poison"], "model": Slow(log=str(log))}
    return fields, lambda left: log.write_text(str(left))


@pytest.mark.parametrize("killed", [1, 2, 4])
def test_a_killed_run_goes_on_inside_a_training(slow, out, partial, killed):
    fields, dies_after = slow
    dies_after(2 * EPOCHS)
    run(fields, out=out.with_name("undisturbed"))
    dies_after(killed)
    with pytest.raises(KeyboardInterrupt):
        run(fields, out=out)
    assert any(partial.glob("checkpoints/*/*"))
    dies_after(2 * EPOCHS - killed)
    run(fields, out=out)
    assert left_in(fields["model"].log) == 0
    assert not list(out.rglob("checkpoints"))
    for arm in ("clean", "poison"):
        place = Path("seed-0", arm, "scores.npz")
        with np.load(out / place) as found, np.load(out.with_name("undisturbed") / place) as whole:
            for name in ("toxicity", "loss", "epoch_toxicity", "correct"):
                assert np.array_equal(found[name], whole[name])
            assert len(found["loss"]) == EPOCHS


def test_a_checkpoint_goes_once_its_answers_are_written(slow, out, partial):
    fields, dies_after = slow
    dies_after(EPOCHS + 1)
    with pytest.raises(KeyboardInterrupt):
        run(fields, out=out)
    assert len(list(partial.glob("checkpoints/*"))) == 1


def test_a_cache_holds_the_checkpoints_of_a_run_without_a_folder(slow, tmp_path):
    fields, dies_after = slow
    dies_after(EPOCHS + 2)
    with pytest.raises(KeyboardInterrupt):
        run(fields, cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("checkpoints/*/*"))) == 2
    dies_after(1)
    run(fields, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("checkpoints/*"))


def test_a_run_in_memory_has_no_checkpoints(slow):
    fields, dies_after = slow
    dies_after(1)
    with pytest.raises(KeyboardInterrupt):
        run(fields)
    dies_after(2 * EPOCHS)
    run(fields)
    assert left_in(fields["model"].log) == 0


def test_a_sweep_goes_on_inside_a_training(slow, out):
    fields, dies_after = slow
    grid = {"poisoner.budget": [0.1, 0.2]}
    dies_after(EPOCHS + 1)
    with pytest.raises(KeyboardInterrupt):
        sweep(fields, grid, out=out)
    dies_after(2 * EPOCHS - 1)  # the clean training is that of both variants
    sweep(fields, grid, out=out)
    assert left_in(fields["model"].log) == 0
