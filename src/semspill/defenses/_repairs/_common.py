"""What repairs share: which model they take, what is rated toxic, bi-encoders around others."""

import hashlib
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from semspill.corpus import ContextFormat, Corpus
from semspill.defenses._base import Repair
from semspill.encoders import BiEncoder
from semspill.errors import ConfigError
from semspill.models import TrainedModel, TrainedRetrieval
from semspill.scoring import RaterField, ToxicityScorer

if TYPE_CHECKING:
    from semspill.encoders.two_tower import TwoTower


class Wrapped(BiEncoder):
    """A bi-encoder whose vectors are those of another one, changed; that one stays as it is.

    Args:
        model: Whose vectors are changed.
    """

    def __init__(self, model: BiEncoder) -> None:
        self.model = model
        self.context = getattr(model, "context", ContextFormat())

    @abstractmethod
    def around(self, model: BiEncoder) -> "Wrapped":
        """Return the same change of another bi-encoder's vectors."""

    @abstractmethod
    def change(self) -> bytes:
        """Return all that decides the change."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that decides vectors; only where the wrapped bi-encoder has one too."""
        own: str = self.model.fingerprint  # type: ignore[attr-defined]
        return hashlib.sha256(own.encode() + self.change()).hexdigest()

    def with_context(self, context: ContextFormat) -> "Wrapped":
        """Return the same, reading contexts of another format.

        Raises:
            ConfigError: The wrapped bi-encoder has no `with_context`.
        """
        changed = getattr(self.model, "with_context", None)
        if changed is None:
            raise ConfigError(f"{type(self.model).__name__} has no method `with_context`.")
        return self.around(changed(context))

    def save(self, folder: str | Path) -> None:
        """Refuse to be saved.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            f"{type(self).__name__} cannot be saved; save the model before its repair, and repair "
            "it again after loading."
        )


def retrieval_of(repair: Repair, model: TrainedModel) -> TrainedRetrieval:
    """Return the model.

    Raises:
        ConfigError: It does not retrieve with a bi-encoder.
    """
    if not isinstance(model, TrainedRetrieval):
        raise ConfigError(
            f"{type(repair).__name__} changes the bi-encoder of a retrieval model, and "
            f"{type(model).__name__} has none; leave this defense out."
        )
    return model


def towers_of(repair: Repair, model: TrainedModel) -> "TwoTower":
    """Return the bi-encoder of a model.

    Raises:
        ConfigError: It has no towers whose weights could be changed.
    """
    from semspill.encoders.two_tower import TwoTower  # torch is heavy

    whole = retrieval_of(repair, model).model
    if not isinstance(whole, TwoTower):
        raise ConfigError(
            f"{type(repair).__name__} changes the weights of a TwoTower, and the model is a "
            f"{type(whole).__name__}; put it before defenses that change vectors, or leave it out."
        )
    return whole


def rated_toxic(
    corpus: Corpus, rater: RaterField, threshold: float
) -> Bool[np.ndarray, " exchanges"]:
    """Return whose response a rater finds toxic.

    Args:
        corpus: The training corpus.
        rater: The defender's rater.
        threshold: The lowest rating that is toxic.
    """
    texts = [exchange.response for exchange in corpus.exchanges]
    return np.asarray(ToxicityScorer(rater=rater, cache=None).score(texts) >= threshold)
