"""Defenses that are settings of the training."""

import pytest

from semspill import ConfigError, Model, RetrievalModel
from semspill.defenses import KeepBest, LessTraining

MODEL = RetrievalModel(finetuner={"epochs": 10, "batch_size": 64})


class Given(Model):
    """Is trained elsewhere."""

    citation = "original"

    def train(self, corpus, rng, **others):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("defense", "changed"),
    [
        (LessTraining(), {"epochs": 1}),
        (LessTraining(epochs=4), {"epochs": 4}),
        (LessTraining(epochs=11), {}),
        (LessTraining(epochs=None, learning_rate=1e-4), {"learning_rate": 1e-4}),
        (KeepBest(), {"keep": "best"}),
    ],
)
def test_one_setting_changes_and_the_others_stay(defense, changed):
    changed = MODEL.replace(finetuner=MODEL.finetuner.replace(**changed))
    assert defense.settings(MODEL) == changed


def test_keeping_the_best_epoch_needs_validation():
    assert not MODEL.needs_validation()
    assert KeepBest().settings(MODEL).needs_validation()


@pytest.mark.parametrize("defense", [LessTraining(), KeepBest()])
def test_a_model_that_is_not_fine_tuned_is_refused(defense):
    with pytest.raises(ConfigError, match="Given has none"):
        defense.settings(Given())


def test_less_training_that_changes_nothing_is_refused():
    with pytest.raises(ConfigError, match="give epochs"):
        LessTraining(epochs=None)
