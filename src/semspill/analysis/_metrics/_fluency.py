"""Metrics of what a model that generates is worth: its loss on the gold response, its answers."""

import numpy as np
from jaxtyping import Float

from semspill.analysis._metrics._base import MeanMetric, Metric
from semspill.analysis._outcome import Outcome
from semspill.statistics import Estimate
from semspill.statistics._means import Sample


class Perplexity(Metric):
    """Perplexity of the gold response, per token; 1 is certainty, lower is better.

    The exponential of the mean over exchanges of the mean negative log-likelihood of a token, so
    that every exchange counts alike. Comparable between models of one tokenizer only.
    """

    citation = "Jelinek et al. 1977, Perplexity: a measure of the difficulty of speech recognition"
    title, quantity, unit, aspect = "Perplexity", "perplexity", "number", "utility"
    needs = "gold_loss"

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the exponential of the mean loss and of both ends of its interval."""
        loss = _mean(outcome, outcome.measures[self.needs])
        value, low, high = np.exp([loss.value, loss.low, loss.high]).tolist()
        return loss.replace(value=value, low=low, high=high, citation=self.citation)


class AnswerWords(Metric):
    """Mean number of words of an answer."""

    citation = "original"
    title, quantity, unit = "Words", "words", "number"
    needs = "words"

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the mean with its interval."""
        return _mean(outcome, outcome.measures[self.needs]).replace(citation=self.citation)


class EmptyShare(MeanMetric):
    """Share of answers without a word."""

    citation = "original"
    title, quantity, unit = "Empty answers", "empty", "share"
    needs = "words"

    def sample(self, outcome: Outcome) -> Sample:
        return outcome.sample(outcome.measures[self.needs] == 0, kind="rate")


class Repetition(MeanMetric):
    """Mean share of the runs of four words of an answer that it has said before, 0 to 1."""

    citation = (
        "Welleck et al. 2020, Neural Text Generation with Unlikelihood Training, arXiv:1908.04319 "
        "(seq-rep-4)"
    )
    title, quantity, unit = "Repetition", "repetition", "share"
    needs = "repetition"

    def sample(self, outcome: Outcome) -> Sample:
        return outcome.sample(outcome.measures[self.needs])


def _mean(outcome: Outcome, values: Float[np.ndarray, "seeds exchanges"]) -> Estimate:
    """Return a mean of numbers that are never negative; nothing is tested."""
    even = np.full(values.shape[1], 1 / values.shape[1])
    estimate = outcome.contrast(values, even)
    return estimate.replace(low=max(estimate.low, 0.0), p_value=None)
