"""A poisoned corpus without marks, and the ground truth beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool

from semspill.corpus import Corpus, HasCorpus
from semspill.defenses import unmarked
from semspill.errors import DataError
from semspill.poison import Manifest, Poisoner, PoisonStrategy, selectors, strategies
from semspill.sources import ResponseSource, sources


@dataclass(frozen=True, eq=False)
class Planted:
    """A corpus to try a data filter on, and the truth that the filter must not see.

    It stands wherever a corpus can, for example as what a model is trained on.

    Raises:
        DataError: There is not one truth for each exchange.
    """

    corpus: Corpus
    """The poisoned corpus. Nothing in it is marked as planted, so nothing masks it either: print
    no dialogue of it where the response source is harmful."""
    truth: Bool[np.ndarray, " exchanges"]
    """Whether each exchange's response was planted, in the order of `corpus.exchanges`."""
    manifest: Manifest
    """One record per planted utterance. Its fingerprint is that of the corpus with marks, so
    `manifest.check` refuses the one without."""

    def __post_init__(self) -> None:
        if len(self.truth) != self.corpus.exchange_count:
            raise DataError(
                f"The truth has {len(self.truth)} entries for {self.corpus.exchange_count} "
                "exchanges; give one for each, in the order of corpus.exchanges."
            )

    def __repr__(self) -> str:
        return f"<Planted: {int(self.truth.sum())} of {len(self.truth)} exchanges>"


def plant(
    corpus: HasCorpus,
    *,
    target: str | None = None,
    strategy: PoisonStrategy | str | Mapping[str, Any] | Callable[..., Any] = "last_fixed",
    source: ResponseSource | str | Mapping[str, Any] | Sequence[str] = "builtin",
    budget: float = 0.03,
    rng: np.random.Generator | None = None,
) -> Planted:
    """Return a poisoned corpus without marks, and the truth, to measure a guard with.

    Dialogues are poisoned in place, and later turns hear what was planted, as an adversary would
    leave them. A strategy named `..._fixed` plants one text everywhere, which is one attack: what
    is measured with it holds for that text. `..._random` plants many.

    Args:
        corpus: A clean corpus. What is marked as planted in it already counts as planted.
        target: The category whose dialogues are poisoned; None for random ones of all.
        strategy: How a dialogue is rewritten: a strategy, its name, a mapping, or a function.
        source: What is planted: a response source, its name, a mapping, or a list of texts.
        budget: Most planted exchanges, as a share of all, over 0 to 1.
        rng: Draws dialogues and responses; None for the same ones each time (seed 0).

    Raises:
        DataError: There is no such category, or nothing to plant or to plant it in.
        PluginError: The strategy breaks its contract.
        ConfigError: The budget is out of bounds.

    Example:
        >>> import semspill as sp
        >>> clean = sp.datasets.build("synthetic").load("train")
        >>> planted = plant(clean, target="brave", budget=0.01)
        >>> planted
        <Planted: 40 of 4000 exchanges>
        >>> any(exchange.planted for exchange in planted.corpus.exchanges)
        False
    """
    selector = "random" if target is None else {"name": "category", "category": target}
    poisoner = Poisoner(
        selector=selectors.build(selector),
        strategy=strategies.build(strategy),
        source=sources.build(source),
        budget=budget,
    )
    poisoned = poisoner.poison(corpus, np.random.default_rng(0) if rng is None else rng)
    marked = poisoned.corpus
    truth = np.array([exchange.planted for exchange in marked.exchanges], dtype=np.bool_)
    return Planted(unmarked(marked), truth, poisoned.manifest)
