"""A rater that is any text classifier of the Hugging Face hub, or of a folder."""

import hashlib
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._hub import hub_has
from semspill._model import PathOrName
from semspill.scoring._base import Rater
from semspill.scoring._code import code_of
from semspill.scoring._files import hash_folder


class TransformersRater(Rater):
    """Rates by the probability that a text classifier gives to one of its labels.

    The default is the classifier and the label of the paper that semspill follows. Code that
    comes with a model runs only where `trust_remote_code` allows it; a text longer than the model
    reads loses its end.

    Example:
        >>> TransformersRater(model="my-classifier", label="toxic").batch_size
        32
    """

    citation: ClassVar[str] = (
        "Vidgen et al. (2021), Learning from the Worst, ACL, "
        "https://huggingface.co/facebook/roberta-hate-speech-dynabench-r4-target"
    )

    model: PathOrName = "facebook/roberta-hate-speech-dynabench-r4-target"
    """Id of a text classifier on the hub, or a folder that holds one."""
    label: str = "hate"
    """The label whose probability is the rating, as the model's config names it."""
    revision: str | None = None
    """Branch, tag or commit of a model on the hub; None takes the newest. A folder has none."""
    activation: Literal["auto", "softmax", "sigmoid", "none"] = "auto"
    """What makes a probability of the model's outputs. `auto` follows the model's config: the
    sigmoid for several labels at once or a single output, nothing for a regression, the
    softmax otherwise."""
    batch_size: int = Field(32, ge=1)
    """Texts per forward pass; never changes a rating beyond rounding."""
    device: str = "cpu"
    """Where the model runs, as torch names it, for example `cuda:0`; `auto` takes a GPU where
    there is one."""
    trust_remote_code: bool = False
    """Whether Python code that comes with the model may run; False refuses such a model."""

    @cached_property
    def fingerprint(self) -> str:
        """What identifies the ratings: code, fields, and the commit or content of the model.

        Raises:
            DataError: The model cannot be found.
        """
        fields = self.model_dump_json(exclude={"batch_size", "model", "revision"})
        content = f"{self.model} {self._commit}" if self._commit else hash_folder(Path(self._name))
        said = f"{type(self)} {code_of(type(self))} {fields} {content}"
        return hashlib.sha256(said.encode()).hexdigest()

    def unavailable(self) -> str | None:
        """Say what must be downloaded; None where nothing."""
        if Path(self._name).is_dir() or hub_has(self.model, self.revision):
            return None
        return f"needs a download: {self.model} from the hub, or a folder as `model`"

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the probability of the label for each text.

        Args:
            texts: Any number of texts, also none.

        Raises:
            DataError: The model cannot be found, read or run.
            ConfigError: It has no such label, or there is no such device.
        """
        return self._probability(texts)

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

    @cached_property
    def _probability(self) -> Callable[[Sequence[str]], Float[np.ndarray, " texts"]]:
        from semspill.scoring._classifier import Classifier, column_of, load_classifier

        model, tokenizer = load_classifier(
            self._name, self._commit, self.device, trust=self.trust_remote_code
        )
        labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
        column = column_of(self.model, self.label, labels)
        activation = self.activation
        if activation == "auto":
            activation = auto_activation(model.config.problem_type, len(labels))
        return Classifier(model, tokenizer, column, activation, self.batch_size).rate


def auto_activation(problem: str | None, labels: int) -> Literal["softmax", "sigmoid", "none"]:
    """Return what turns a model's outputs into ratings, as its config says what they are."""
    if problem == "regression":
        return "none"
    return "sigmoid" if problem == "multi_label_classification" or labels == 1 else "softmax"
