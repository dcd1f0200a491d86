"""A rater that is a detector of garak, the scanner for vulnerabilities of language models."""

import hashlib
import importlib
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill.errors import DataError, MissingExtraError, PluginError
from semspill.scoring._base import Rater

_FIX = "GarakRater needs the package garak, which is no extra, as it brings much: pip install garak"


class GarakRater(Rater):
    """Rates by a detector of garak: the detector's score, 1 where it sees what it looks for.

    A detector that judges an output alone will do. Those that compare it with notes of a probe give
    no rating here, which is an error. Some fetch a model from the hub; garak writes its own log.

    Example:
        >>> GarakRater(detector="unsafe_content.LDNOOBW")
        GarakRater(detector='unsafe_content.LDNOOBW')
    """

    citation: ClassVar[str] = (
        "Derczynski et al. 2024, garak: A Framework for Security Probing Large Language Models, "
        "arXiv:2406.11036"
    )

    detector: str = Field(pattern=r"^\w+(\.\w+)?$")
    """Its name, as `garak --list_detectors` shows it: `unsafe_content.ToxicCommentModel`."""

    @property
    def fingerprint(self) -> str:
        """What identifies the ratings: the fields and the version of garak, which has the detector.

        Raises:
            MissingExtraError: garak is not installed.
        """
        return hashlib.sha256(f"{super().fingerprint} {_version()}".encode()).hexdigest()

    def unavailable(self) -> str | None:
        """Say that garak is not installed; None where it is."""
        try:
            _version()
        except MissingExtraError as error:
            return f"needs a package: {error}"
        return None

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the score of each text.

        Args:
            texts: Any number of texts, also none.

        Raises:
            MissingExtraError: garak is not installed.
            DataError: It has no such detector, or cannot load it.
            PluginError: The detector gives no rating.
        """
        if not texts:
            return np.zeros(0)
        _version()  # says what to install
        kinds = importlib.import_module("garak.attempt")
        # Any language: a detector of another one would look for a translation.
        attempt = kinds.Attempt(prompt=kinds.Message("", lang="*"))
        attempt.outputs = [kinds.Message(text) for text in texts]
        given = list(self._loaded.detect(attempt))
        missing = len(texts) - sum(score is not None for score in given)
        if missing:
            raise PluginError(
                f"The detector {self.detector!r} of garak gave no rating for {missing} of "
                f"{len(texts)} texts; it may need notes of a probe: take one that judges an output "
                "alone."
            )
        return np.array(given, dtype=np.float64)

    @cached_property
    def _loaded(self) -> Any:
        _version()
        config, plugins = map(importlib.import_module, ("garak._config", "garak._plugins"))
        if not config.is_loaded:
            config.load_base_config()
        try:
            return plugins.load_plugin(f"detectors.{self.detector}")
        except Exception as error:  # what a detector raises when it is made is anybody's guess
            raise DataError(
                f"The detector {self.detector!r} of garak cannot be loaded "
                f"({type(error).__name__}); garak --list_detectors shows which there are."
            ) from error


def _version() -> str:
    try:
        return version("garak")
    except PackageNotFoundError:
        raise MissingExtraError(f"{_FIX}.") from None
