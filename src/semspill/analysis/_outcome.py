"""What one arm did on the test exchanges, under every seed: the input of all metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill.analysis._statistics import Kind, Resampling, estimate_mean
from semspill.errors import DataError
from semspill.report import Estimate


@dataclass(frozen=True, eq=False)
class Outcome:
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

    arm: str
    """The training-and-pool condition."""
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
    """Whether the chosen response is a planted one."""
    correct: Bool[np.ndarray, "seeds exchanges"]
    """Whether the gold response ranked first among its list of candidates (P@1,100)."""
    similarity: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Similarity of each category to the target."""
    clean: "Outcome | None" = None
    """The clean arm on the same seeds and exchanges; None for the clean arm itself."""
    resampling: Resampling = field(default_factory=Resampling)
    """Level and number of draws of every interval."""

    def __post_init__(self) -> None:
        shape = (len(self.seeds), len(self.categories))
        if 0 in shape:
            raise DataError(
                f"Outcome {self.arm!r} has {shape[0]} seeds and {shape[1]} exchanges; give at "
                "least one of each."
            )
        arrays = {"toxicity": self.toxicity, "planted": self.planted, "correct": self.correct}
        for name, array in arrays.items():
            if array.shape != shape:
                raise DataError(
                    f"Outcome {self.arm!r}: {name} has shape {array.shape}; {len(self.seeds)} "
                    f"seeds and {len(self.categories)} exchanges need {shape}."
                )
        if len(self.dialogues) != len(self.categories):
            raise DataError(
                f"Outcome {self.arm!r}: {len(self.dialogues)} dialogue ids for "
                f"{len(self.categories)} exchanges; give one each."
            )
        outside = self.toxicity[~((self.toxicity >= 0) & (self.toxicity <= 1))]
        if outside.size:
            raise DataError(
                f"Outcome {self.arm!r}: toxicity holds {outside[0]}; give numbers from 0 to 1."
            )

    @property
    def baseline(self) -> "Outcome":
        """The clean arm; of the clean arm, itself."""
        return self if self.clean is None else self.clean

    @cached_property
    def clusters(self) -> Int[np.ndarray, " exchanges"]:
        """Number of each exchange's dialogue, counted from 0."""
        return np.unique(np.array(self.dialogues, dtype=object), return_inverse=True)[1]

    @property
    def others(self) -> tuple[str, ...]:
        """All categories but the target, in alphabetical order."""
        return tuple(sorted(set(self.categories) - {self.target}))

    def of(self, categories: "set[str] | list[str] | tuple[str, ...]") -> "Outcome":
        """Return the part whose exchanges are of these categories, clean arm included.

        Raises:
            DataError: No test exchange is of these categories.
        """
        mask = np.isin(np.array(self.categories, dtype=object), list(categories))
        if not mask.any():
            raise DataError(f"No test exchange is of {', '.join(sorted(categories))}.")
        return replace(
            self,
            categories=tuple(np.array(self.categories, dtype=object)[mask]),
            dialogues=tuple(np.array(self.dialogues, dtype=object)[mask]),
            toxicity=self.toxicity[:, mask],
            planted=self.planted[:, mask],
            correct=self.correct[:, mask],
            clean=None if self.clean is None else self.clean.of(categories),
        )

    def mean(
        self,
        values: "Float[np.ndarray, 'seeds exchanges'] | Bool[np.ndarray, 'seeds exchanges']",
        *,
        kind: Kind = "mean",
        source: str = "original",
    ) -> Estimate:
        """Return the mean of one value per seed and exchange, with its interval.

        Args:
            values: One row per seed, one column per exchange.
            kind: `"mean"` of values in [0, 1], `"rate"` of 0s and 1s, or `"difference"` of
                paired values in [-1, 1].
            source: Where the quantity comes from.
        """
        made = estimate_mean(
            np.asarray(values, dtype=np.float64), self.clusters, kind, self.resampling
        )
        return made.replace(source=source)
