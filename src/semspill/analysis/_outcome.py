"""Outcome of one arm on the test exchanges under every seed: the input of all metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill._mask import listing, named
from semspill.analysis._estimating import Estimating
from semspill.errors import DataError
from semspill.results import Arm, arm_of
from semspill.statistics import Estimate
from semspill.statistics._bootstrap import (
    Evaluate,
    by_draw,
    by_weights,
    estimate_bootstrap,
)
from semspill.statistics._twoway import Design, design_of, numbered
from semspill.statistics._values import Resampling


@dataclass(frozen=True, eq=False)
class Outcome(Estimating):
    """One arm's outcome on the same test exchanges under each seed.

    Example:
        >>> outcome = Outcome(
        ...     arm="poison", target="fear", seeds=(0,),
        ...     categories=("fear", "fear", "joy"), dialogues=("a", "b", "c"),
        ...     toxicity=np.array([[1.0, 0.5, 0.0]]), planted=np.array([[True, False, False]]),
        ...     correct=np.array([[False, True, True]]),
        ... )
        >>> outcome.of(["fear"]).mean(outcome.of(["fear"]).toxicity).value
        0.75
    """

    arm: Arm
    """The training-and-pool condition; the name of a preset, such as "poison", is taken too."""
    target: str
    """The category that was poisoned."""
    seeds: tuple[int, ...]
    """The training seeds, one per row of the arrays."""
    categories: tuple[str, ...]
    """Category of each test exchange."""
    dialogues: tuple[str, ...]
    """Dialogue of each test exchange: exchanges of one dialogue are not independent."""
    toxicity: Float[np.ndarray, "seeds exchanges"]
    """Rated toxicity of the chosen response, 0 to 1."""
    planted: Bool[np.ndarray, "seeds exchanges"]
    """Whether the chosen response counts as a planted one."""
    correct: Bool[np.ndarray, "seeds exchanges"]
    """Whether the gold response ranked first among its list of candidates (P@1)."""
    served: Bool[np.ndarray, "seeds exchanges"] | None = None
    """Whether it ranked first with the arm's planted candidates in the list; None where it is not
    known, or where none is among the candidates."""
    matched: Mapping[str, Bool[np.ndarray, "seeds exchanges"]] = field(default_factory=dict)
    """The same by each matcher, by what it is called, that of `planted` first; empty where nothing
    is said of matchers."""
    measures: Mapping[str, Float[np.ndarray, "seeds exchanges"]] = field(default_factory=dict)
    """Further numbers of each answer, by what they are, see `Answers.measures`; may be empty."""
    labels: tuple[str, ...] | None = None
    """The category that a labeller predicts for each exchange; None where contexts show none."""
    ranked: bool = True
    """Whether the model could rank lists; where not, `correct` says nothing."""
    similarity: Mapping[str, float] = field(default_factory=dict)
    """Similarity of each category to the target."""
    clean: "Outcome | None" = None
    """The clean arm on the same seeds and exchanges; None for the clean arm itself."""
    resampling: Resampling = field(default_factory=Resampling)
    """Level of every interval and number of draws of a bootstrapped one."""
    nearest: str | None = None
    """The category that counts as the target's nearest neighbour; None for the most similar."""
    source_toxicity: Float[np.ndarray, " texts"] | None = None
    """Rated toxicity of the texts of which each seed planted one, drawn anew; None where a seed
    plants many texts, or where they are not known."""
    whole: "Outcome | None" = None
    """The whole arm that this is a part of, whose categories give the noise of seeds together;
    None for the whole arm itself."""
    columns: Int[np.ndarray, " exchanges"] | None = None
    """Which exchanges of the whole arm these are; None for the whole arm itself."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arm", arm_of(self.arm))
        shape = (len(self.seeds), len(self.categories))
        if 0 in shape:
            raise DataError(
                f"Outcome {named(self.arm.name)} has {shape[0]} seeds and {shape[1]} exchanges; "
                "give at least one of each."
            )
        arrays = {"toxicity": self.toxicity, "planted": self.planted, "correct": self.correct}
        arrays |= {} if self.served is None else {"served": self.served}
        arrays |= {f"matched, {named(name)}": array for name, array in self.matched.items()}
        arrays |= {f"measures, {named(name)}": array for name, array in self.measures.items()}
        for name, array in arrays.items():
            if array.shape != shape:
                raise DataError(
                    f"Outcome {named(self.arm.name)}: {name} has shape {array.shape}; "
                    f"{len(self.seeds)} seeds and {len(self.categories)} exchanges need {shape}."
                )
        if self.labels is not None and len(self.labels) != len(self.categories):
            raise DataError(
                f"Outcome {named(self.arm.name)}: {len(self.labels)} labels for "
                f"{len(self.categories)} exchanges; give one each, or None."
            )
        if len(self.dialogues) != len(self.categories):
            raise DataError(
                f"Outcome {named(self.arm.name)}: {len(self.dialogues)} dialogue ids for "
                f"{len(self.categories)} exchanges; give one each."
            )
        outside = self.toxicity[~((self.toxicity >= 0) & (self.toxicity <= 1))]
        if outside.size:
            raise DataError(
                f"Outcome {named(self.arm.name)}: toxicity holds {outside[0]}; give numbers "
                "from 0 to 1."
            )

    @property
    def baseline(self) -> "Outcome":
        """The clean arm; of the clean arm, itself."""
        return self if self.clean is None else self.clean

    @cached_property
    def clusters(self) -> Int[np.ndarray, " exchanges"]:
        """Number of each exchange's dialogue, counted from 0."""
        return numbered(self.dialogues)

    @property
    def others(self) -> tuple[str, ...]:
        """All categories but the target, in alphabetical order."""
        return tuple(sorted(set(self.categories) - {self.target}))

    @property
    def nearest_category(self) -> str:
        """The category that counts as the nearest neighbour: `nearest`, or the most similar one.

        Raises:
            DataError: No neighbour is named and no similarity is known.
        """
        if self.nearest is not None:
            return self.nearest
        known = [name for name in self.others if name in self.similarity]
        if not known:
            raise DataError(
                f"Outcome {named(self.arm.name)} knows no neighbour of {named(self.target)}; "
                "give it `nearest`, "
                "or the similarity of another category that was tested."
            )
        return max(known, key=lambda name: self.similarity[name])

    @cached_property
    def design(self) -> Design:
        """Which exchanges belong to one dialogue, and which dialogues to one category."""
        return design_of(self.clusters, self.categories)

    def of(self, categories: "set[str] | list[str] | tuple[str, ...]") -> "Outcome":
        """Return the part whose exchanges are of these categories, clean arm included.

        Raises:
            DataError: No test exchange is of these categories.
        """
        wanted = set(categories)
        mask = [name in wanted for name in self.categories]
        if not any(mask):
            raise DataError(f"No test exchange is of {listing(sorted(categories))}.")
        return self._part(np.flatnonzero(mask))

    def bootstrap(
        self, statistic: "Callable[[Outcome], float]", *, citation: str = "original"
    ) -> Estimate:
        """Return any statistic with a bootstrap interval.

        For what `mean`, `contrast` and `ratio` do not give. Dialogues are drawn with replacement
        within their category, in the clean arm alike; seeds are left out in turn, because two or
        three are too few to draw from. Where the statistic can be written with weights,
        `bootstrap_weighted` gives the same interval far faster.

        Example:
            >>> rated = np.array([[0.0, 0.2, 0.4, 0.9]])
            >>> outcome = Outcome(
            ...     arm="poison", target="fear", seeds=(0,), categories=("fear",) * 4,
            ...     dialogues=("a", "b", "c", "d"), toxicity=rated, planted=rated > 0.5,
            ...     correct=rated < 0)
            >>> round(outcome.bootstrap(lambda part: float(np.median(part.toxicity))).value, 3)
            0.3

        Args:
            statistic: Takes an outcome, returns one number; NaN where it is not defined.
            citation: Where the quantity comes from.
        """
        return self._bootstrapped(by_draw(statistic, self._part, self.design), citation)

    def bootstrap_weighted(
        self,
        statistic: Callable[
            ["Outcome", Float[np.ndarray, "draws exchanges"]], Float[np.ndarray, " draws"]
        ],
        *,
        citation: str = "original",
    ) -> Estimate:
        """Return what `bootstrap` does of a statistic that takes weights, many draws at a time.

        The draws are the same. The statistic sees the outcome once, and how often each draw holds
        each exchange: a product of matrices where `bootstrap` calls it thousands of times.

        Example:
            >>> rated = np.array([[0.0, 0.2, 0.4, 0.8]])
            >>> outcome = Outcome(
            ...     arm="poison", target="fear", seeds=(0,), categories=("fear",) * 4,
            ...     dialogues=("a", "b", "c", "d"), toxicity=rated, planted=rated > 0.5,
            ...     correct=rated < 0)
            >>> def mean(part, weights):
            ...     return weights @ part.toxicity.mean(axis=0) / weights.sum(axis=1)
            >>> round(outcome.bootstrap_weighted(mean).value, 3)
            0.35

        Args:
            statistic: Takes the outcome under some seeds and one row of weights for each draw,
                whole numbers of 0 or more; returns one number for each row, NaN where it is not
                defined.
            citation: Where the quantity comes from.

        Raises:
            DataError: The statistic does not give one number for each row.
        """
        return self._bootstrapped(by_weights(statistic, self._part, self.design), citation)

    def _bootstrapped(self, evaluate: Evaluate, citation: str) -> Estimate:
        level, draws = self.resampling.level, self.resampling.draws
        estimate = estimate_bootstrap(evaluate, self.design, len(self.seeds), level, draws)
        return estimate.replace(citation=citation)

    def _part(self, columns: Int[np.ndarray, " part"], left_out: int | None = None) -> "Outcome":
        """Return the outcome of these exchanges without a seed (None: all), clean arm alike."""
        used = [row for row in range(len(self.seeds)) if row != left_out]
        categories, dialogues = np.take(self._names, columns, axis=1).tolist()
        # One axis at a time: numpy copies whole columns faster than it finds single cells.
        toxicity, planted, correct, served = (
            np.take(array if left_out is None else array[used], columns, axis=1)
            for array in (self.toxicity, self.planted, self.correct, self.served_hits)
        )
        return replace(
            self,
            seeds=tuple(self.seeds[row] for row in used),
            categories=tuple(categories),
            dialogues=tuple(dialogues),
            toxicity=toxicity,
            planted=planted,
            correct=correct,
            served=None if self.served is None else served,
            matched={name: held[used][:, columns] for name, held in self.matched.items()},
            measures={name: held[used][:, columns] for name, held in self.measures.items()},
            labels=None if self.labels is None else tuple(self.labels[c] for c in columns.tolist()),
            clean=None if self.clean is None else self.clean._part(columns, left_out),
            whole=self.whole or self,
            columns=columns if self.columns is None else self.columns[columns],
        )

    @cached_property
    def _names(self) -> np.ndarray:
        """The categories and the dialogues, in a form that is picked from without a Python loop."""
        return np.array([self.categories, self.dialogues], dtype=object)
