"""Defenses of data and training, applied to what an arm is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Bool

from semspill._random import stream
from semspill.corpus import Candidates, Corpus
from semspill.defenses import (
    Aid,
    CleanedCorpus,
    GuardedModel,
    detection,
    guarded,
    unmarked,
)
from semspill.encoders import BiEncoder
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data
from semspill.experiment._promised import prepared_by, repaired_by
from semspill.experiment._treatment import Treatment
from semspill.models import TrainedModel
from semspill.results import Guarding


@dataclass(frozen=True, eq=False)
class Defended:
    """What an arm is trained on and answers from."""

    corpus: Corpus
    """What its model is trained on."""
    pool: Candidates
    """What it answers from."""
    steps: tuple[CleanedCorpus, ...] = ()
    """What each of its cleaners took out."""
    truth: Bool[np.ndarray, " exchanges"] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """Which exchanges of what was cleaned hold a planted response."""


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A corpus before and after all cleaners of a treatment."""

    before: Corpus
    corpus: Corpus
    steps: list[CleanedCorpus] = field(default_factory=list)


class Cleaning:
    """Applies the cleaners and the training defenses of one arm.

    Args:
        treatment: What is done.
        aid: What a defender has.
        seed: The training seed.
    """

    def __init__(self, treatment: Treatment, aid: Aid, seed: int) -> None:
        self.treatment, self.aid, self.seed = treatment, aid, seed

    def apply(self, corpus: Corpus) -> Cleaned:
        """Return a corpus without what the cleaners take out, one after the other."""
        cleaned = Cleaned(corpus, replace(corpus, labels=()))
        for cleaner in self.treatment.cleaners:
            # One stream for all defenses of a seed: what they train alike is trained once.
            step = cleaner.clean(cleaned.corpus, self.aid, rng=stream(self.seed, "defense"))
            if self.treatment.control:
                drawn = stream(self.seed, "control")
                step = cleaner.control_of(cleaned.corpus, step, rng=drawn)
            cleaned = Cleaned(corpus, step.corpus, [*cleaned.steps, step])
        return cleaned

    def prepared(self, corpus: Corpus) -> Corpus:
        """Return what the training defenses make of a corpus."""
        for part in self.treatment.prepares:
            rng = stream(self.seed, "defense")
            made = part.prepare(unmarked(corpus), self.aid.of(part), rng)
            corpus = prepared_by(part, corpus, made)
        return corpus


def measuring_encoder(config: ExperimentConfig) -> BiEncoder:
    """Return the encoder that similarity is measured on, as it comes.

    One draw for all seeds: random initial weights must not move who is near.
    """
    model = config.measuring_encoder.load(stream(0, "similarity"))
    # Similarity is one of texts: what a labeller makes of them is another matter.
    shown = config.context
    model.context = shown.replace(label="none") if shown.label == "predicted" else shown
    return model


def aid_of(config: ExperimentConfig, data: Data) -> Aid:
    """Return what a defender has besides the corpus of a seed."""
    labels = data.response_labels
    options: dict[str, Any] = {} if labels is None else {"response_labels": labels}

    def train(corpus: Corpus, rng: np.random.Generator) -> TrainedModel:
        labelled = data.labelled(replace(corpus, labels=()))
        return config.model.train(
            labelled, rng, context=config.context, valid=data.valid, **options
        )

    return Aid(clean=data.trusted, encoder=measuring_encoder(config), trainer=train)


def finished(
    model: TrainedModel, treatment: Treatment, corpus: Corpus, aid: Aid, seed: int
) -> TrainedModel:
    """Return a trained model as its repairs and guards leave it.

    Args:
        model: The trained model.
        treatment: What is done.
        corpus: What it was trained on.
        aid: What a defender has.
        seed: The training seed.
    """
    if not treatment.finish:
        return model
    seen = unmarked(corpus)
    for repair in treatment.repairs:
        made = repair.repair(model, seen, aid.of(repair), stream(seed, "defense"))
        model = repaired_by(repair, made)
    if treatment.guards:
        drawn = stream(seed, "control") if treatment.control else None
        fitting = stream(seed, "defense")
        model = guarded(model, treatment.guards, corpus=seen, aid=aid, rng=fitting, control=drawn)
    return model


def facts_of(defended: Defended, model: TrainedModel, seed: int) -> dict[str, Any]:
    """Return what cleaners found, and how often guards intervened, as JSON.

    Args:
        defended: What the arm was made of.
        model: What answered.
        seed: The training seed.
    """
    facts: dict[str, Any] = {}
    if defended.steps:
        one = detection(_together(defended.steps), defended.truth, seed)
        facts["detection"] = one.model_dump(mode="json")
    if isinstance(model, GuardedModel):
        one_guarding = Guarding(seed=seed, replaced=model.replaced, silent=model.silent)
        facts["guarding"] = one_guarding.model_dump(mode="json")
    return facts


def _together(steps: Sequence[CleanedCorpus]) -> CleanedCorpus:
    """Return what several cleaners took out, as if it were one; only one alone has suspicions."""
    last = steps[-1]
    if len(steps) == 1:
        return last
    found = {(row.dialogue, row.turn): row for step in steps for row in step.manifest.records}
    places = [(exchange.dialogue, exchange.turn) for exchange in last.corpus.exchanges]
    records = tuple(found[place] for place in places if place in found)
    return replace(
        last,
        manifest=last.manifest.replace(records=records),
        removed=np.any([step.removed for step in steps], axis=0),
        suspicion=np.full(len(places), np.nan),
    )


def manifests_of(steps: Sequence[CleanedCorpus]) -> str:
    """Return the manifests of all cleaners as JSON lines."""
    return "".join(step.manifest.to_jsonl() for step in steps)
