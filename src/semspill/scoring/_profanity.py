"""A rater that needs no download: the linear model inside the package alt-profanity-check."""

import hashlib
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from semspill.errors import MissingExtraError
from semspill.scoring._base import Rater

_FIX = 'pip install "semspill[offline]"'


class ProfanityRater(Rater):
    """Rates by a linear model over single words, trained on 200,000 human-labelled texts.

    The rating is the model's calibrated probability that a text is profane. It is fast and needs
    no download, but it knows words only: abuse without a profane word gets a low rating. Its
    training texts are Davidson's tweets (t-davidson/hate-speech-and-offensive-language) and the
    Jigsaw challenge, so neither is unseen data to it. Needs the extra `offline`.
    """

    citation: ClassVar[str] = (
        "Zhou 2019, Building a better profanity detection library with scikit-learn, "
        "https://github.com/dimitrismistriotis/alt-profanity-check"
    )

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Davidson's tweets and the Jigsaw challenge, as the package's own page says."""
        return ("davidson", "jigsaw")

    @property
    def fingerprint(self) -> str:
        """What identifies the ratings: the package carries the model, so its version does.

        Raises:
            MissingExtraError: The package is not installed, or does not fit scikit-learn.
        """
        _, versions = self._loaded
        return hashlib.sha256(f"{super().fingerprint} {versions}".encode()).hexdigest()

    def unavailable(self) -> str | None:
        """Say what is not installed, or does not fit; None where all is there."""
        try:
            _ = self._loaded
        except MissingExtraError as error:
            return f"needs an extra: {error}"
        return None

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the probability that each text is profane.

        Args:
            texts: Any number of texts, also none.

        Raises:
            MissingExtraError: The package is not installed, or does not fit scikit-learn.
        """
        probability, _ = self._loaded
        # scikit-learn refuses an empty list.
        return probability(texts) if len(texts) else np.zeros(0)

    @cached_property
    def _loaded(self) -> tuple[Callable[[Sequence[str]], Float[np.ndarray, " texts"]], str]:
        """The function that rates, and the versions of the packages it comes from."""
        with warnings.catch_warnings():
            # A model read by another scikit-learn than wrote it may rate wrongly without a word.
            warnings.filterwarnings("error", message="Trying to unpickle estimator")
            try:
                from profanity_check.profanity_check import model, vectorizer
            except ImportError as error:
                raise MissingExtraError(
                    f"ProfanityRater needs the package alt-profanity-check: {_FIX}."
                ) from error
            except UserWarning as error:
                raise MissingExtraError(
                    "The installed alt-profanity-check was made for another scikit-learn than "
                    f"{version('scikit-learn')}, so its ratings cannot be trusted: {_FIX}."
                ) from error

        packages = ("alt-profanity-check", "scikit-learn")
        versions = " ".join(f"{name} {version(name)}" for name in packages)
        return partial(_probability, model, vectorizer), versions


def _probability(model: Any, vectorizer: Any, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
    # The package's own predict_prob makes a Python call per text.
    return np.asarray(model.predict_proba(vectorizer.transform(texts))[:, 1])
