"""A model that answers without candidates: what it can be asked, and what is refused."""

import numpy as np
import pytest

from semspill import Candidates, ConfigError, Model, Responses, TrainedModel, load_config, run
from semspill.experiment import forecast


class Writer(TrainedModel):
    """Says what it learned for a category, louder than it was written."""

    def __init__(self, learned):
        self.learned = learned

    def respond(self, exchanges, pool, rng, *, progress=iter):
        assert pool.texts == Candidates.of(()).texts
        return Responses.of([self.learned[one.category].upper() + "!!" for one in exchanges])

    def score(self, exchanges, texts, *, progress=iter):
        """The less of a text is said of the category otherwise, the lower."""
        return np.array(
            [
                [-abs(len(text) - len(self.learned[one.category])) for text in row]
                for one, row in zip(exchanges, texts, strict=True)
            ],
            dtype=float,
        )


class Generator(Model):
    """Learns one response for each category: a planted one, where there is any."""

    citation = "original"

    def train(self, corpus, rng, *, context=None, valid=None, observer=None, progress=iter):
        learned = {}
        for one in sorted(corpus.corpus.exchanges, key=lambda one: one.planted):
            learned[one.category] = one.response
        return Writer(learned)

    def uses_pool(self):
        return False


@pytest.fixture
def generating(fields):
    return {
        **fields,
        "model": Generator(),
        "similarity_encoder": "hashing",
        "poisoner": {**fields["poisoner"], "strategy": "last_fixed"},
        "arms": ["clean", "poison", "benign_swap"],
        "analyzer": {"draws": 100, "metrics": ["asr", "precision", "served_precision"]},
        "curve": False,
    }


def test_it_is_measured_without_candidates(generating, caplog):
    caplog.set_level("INFO")
    report = run(generating)
    assert report.category("brave").estimates["precision"].n > 0
    assert not [name for name in report.group("all").estimates if name.startswith("served")]
    assert [note for note in report.notes if note.kind == "pool_filter"] == []
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "arm poison: epochs 0, P@1" in said
    assert "candidates" not in said
    assert "candidates" not in report.to_markdown().partition("## Sources")[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"arms": ["clean", "poison", "train_only"]},
            "Arm 'train_only' has other candidates than its training gives, and Generator answers "
            'without candidates; leave it out, or give it pool = "planted".',
        ),
        (
            {"arms": ["clean", "pool_only"]},
            "Arm 'pool_only' has other candidates than its training gives, and Generator answers "
            'without candidates; leave it out, or give it pool = "clean".',
        ),
        (
            {
                "defenses": {
                    "filter": {
                        "name": "cleaner", "detector": "frequency", "share": 0.1, "where": "pool"
                    }
                }
            },
            "defenses.filter cleans the candidates alone, and Generator answers without "
            'candidates; set where = "train".',
        ),
        *[
            (
                {"defenses": {"it": one}, "trusted_split": "valid"},
                "defenses.it works on a model that chooses among candidates, and Generator "
                "answers without; choose another defense or model.",
            )
            for one in (
                "margin", "csls", "finetune_clean", {"name": "projection", "rater": "lexicon"},
                {"name": "pruning", "rater": "lexicon"},
            )
        ],
        (
            {"defenses": {"it": "anchor"}, "trusted_split": "valid"},
            "defenses.it changes the steps of a training, and Generator lets none be changed; "
            "choose another defense or model.",
        ),
    ],
)  # fmt: skip
def test_what_needs_candidates_is_refused(generating, change, said):
    with pytest.raises(ConfigError) as caught:
        load_config({**generating, "similarity_encoder": "hashing", **change, "same_rater": True})
    assert said in str(caught.value)


def test_a_summary_and_a_forecast_speak_of_no_candidates(generating):
    report = run({**generating, "arms": ["clean", "benign_swap"]})
    said = "The numbers are those of `benign_swap`: harmless responses planted in training."
    assert said in report.to_markdown()
    told = " ".join(str(forecast(generating)).split())
    assert "96 test exchanges, each in the model's own words 48 test dialogues" in told
    assert forecast(generating).candidates == 0


def test_a_cleaner_of_the_training_and_a_guard_work_without_candidates(generating):
    defenses = {
        "filter": {"name": "cleaner", "detector": "frequency", "share": 0.1},
        "guard": {"name": "rater_guard", "rater": "lexicon"},
    }
    more = {"arms": ["clean", "poison"], "defenses": defenses, "same_rater": True}
    report = run({**generating, **more})
    assert [one.name for one in report.defenses.defenses] == ["filter", "guard"]
    assert "candidates" not in report.to_markdown().partition("## Sources")[0]
