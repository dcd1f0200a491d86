"""A rater that is any text classifier of the Hugging Face hub, or of a folder."""

import hashlib
import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field, model_validator

from semspill._code import code_of
from semspill._harmful import Harmless
from semspill._hub import hub_has
from semspill._model import PathOrName
from semspill.errors import did_you_mean
from semspill.scoring._base import Rater
from semspill.scoring._files import hash_inputs
from semspill.scoring._known import KNOWN, known


class _ClassifierRater(Rater):
    """Rates by the probabilities that a text classifier gives to its labels."""

    label: str | None
    """The label whose probability is the rating; None for the highest of `labels`."""
    labels: Harmless[tuple[str, ...] | None] = None
    """The labels that are kinds of harm, which a report shows one by one beside `label`. None for
    all labels of a model of which several may hold at once, else for none."""
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

    @property
    def kinds(self) -> tuple[str, ...]:
        """The labels that are kinds of harm, `label` among them; empty where there are none.

        Raises:
            DataError: `labels` is not given, and the model cannot be found or read.
        """
        if self.labels == ():
            return ()
        if self.labels is None:
            names = self._classifier.names
            return names if len(names) > 1 else ()
        own = [] if self.label is None else [self.label]
        return tuple(dict.fromkeys([*own, *self.labels]))

    @property
    def toxic_kind(self) -> str | None:
        """The label whose probability is the rating; None for the highest of all."""
        return self.label

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the probability of the label for each text.

        Args:
            texts: Any number of texts, also none.

        Raises:
            DataError: The model cannot be found, fetched, read or run, or could run foreign code.
            ConfigError: It has no such label, or there is no such device.
        """
        rated = self._classifier.rate(texts)
        return np.asarray(rated.max(axis=1) if self.label is None else rated[:, 0])

    def rate_kinds(self, texts: Sequence[str]) -> Float[np.ndarray, "texts kinds"]:
        """Return the probability of each label that is a kind of harm, for each text.

        Args:
            texts: Any number of texts, also none.

        Raises:
            DataError: As in `rate`.
            ConfigError: As in `rate`.
        """
        return np.asarray(self._classifier.rate(texts)[:, : len(self.kinds)])

    @abstractmethod
    def _content(self) -> str:
        """Return what identifies the model, wherever it lies."""

    @abstractmethod
    def _load(self) -> Any:
        """Return the model and its tokenizer."""

    @cached_property
    def _classifier(self) -> Any:
        from semspill.scoring._classifier import Classifier, rated_labels

        return Classifier.of(
            self._load,
            lambda read: rated_labels(read, self.label, self.labels),
            self.batch_size,
            self.device,
            self.fast,
        )


class TransformersRater(_ClassifierRater):
    """Rates by the probability that a text classifier gives to one of its labels.

    The default is the classifier and the label of the paper that semspill follows. Labels of
    known classifiers need not be given. Code that comes with a model runs only where
    `trust_remote_code` allows it; a text longer than the model reads loses its end.

    Example:
        >>> TransformersRater(model="my-classifier", label="toxic").batch_size
        32
        >>> TransformersRater(preset="toxic-bert").model
        'unitary/toxic-bert'
    """

    citation: ClassVar[str] = (
        "Vidgen et al. 2021, Learning from the Worst: Dynamically Generated Datasets to Improve "
        "Online Hate Detection, arXiv:2012.15761 (the model: "
        "https://huggingface.co/facebook/roberta-hate-speech-dynabench-r4-target)"
    )
    _place = frozenset({"model", "revision", "preset"})

    preset: str | None = None
    """A known classifier by the last part of its id: `toxic-bert`, `unbiased-toxic-roberta`,
    `roberta_toxicity_classifier`, `toxic-comment-model`, `toxigen_roberta`, `Text-Moderation` or
    `roberta-hate-speech-dynabench-r4-target`. It fills in `model`, `label`, `labels` and
    `activation` where they are not given: with `model` a folder, those of a copy there."""
    label: str | None = "hate"
    """The label whose probability is the rating, as the model's config names it; None for the
    highest of `labels`."""
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

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: Any) -> Any:
        """Add what is known of a classifier to the fields that are given."""
        if not isinstance(given, Mapping):
            return given
        preset = given.get("preset")
        if isinstance(preset, str) and preset not in KNOWN:
            raise ValueError(
                f"preset is none that is known.{did_you_mean(preset, KNOWN)} "
                f"Give one of {', '.join(KNOWN)}, or model and label."
            )
        found = known(preset if isinstance(preset, str) else None, given.get("model"))
        return given if found is None else {**found.fields, **given}

    @property
    def trained_on(self) -> tuple[str, ...]:
        """The corpora that a known classifier learned from; none for a stranger."""
        found = known(self.preset, self.model)
        return () if found is None else found.trained_on

    @property
    def cited(self) -> str:
        """The citation of a known classifier; for a stranger that of the paper's."""
        found = known(self.preset, self.model)
        return self.citation if found is None else found.citation

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
