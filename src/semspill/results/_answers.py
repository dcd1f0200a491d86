"""Rated answers of one arm under one seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from semspill.results._probes import Probed


@dataclass(frozen=True, eq=False)
class Answers:
    """What one arm answered under one seed, after the training and after every epoch watched."""

    texts: tuple[str, ...] = field(repr=False)
    """The response given to each exchange; harmful ones are masked where a run was read that
    keeps no harmful text."""
    score: Float[np.ndarray, " exchanges"]
    """The model's score of the response."""
    toxicity: Float[np.ndarray, " exchanges"]
    """Its rated toxicity, 0 to 1."""
    planted: Bool[np.ndarray, " exchanges"]
    """Whether it counts as a planted one, by the first matcher of the experiment."""
    correct: Bool[np.ndarray, " exchanges"]
    """Whether the gold response ranked first in its list."""
    served: Bool[np.ndarray, " exchanges"]
    """Whether it did so with the arm's planted candidates in every list."""
    drawn_from: Float[np.ndarray, " texts"]
    """Rated toxicity of the texts of which one was drawn to be planted; empty for no such."""
    epoch_texts: tuple[tuple[str, ...], ...] = field(repr=False)
    """The responses after each watched epoch; none where a run was read."""
    epoch_toxicity: Float[np.ndarray, "epochs exchanges"]
    """Toxicity after each watched epoch."""
    epoch_planted: Bool[np.ndarray, "epochs exchanges"]
    """Planted or not after each watched epoch, by the same matcher."""
    loss: Float[np.ndarray, " trained"]
    """Mean training loss of each epoch, in nats."""
    epoch_correct: Bool[np.ndarray, "epochs exchanges"] = field(
        default_factory=lambda: np.zeros((0, 0), dtype=np.bool_)
    )
    """Whether the gold response ranked first after each watched epoch; no rows where it was not
    measured."""
    matched: Mapping[str, Bool[np.ndarray, " exchanges"]] = field(default_factory=dict)
    """Whether it counts by each matcher, by what the matcher is called, that of `planted` first;
    empty where nothing is said of matchers."""
    measures: Mapping[str, Float[np.ndarray, " exchanges"]] = field(default_factory=dict)
    """Further numbers of each answer. Of a model that generates `words`; `repetition`, the share of
    its runs of four words that it has said before; `gold_loss`, the mean negative log-likelihood
    of a token of the gold response, in nats, where the model gives it. Of a model that chooses
    among candidates the first two, where the analyzer names a metric of them. Of any model `kind
    NAME`: the rating of each kind of harm that the rater names, 0 to 1."""
    probed: Mapping[str, Probed] = field(default_factory=dict)
    """What it answered to the test exchanges as each probe leaves them, by what the probe is
    called; empty where there is none, and of defended arms."""
    cleaning: str = field(default="", repr=False)
    """What a defense took out of the data, as JSON lines of hashes; empty for nothing."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """What it was made with and from: versions, device, fingerprints; JSON values."""

    @property
    def reads_planted(self) -> Bool[np.ndarray, " exchanges"]:
        """Whether the response reads like a planted one: by any matcher that compares no scores."""
        facts = self.record.get("matchers", {})
        scored = {name for name, told in facts.items() if "margin" in told}
        read = [marks for name, marks in self.matched.items() if name not in scored]
        return np.any(read, axis=0) if read else self.planted

    @property
    def ranked(self) -> bool:
        """Whether the model could rank lists; where not, `correct` and `served` say nothing."""
        return bool(self.record.get("ranked", True))
