"""A rater that is any text classifier of the Hugging Face hub, or of a folder."""

import hashlib
import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._code import code_of
from semspill._hub import hub_has
from semspill._model import PathOrName
from semspill.scoring._base import Rater
from semspill.scoring._files import hash_inputs


class _ClassifierRater(Rater):
    """Rates by the probability that a text classifier gives to one of its labels."""

    label: str
    """The label whose probability is the rating."""
    batch_size: int = Field(32, ge=1)
    """Texts per forward pass; never changes a rating beyond rounding."""
    device: str = "cpu"
    """Where the model runs, as torch names it, for example `cuda:0`; `auto` takes a GPU where
    there is one."""
    fast: bool = True
    """Whether the model may run by speed-ups that reach into private parts of torch; they never
    change a rating beyond rounding."""

    _place: ClassVar[frozenset[str]]
    """Fields that say where the model lies; the fingerprint has its content instead."""

    @cached_property
    def fingerprint(self) -> str:
        """What identifies the ratings: code, fields, and the commit or content of the model.

        Raises:
            DataError: The model cannot be found.
        """
        fields = self.model_dump_json(exclude={"batch_size", *self._place})
        parts = [str(type(self)), code_of(type(self)), fields, self._content()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the probability of the label for each text.

        Args:
            texts: Any number of texts, also none.

        Raises:
            DataError: The model cannot be found, fetched, read or run, or could run foreign code.
            ConfigError: It has no such label, or there is no such device.
        """
        return self._probability(texts)

    @abstractmethod
    def _content(self) -> str:
        """Return what identifies the model, wherever it lies."""

    @abstractmethod
    def _load(self) -> Any:
        """Return the model and its tokenizer."""

    @cached_property
    def _probability(self) -> Callable[[Sequence[str]], Float[np.ndarray, " texts"]]:
        from semspill.scoring._classifier import Classifier

        return Classifier.of(self._load, self.label, self.batch_size, self.device, self.fast).rate


class TransformersRater(_ClassifierRater):
    """Rates by the probability that a text classifier gives to one of its labels.

    The default is the classifier and the label of the paper that semspill follows. Code that
    comes with a model runs only where `trust_remote_code` allows it; a text longer than the model
    reads loses its end.

    Example:
        >>> TransformersRater(model="my-classifier", label="toxic").batch_size
        32
    """

    citation: ClassVar[str] = (
        "Vidgen et al. 2021, Learning from the Worst: Dynamically Generated Datasets to Improve "
        "Online Hate Detection, arXiv:2012.15761 (the model: "
        "https://huggingface.co/facebook/roberta-hate-speech-dynabench-r4-target)"
    )
    _place = frozenset({"model", "revision"})

    label: str = "hate"
    """The label whose probability is the rating, as the model's config names it."""
    model: PathOrName = "facebook/roberta-hate-speech-dynabench-r4-target"
    """Id of a text classifier on the hub, or a folder that holds one."""
    revision: str | None = None
    """Branch, tag or commit of a model on the hub; None takes the newest. A folder has none."""
    activation: Literal["auto", "softmax", "sigmoid", "none"] = "auto"
    """What makes a probability of the model's outputs. `auto` follows the model's config: the
    sigmoid for several labels at once or a single output, nothing for a regression, the
    softmax otherwise."""
    trust_remote_code: bool = False
    """Whether Python code that comes with the model may run; False refuses such a model."""

    def unavailable(self) -> str | None:
        """Say what must be downloaded; None where nothing."""
        if Path(self._name).is_dir() or hub_has(self.model, self.revision):
            return None
        return f"needs a download: {self.model} from the hub, or a folder as `model`"

    @property
    def _name(self) -> str:
        return os.path.expanduser(self.model)

    @cached_property
    def _commit(self) -> str | None:
        """The commit on the hub; None for a folder."""
        if Path(self._name).is_dir():
            return None
        from semspill.scoring._classifier import commit_of

        return commit_of(self.model, self.revision)

    def _content(self) -> str:
        return f"{self.model} {self._commit}" if self._commit else hash_inputs([Path(self._name)])

    def _load(self) -> Any:
        from semspill.scoring._classifier import load_classifier

        return load_classifier(
            self._name, self._commit, self.activation, trust=self.trust_remote_code
        )
