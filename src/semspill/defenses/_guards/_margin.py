"""The guard that abstains where the best response stands out least from the others."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from semspill.corpus import Corpus, Exchange
from semspill.defenses._base import Aid, OutputGuard
from semspill.errors import ConfigError, DataError
from semspill.models import TrainedModel
from semspill.responding import Responses


class MarginGuard(OutputGuard):
    """Abstains where the score of the best response stands out least from those of the next.

    The margin is the best score minus the mean of the next ones: of the second alone it would be
    small wherever the candidates hold nearly the same text twice. How small is too small is found
    on trusted dialogues, answered from the training responses. It fails where the model is sure of
    a planted response, as it is in the attacked category once it has learned the attack.
    """

    citation = (
        "original; cf. Kamath et al. 2020, Selective Question Answering under Domain Shift, "
        "arXiv:2006.09462"
    )
    needs = frozenset({"clean"})
    cost = "answering the trusted dialogues once"
    needs_candidates = True

    share: float = Field(0.05, ge=0, lt=1)
    """Share of the trusted exchanges on which it abstains, 0 to 1."""
    among: int = Field(5, ge=2)
    """How many of the best responses are compared, the best one included."""
    threshold: float | None = None
    """Margin below which it abstains, in the units of the model's scores; null is found from
    `share`."""

    def fitted(
        self, model: TrainedModel, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> "MarginGuard":
        """Return the guard with its threshold, the `share`-quantile of the trusted margins.

        Raises:
            ConfigError: The model gives one response each, or no scores.
            DataError: There is nothing to answer, or no choice of candidates.
        """
        name = type(model).__name__
        if not model.chooses:
            raise ConfigError(
                f"MarginGuard compares the best responses, and {name} gives one each; guard a "
                "model that has a method `choices`, or leave this guard out."
            )
        if self.threshold is not None:
            return self
        assert aid.clean is not None, "needs declares it"
        pool, exchanges = corpus.responses(), aid.clean.exchanges
        if len(pool) < 2 or not exchanges:
            raise DataError(
                f"MarginGuard got {len(exchanges)} trusted exchanges and {len(pool)} candidates; "
                "give one or more to answer, from two or more, or a `threshold`."
            )
        given = model.choices(exchanges, pool, rng, min(self.among, len(pool)))
        margins = self._margins(given)
        if np.isnan(margins).any():
            raise ConfigError(f"MarginGuard compares scores, and {name} gives none.")
        return self.replace(threshold=float(np.quantile(margins, self.share)))

    def allow(
        self, exchanges: Sequence[Exchange], responses: Responses
    ) -> Bool[np.ndarray, "exchanges k"]:
        """Return all or none of the responses to each exchange; a single one has no margin.

        Raises:
            ConfigError: There is no threshold; `fitted` finds it.
        """
        if self.threshold is None:
            raise ConfigError("MarginGuard has no threshold yet; call `fitted`, or give one.")
        shape = responses.indices.shape
        if shape[1] < 2:
            return np.ones(shape, dtype=np.bool_)
        sure = ~(self._margins(responses) < self.threshold)
        return np.repeat(sure[:, None], shape[1], axis=1)

    def _margins(self, responses: Responses) -> Float[np.ndarray, " exchanges"]:
        scores = responses.scores[:, : self.among].astype(np.float64)
        return np.asarray(scores[:, 0] - scores[:, 1:].mean(axis=1))
