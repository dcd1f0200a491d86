import logging

import numpy as np
import pytest
import torch

from semspill import Corpus
from semspill.errors import ConfigError
from semspill.training import LanguageFinetuner

ALWAYS = 1e-9
"""Minutes between checkpoints so few that there is one after every batch."""


class Killed(BaseException):
    """Stands for the end of the process."""


class Stops:
    """Progress that ends the process after some batches of the whole training."""

    def __init__(self, after):
        self.left = after

    def __call__(self, items):
        for item in items:
            if self.left == 0:
                raise Killed
            self.left -= 1
            yield item


def quiet(items):
    return iter(items)


def train(model, corpus, folder=None, *, seed=0, progress=quiet, valid=None, watch=None, **more):
    """Return the weights after a training, and what its observer was told."""
    epochs = []

    def observer(epoch):
        values = epoch.model.module.state_dict().values()
        about = sum(float(value.double().sum()) for value in values)
        epochs.append((epoch.number, epoch.loss, epoch.valid_loss, epoch.tokens, about))
        if watch is not None:
            watch(epoch)

    settings = {"epochs": 3, "batch_size": 32, "checkpoint_minutes": ALWAYS} | more
    trained = LanguageFinetuner(**settings).finetune(
        model,
        corpus,
        np.random.default_rng(seed),
        valid=valid,
        observer=observer,
        progress=progress,
        checkpoint=folder,
    )
    return trained.module.state_dict(), epochs


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one | other)


@pytest.mark.parametrize(
    ("after", "more"),  # 4 batches in each of 3 epochs
    [(0, {}), (3, {}), (4, {}), (8, {}), (9, {"optimizer": "adamax", "weight_decay": 0.01})],
)
def test_a_killed_training_goes_on_and_ends_as_if_undisturbed(
    lessons, letters_of, tmp_path, after, more
):
    whole, told = train(letters_of(0.3), lessons, valid=lessons, **more)
    with pytest.raises(Killed):
        train(letters_of(0.3), lessons, tmp_path, valid=lessons, progress=Stops(after), **more)
    stops = Stops(12 - after)  # what was done is not done again
    again, heard = train(letters_of(0.3), lessons, tmp_path, valid=lessons, progress=stops, **more)
    assert same(whole, again)
    assert told == heard
    assert stops.left == 0


def test_a_training_killed_again_and_again_ends_as_if_undisturbed(lessons, letters_of, tmp_path):
    whole, told = train(letters_of(0.3), lessons)
    for _ in range(11):
        with pytest.raises(Killed):
            train(letters_of(0.3), lessons, tmp_path, progress=Stops(1))
    again, heard = train(letters_of(0.3), lessons, tmp_path, progress=Stops(1))
    assert same(whole, again)
    assert told == heard


@pytest.mark.parametrize("number", [1, 3])
def test_a_training_killed_while_it_is_observed_goes_on(lessons, letters_of, tmp_path, number):
    def kill(epoch):
        torch.rand(5)
        if epoch.number == number:
            raise Killed

    whole, told = train(letters_of(0.3), lessons)
    with pytest.raises(Killed):
        train(letters_of(0.3), lessons, tmp_path, watch=kill)
    again, heard = train(letters_of(0.3), lessons, tmp_path)
    assert same(whole, again)
    assert told == heard


def test_the_best_epoch_is_kept_across_a_kill(lessons, letters_of, tmp_path):
    other = Corpus(tuple(talk.with_response(-1, "grumble") for talk in lessons), name="other")
    options = {"valid": other, "keep": "best", "epochs": 4, "learning_rate": 0.05, "warmup": 0}
    whole, told = train(letters_of(0.5), lessons, **options)
    losses = [valid_loss for _, _, valid_loss, _, _ in told]
    assert np.argmin(losses) < 2
    with pytest.raises(Killed):
        train(letters_of(0.5), lessons, tmp_path, progress=Stops(14), **options)
    again, heard = train(letters_of(0.5), lessons, tmp_path, **options)
    assert same(whole, again)
    assert told == heard


def test_a_finished_training_is_not_done_again(lessons, letters_of, tmp_path):
    whole, told = train(letters_of(0.3), lessons, tmp_path)
    again, heard = train(letters_of(0.3), lessons, tmp_path, progress=Stops(0))
    assert same(whole, again)
    assert told == heard


def test_checkpoints_are_as_rare_as_asked(lessons, letters_of, tmp_path):
    with pytest.raises(Killed):
        train(letters_of(), lessons, tmp_path, progress=Stops(7), checkpoint_minutes=60)
    assert not (tmp_path / "state.pt").exists()


def test_frozen_weights_are_not_written(lessons, letters_of, tmp_path):
    train(letters_of(frozen=True), lessons, tmp_path, epochs=1)
    held = torch.load(tmp_path / "epoch-1.pt", weights_only=True)["held"]
    assert "letters.weight" not in held
    assert "mix.weight" in held


@pytest.mark.parametrize(
    "more",
    [
        {"seed": 1},
        {"learning_rate": 0.02},
        {"micro_tokens": 100},
        {"model": 0.1},
        {"half": True},
        {"valid": True},
    ],
)
def test_a_checkpoint_of_another_training_is_not_used(lessons, letters_of, tmp_path, more):
    with pytest.raises(Killed):
        train(letters_of(), lessons, tmp_path, progress=Stops(9))
    corpus = Corpus(lessons.dialogues[:60], name="half") if more.pop("half", False) else lessons
    valid = lessons if more.pop("valid", False) else None
    model = letters_of(frozen=True) if more.pop("model", 0) else letters_of()
    expected, told = train(model, corpus, valid=valid, **more)
    found, heard = train(model, corpus, tmp_path, valid=valid, **more)
    assert same(expected, found)
    assert told == heard


@pytest.mark.parametrize(
    ("name", "content"), [("state.pt", b"damaged"), ("epoch-1.pt", b""), ("epoch-1.pt", None)]
)
def test_a_damaged_checkpoint_is_not_used(lessons, letters_of, tmp_path, name, content, caplog):
    whole, told = train(letters_of(), lessons)
    with pytest.raises(Killed):
        train(letters_of(), lessons, tmp_path, progress=Stops(9))
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    again, heard = train(letters_of(), lessons, tmp_path)
    assert same(whole, again)
    assert told == heard
    assert ("is damaged" in caplog.text) == (content is not None)


def test_what_a_killed_writer_left_is_removed(lessons, letters_of, tmp_path):
    left = tmp_path / ".state.pt.abcdefgh.tmp"
    left.write_bytes(b"half")
    train(letters_of(), lessons, tmp_path, epochs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-1.pt", "state.pt"]


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_training(
    lessons, letters_of, tmp_path, caplog
):
    (tmp_path / "file").write_text("in the way")
    whole, _ = train(letters_of(), lessons, epochs=1)
    found, _ = train(letters_of(), lessons, tmp_path / "file" / "below", epochs=1)
    assert same(whole, found)
    assert "cannot be written" in caplog.text


def test_going_on_is_logged(lessons, letters_of, tmp_path, caplog):
    with pytest.raises(Killed):
        train(letters_of(), lessons, tmp_path, progress=Stops(6))
    with caplog.at_level(logging.INFO, logger="semspill"):
        train(letters_of(), lessons, tmp_path)
    assert "going on after 1 epochs and 2 batches" in caplog.text


def test_no_time_between_checkpoints_is_refused():
    with pytest.raises(ConfigError, match="checkpoint_minutes"):
        LanguageFinetuner(checkpoint_minutes=0)
