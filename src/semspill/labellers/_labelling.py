"""Labels a corpus: who predicts, on what it was fitted, and how many labels are shown."""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from semspill._model import FrozenModel
from semspill.corpus import Corpus, Exchange
from semspill.errors import ConfigError
from semspill.labellers._base import Labeller, LabellerField, Labels, labellers

_BETWEEN = "; "
"""What stands between the labels of one text."""


class Labelling(FrozenModel):
    """How contexts, and responses, get their predicted labels.

    Example:
        >>> from semspill import datasets
        >>> train = datasets.build({"name": "synthetic", "train": 80}).load("train")
        >>> fitted = Labelling(labeller={"name": "noisy"}).fit(train, np.random.default_rng(0))
        >>> labelled = fitted.label(train)
        >>> {exchange.label == exchange.category for exchange in labelled.exchanges}
        {True}
    """

    labeller: LabellerField = Field(default_factory=lambda: labellers.build("tfidf"))
    """What predicts."""
    folds: int = Field(0, ge=0)
    """0: training contexts are labelled by what was fitted on them, as in EmpatheticDialogues' own
    code, and so are nearly gold. 2 or more: cross-fitted by dialogue, so that training labels are
    as often wrong as those of new contexts."""
    top: int = Field(1, ge=1)
    """How many labels a context or a response shows, the most probable first."""
    responses: bool = False
    """Whether each response begins with the label that the labeller predicts of it alone, in
    training and among the candidates alike, as in EmpatheticDialogues' own code. What is answered,
    rated and shown to people is the response without it."""

    @field_validator("folds")
    @classmethod
    def _one_fold_is_none(cls, folds: int) -> int:
        if folds == 1:
            raise ConfigError("folds is 1, which leaves nothing to fit on; give 0, or 2 or more")
        return folds

    @model_validator(mode="after")
    def _responses_have_no_category(self) -> "Labelling":
        if self.responses and self.labeller.needs_category:
            raise ConfigError(
                f"responses is true, but {type(self.labeller).__name__} labels by the category, "
                "which a response has none of; choose another labeller, such as 'tfidf', or leave "
                "responses out"
            )
        return self

    @model_serializer(mode="wrap")
    def _as_before_responses(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Keys and digests of what was stored before the field existed stay as they are.
        fields: dict[str, Any] = dump(self)
        if not self.responses:
            fields.pop("responses", None)
        return fields

    def fit(self, corpus: Corpus, rng: np.random.Generator) -> "FittedLabelling":
        """Return what labels corpora, fitted on the clean training corpus.

        Args:
            corpus: The clean training corpus.
            rng: Draws what is random in the labeller.
        """
        whole, *streams = rng.spawn(1 + self.folds)
        parts = cross_fitted(self.labeller, corpus, streams)
        known = frozenset(dialogue.id for dialogue in corpus)
        texts = tuple(dict.fromkeys(exchange.response for exchange in corpus.exchanges))
        fitted = self.labeller.fit(corpus, whole)
        return FittedLabelling(self.top, fitted, parts, known, texts)


@dataclass(frozen=True, eq=False)
class FittedLabelling:
    """A fitted labeller, with those of the folds where it is cross-fitted."""

    top: int
    """How many labels a text shows."""
    whole: Labels
    """Fitted on the whole training corpus; labels all that is new."""
    parts: tuple[Labels, ...]
    """Fitted on all folds but one each; label the training dialogues of that fold."""
    known: frozenset[str]
    """Ids of the training dialogues."""
    texts: tuple[str, ...]
    """The distinct training responses."""
    _label_of: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """What the labeller tells apart."""
        return self.whole.categories

    def label(self, corpus: Corpus, like: Corpus | None = None) -> Corpus:
        """Return a corpus with the labels of its contexts.

        A poisoned corpus is labelled as the clean one is: a planted copy counts as its original.

        Args:
            corpus: What to label.
            like: A corpus that is labelled already, such as the clean one that the other was made
                from: contexts that both have keep their label, and are not labelled again.
        """
        known = {} if like is None else {(e.dialogue, e.turn): e for e in like.exchanges}
        labels: list[str | None] = []
        for exchange in corpus.exchanges:
            old = known.get((_origin(exchange.dialogue), exchange.turn))
            same = old is not None and old.context == exchange.context
            labels.append(old.label if old is not None and same else None)
        new = [place for place, label in enumerate(labels) if label is None]
        named = self._named(self.probabilities([corpus.exchanges[place] for place in new]))
        for place, label in zip(new, named, strict=True):
            labels[place] = label
        return replace(corpus, labels=tuple(map(str, labels)))

    def of_texts(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Return the labels of responses, each predicted as if it were the conversation so far.

        They come from what was fitted on the whole training corpus, whatever the folds: a text has
        one label, whichever dialogues it stands in.

        Args:
            texts: The responses; each distinct one is labelled once.
        """
        new = [text for text in dict.fromkeys(texts) if text not in self._label_of]
        asked = [Exchange("", 1, "", (text,), "") for text in new]
        rows = self.whole.probabilities(asked)
        self._label_of.update(zip(new, self._named(rows), strict=True))
        return tuple(self._label_of[text] for text in texts)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the labels of all training responses, as 64 hex digits."""
        labels = self.of_texts(self.texts)
        return hashlib.sha256(json.dumps([self.texts, labels]).encode()).hexdigest()

    def _named(self, rows: Float[np.ndarray, "texts categories"]) -> tuple[str, ...]:
        best = np.argsort(-rows, axis=1, kind="stable")[:, : self.top]
        return tuple(
            _BETWEEN.join(self.categories[place] for place in row) for row in best.tolist()
        )

    @staticmethod
    def first(label: str | None) -> str:
        """Return the most probable of the labels that a context shows."""
        return (label or "").partition(_BETWEEN)[0]

    def probabilities(
        self, exchanges: Sequence[Exchange]
    ) -> Float[np.ndarray, "exchanges categories"]:
        """Return how probable each category is; training dialogues by their own fold's labeller."""
        if not self.parts:
            return self.whole.probabilities(exchanges)
        rows = np.zeros((len(exchanges), len(self.categories)))  # a fold may lack a category
        for labels, places in self._split(exchanges).items():
            chosen = labels.probabilities([exchanges[place] for place in places])
            rows[np.ix_(places, [self.categories.index(name) for name in labels.categories])] = (
                chosen
            )
        return rows

    def _split(self, exchanges: Sequence[Exchange]) -> Mapping[Labels, list[int]]:
        places: dict[Labels, list[int]] = {}
        for place, exchange in enumerate(exchanges):
            origin = _origin(exchange.dialogue)
            fold = fold_of(origin, len(self.parts))
            labels = self.parts[fold] if origin in self.known else self.whole
            places.setdefault(labels, []).append(place)
        return places


def _origin(dialogue: str) -> str:
    return dialogue.partition("#planted-")[0]


def cross_fitted(
    labeller: Labeller, corpus: Corpus, streams: Sequence[np.random.Generator]
) -> tuple[Labels, ...]:
    """Return a labeller for each fold, fitted on the dialogues of all others.

    Args:
        labeller: What is fitted.
        corpus: The training corpus; a planted copy belongs to the fold of its original.
        streams: One per fold; draws what is random in the labeller.
    """
    fitted = []
    for number, stream in enumerate(streams):
        rest = tuple(d for d in corpus if fold_of(_origin(d.id), len(streams)) != number)
        fitted.append(labeller.fit(replace(corpus, dialogues=rest, labels=()), stream))
    return tuple(fitted)


def fold_of(dialogue: str, folds: int) -> int:
    """Return the fold that a dialogue belongs to, by its id alone."""
    return zlib.crc32(dialogue.encode()) % folds
