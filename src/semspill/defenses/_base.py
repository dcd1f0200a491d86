"""The plug point for defenses of training data: a detector scores, a cleaner decides."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from semspill._model import Component
from semspill._registry import Registry
from semspill.corpus import Corpus
from semspill.encoders import BiEncoder
from semspill.errors import ConfigError
from semspill.models import TrainedModel

Need: TypeAlias = Literal["clean", "encoder", "trainer"]
"""Something that a defense may be given: see the fields of `Aid`."""

Trainer: TypeAlias = Callable[[Corpus, np.random.Generator], TrainedModel]
"""Trains the model of the experiment on a corpus; the same state gives the same model."""


@dataclass(frozen=True, eq=False)
class Aid:
    """What a defender has besides the corpus: only what the defense declares in `needs`.

    Nothing here knows what was planted, nor the rater that scores the outcome.
    """

    clean: Corpus | None = None
    """Dialogues that the defender trusts."""
    encoder: BiEncoder | None = None
    """The bi-encoder of the experiment as it comes, before any training."""
    trainer: Trainer | None = None
    """What trains a model as the experiment does."""

    def of(self, defense: "Defense") -> "Aid":
        """Return what a defense declares, and nothing else.

        Raises:
            ConfigError: It is not there.
        """
        lacking = [need for need in sorted(defense.needs) if getattr(self, need) is None]
        if lacking:
            raise ConfigError(
                f"{type(defense).__name__} needs {' and '.join(lacking)}; give an Aid that has it."
            )
        others = {"clean", "encoder", "trainer"} - defense.needs
        return replace(self, **dict.fromkeys(others))


class Defense(Component):
    """Something that is done against planted behaviour; extend `Detector`."""

    needs: ClassVar[frozenset[Need]] = frozenset()
    """What it must be given besides the corpus; checked before any training."""
    cost: ClassVar[str] = "seconds"
    """What it takes, in words, beside one training."""


class Detector(Defense):
    """Scores how suspicious each exchange of a training corpus is; `Cleaner` decides.

    It sees no marks of planted text.

    Example:
        >>> class Loud(Detector):
        ...     citation = "original"
        ...     def suspicion(self, corpus, aid, rng):
        ...         return np.array([float(e.response.isupper()) for e in corpus.exchanges])
    """

    @abstractmethod
    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return one number per exchange, higher is worse; NaN is no opinion.

        Args:
            corpus: The training corpus, whose planted texts are not marked.
            aid: What `needs` declares.
            rng: The only source of randomness.
        """


defenses: Registry[Defense] = Registry("defense", group="semspill.defenses", base=Defense)
"""All defenses by name."""

DetectorField: TypeAlias = Annotated[Detector, defenses]
"""A pydantic field that takes a detector, its name, or a mapping."""
