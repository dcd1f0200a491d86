"""Means, contrasts and ratios of an outcome, with seed noise pooled over its whole arm."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill.statistics import Estimate
from semspill.statistics._intervals import estimate_contrast, estimate_ratio
from semspill.statistics._means import Sample, estimate_mean
from semspill.statistics._pooling import pool_seeds
from semspill.statistics._twoway import Design, Hits, Odds
from semspill.statistics._values import Kind, Resampling, checked_values

Quantity: TypeAlias = Literal[
    "asr", "toxicity", "precision", "precision_drop", "served_precision", "served_drop"
]


class Estimating:
    """What an outcome computes; its columns and its layout are those of `Outcome`."""

    toxicity: Float[np.ndarray, "seeds exchanges"]
    planted: Bool[np.ndarray, "seeds exchanges"]
    correct: Bool[np.ndarray, "seeds exchanges"]
    resampling: Resampling
    source_toxicity: Float[np.ndarray, " texts"] | None
    columns: Int[np.ndarray, " exchanges"] | None
    whole: Any
    clean: Any
    served: Bool[np.ndarray, "seeds exchanges"] | None

    @cached_property
    def design(self) -> Design:
        """Which exchanges belong to one dialogue, and which dialogues to one category."""
        raise NotImplementedError

    @property
    def served_hits(self) -> Bool[np.ndarray, "seeds exchanges"]:
        """Whether the gold response ranked first among its list and the planted candidates."""
        return self.correct if self.served is None else self.served

    def mean(
        self,
        values: "Float[np.ndarray, 'seeds exchanges'] | Bool[np.ndarray, 'seeds exchanges']",
        *,
        kind: Kind = "mean",
        quantity: Quantity | None = None,
        scale: float = 1.0,
        citation: str = "original",
    ) -> Estimate:
        """Return the mean of one value per seed and exchange, with its interval.

        Args:
            values: One row per seed, one column per exchange.
            kind: `"mean"` of values in [0, 1], `"rate"` of 0s and 1s, or `"difference"` of
                paired values in [-1, 1], which is tested against 0, and against a rise by
                `resampling.margin` or more, if there is one.
            quantity: What the values are means of. The interval then knows of planted answers
                that were not seen, and of the seeds' noise by all categories of the arm.
            scale: What a planted answer adds to a toxicity.
            citation: Where the quantity comes from.
        """
        sample = self.sample(values, kind=kind, quantity=quantity, scale=scale)
        return estimate_mean(sample, self.resampling).replace(citation=citation)

    def sample(
        self,
        values: "Float[np.ndarray, 'seeds exchanges'] | Bool[np.ndarray, 'seeds exchanges']",
        *,
        kind: Kind = "mean",
        quantity: Quantity | None = None,
        scale: float = 1.0,
    ) -> Sample:
        """Return one value per seed and exchange as `mean` takes them, to be compared.

        Args:
            values: One row per seed, one column per exchange.
            kind: What the values are, see `mean`.
            quantity: What the values are means of, see `mean`.
            scale: What a planted answer adds to a toxicity.
        """
        numbers = checked_values(values, self.toxicity.shape, kind)
        return Sample(numbers, self.design, kind, self._known(quantity, scale))

    def contrast(
        self,
        values: "Float[np.ndarray, 'seeds exchanges'] | Bool[np.ndarray, 'seeds exchanges']",
        weights: Float[np.ndarray, " exchanges"],
        *,
        quantity: Quantity | None = None,
        scale: float = 1.0,
        citation: str = "original",
    ) -> Estimate:
        """Return a weighted sum over exchanges of the mean over seeds, tested against 0.

        Args:
            values: One row per seed, one column per exchange.
            weights: What each exchange counts, such as 1/n in one category and -1/m in another.
            quantity: What the values are means of, see `mean`.
            scale: What a planted answer adds to a toxicity.
            citation: Where the quantity comes from.
        """
        numbers = checked_values(values, self.toxicity.shape)
        level, known = self.resampling.level, self._known(quantity, scale)
        estimate = estimate_contrast(numbers, weights, self.design, level, known)
        return estimate.replace(citation=citation)

    def ratio(
        self,
        values: "Float[np.ndarray, 'seeds exchanges'] | Bool[np.ndarray, 'seeds exchanges']",
        numerator: Float[np.ndarray, " exchanges"],
        denominator: Float[np.ndarray, " exchanges"],
        *,
        quantity: Quantity | None = None,
        scale: float = 1.0,
        citation: str = "original",
    ) -> Estimate:
        """Return the ratio of two contrasts; NaN where the denominator is not significant.

        Args:
            values: One row per seed, one column per exchange.
            numerator: What each exchange counts above the line.
            denominator: What each exchange counts below the line.
            quantity: What the values are means of, see `mean`.
            scale: What a planted answer adds to a toxicity.
            citation: Where the quantity comes from.
        """
        numbers = checked_values(values, self.toxicity.shape)
        level, known = self.resampling.level, self._known(quantity, scale)
        estimate = estimate_ratio(numbers, numerator, denominator, self.design, level, known)
        return estimate.replace(citation=citation)

    def over_texts(
        self, rated: Callable[[np.ndarray], np.ndarray]
    ) -> Float[np.ndarray, "seeds exchanges"]:
        """Return a function of the toxicity, averaged over the texts that could have been planted.

        Where each seed plants one text, drawn from a source, its rating is a lottery that a few
        seeds say little of. The whole source was rated; an answer that is a planted one counts as
        the average text does. That takes the rate of hits not to depend on the text's rating.

        Args:
            rated: A function of ratings, such as `lambda toxicity: toxicity >= 0.9`.
        """
        seen = np.asarray(rated(self.toxicity), dtype=np.float64)
        if self.source_toxicity is None:
            return seen
        average = float(np.mean(rated(self.source_toxicity)))
        return np.where(self.planted, average, seen)

    def of_planted(self, rated: Callable[[np.ndarray], np.ndarray]) -> float:
        """Return the mean over planted answers of a function of their toxicity.

        Args:
            rated: A function of ratings, as of `over_texts`.
        """
        if self.source_toxicity is not None:
            return float(np.mean(rated(self.source_toxicity)))
        arm = self.whole or self
        planted = arm.toxicity[arm.planted]
        return float(np.mean(rated(planted))) if planted.size else 1.0

    def seed_df(self, quantity: Quantity) -> float:
        """Return the degrees of freedom that the noise of seeds is known by; 0 for one seed.

        Args:
            quantity: What is estimated.
        """
        known = (self.whole or self)._odds
        name = {"toxicity": "rest"}.get(quantity, quantity)
        return max(float(len(self.planted) - 1), known[name].seeds.df) * (len(self.planted) > 1)

    def _known(self, quantity: Quantity | None, scale: float) -> Hits | Odds | None:
        """Return the noise of values, estimated from the whole arm."""
        whole = self.whole or self
        if quantity is None or (
            quantity == "toxicity" and self.source_toxicity is None and not whole.planted.any()
        ):
            return None  # what a hit would be rated is not known
        odds = self._own(whole._odds["asr" if quantity == "toxicity" else quantity])
        if quantity not in ("asr", "toxicity"):
            return odds
        rest = self._own(whole._odds["rest"]) if quantity == "toxicity" else None
        if not scale:
            return rest  # a hit adds nothing: what else was not seen bounds the estimate
        return Hits(self.planted.astype(np.float64), odds, scale, rest)

    def _own(self, odds: Odds) -> Odds:
        """Return the odds of these exchanges, out of those of the whole arm."""
        return odds if self.columns is None else replace(odds, rates=odds.rates[self.columns])

    @cached_property
    def _odds(self) -> dict[str, Odds]:
        """How seeds move the rates of hits and all else, by all categories of the arm."""
        rest = np.where(self.planted, 0.0, self.toxicity)
        before = (self if self.clean is None else self.clean).correct.astype(np.float64)
        columns = {"asr": self.planted, "rest": rest}
        columns |= {"precision": self.correct, "served_precision": self.served_hits}
        odds = {}
        for name, column in columns.items():
            values = column.astype(np.float64)
            odds[name] = pool_seeds(values, values, self.design, prior=name == "asr")
            if name.endswith("precision"):
                drop = f"{name.removesuffix('_precision')}_drop"
                odds[drop] = pool_seeds(
                    before - values, (before + values) / 2, self.design, prior=False
                )
        return odds
