"""Quality of a rater on a labelled sample: sensitivity, specificity, AUC."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from jaxtyping import Bool, Float, Shaped
from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt

from semspill._filters import Where
from semspill._mask import is_name, named
from semspill._model import FrozenModel
from semspill._progress import Progress, quiet
from semspill.errors import DataError
from semspill.scoring._base import Rater
from semspill.scoring._scorer import ToxicityScorer
from semspill.sources import CsvSource, JsonlSource
from semspill.statistics import Estimate, estimate_auc
from semspill.statistics._values import wilson

_MOST_KINDS = 50
_QUANTILE = 1.959963984540054
"""Of the normal, for intervals of 95 %."""


class LabelledSample(FrozenModel):
    """Texts that people have called toxic or harmless, from a table on disk.

    Each distinct text counts once; it is toxic when any of its rows says so.

    Example:
        >>> LabelledSample(path="rated.csv", where={"is_toxic": "Toxic"}).where
        {'is_toxic': ('Toxic',)}
    """

    path: Path
    """The file, UTF-8: JSON lines or a JSON list where its name ends in .jsonl or .json, else CSV
    with a header."""
    text: str = "text"
    """Column of the text."""
    where: Where = Field(min_length=1)
    """Which rows are toxic: a column, and the value or list of values it must have; several columns
    must all agree. All other rows are harmless."""
    kinds: str | None = None
    """Column of the kind of harm that each row is about; with it the rater is assessed within each
    kind too. None where there is none."""
    most: int | None = Field(None, ge=2)
    """How many texts are taken at most, evenly spaced over the file; None for all."""

    def __hash__(self) -> int:
        return hash((type(self), self.model_dump_json()))

    def load(self) -> tuple[tuple[str, ...], Bool[np.ndarray, " texts"]]:
        """Return the texts in the order of the file, and which of them are toxic.

        Raises:
            DataError: The file cannot be read, a column is missing, a row is malformed, or none
                is toxic.
        """
        toxic = frozenset(self._column(self.text, self.where))
        texts = self._column(self.text, {})
        count = min(self.most or len(texts), len(texts))
        drawn = tuple(texts[i * len(texts) // count] for i in range(count))
        return drawn, np.array([text in toxic for text in drawn], dtype=np.bool_)

    def kinds_of(self, texts: Sequence[str]) -> dict[str, Bool[np.ndarray, " texts"]]:
        """Return which texts are about each kind of harm; nothing where no column is named.

        Args:
            texts: Those of `load`.

        Raises:
            DataError: The column holds sentences, or too many values to be kinds.
        """
        if self.kinds is None:
            return {}
        names = self._column(self.kinds, {})
        if len(names) > _MOST_KINDS or not all(map(is_name, names)):
            raise DataError(
                f"The column {named(self.kinds)} has {len(names)} values, which are no names of "
                f"kinds; give a column of at most {_MOST_KINDS} short ones."
            )
        found = {}
        for name in names:
            held = frozenset(self._column(self.text, {self.kinds: (name,)}))
            found[name] = np.array([text in held for text in texts], dtype=np.bool_)
        return found

    def _column(self, column: str, where: Where) -> tuple[str, ...]:
        kind = JsonlSource if self.path.suffix in (".jsonl", ".json") else CsvSource
        return kind(path=self.path, text=column, where=where).load()


def _at_most_all(counts: tuple[int, int]) -> tuple[int, int]:
    if counts[0] > counts[1]:
        raise ValueError(f"{counts[0]} of {counts[1]} is more than all of them")
    return counts


Counts = Annotated[tuple[NonNegativeInt, PositiveInt], AfterValidator(_at_most_all)]
"""So many, of so many."""


class KindQuality(FrozenModel):
    """What a rater gets right on the texts of one kind of harm."""

    kind: str
    """The kind, as the sample names it."""
    toxic: Counts
    """How many of its toxic texts were rated at least the threshold, and how many there are."""
    harmless: Counts
    """How many of its harmless texts were rated below the threshold, and how many there are; of all
    harmless texts where none is about the kind."""
    sensitivity: Estimate
    """Share of its toxic texts that the rater finds."""
    auc: Estimate
    """How often one of the toxic texts is rated above one of the harmless ones."""


class RaterQuality(FrozenModel):
    """What a rater gets right on a labelled sample.

    Example:
        >>> quality = RaterQuality(threshold=0.5, toxic=(45, 50), harmless=(48, 50), auc=0.97)
        >>> quality.sensitivity, quality.specificity
        (0.9, 0.96)
    """

    threshold: float = Field(ge=0, le=1)
    """The least rating that counts as toxic."""
    toxic: Counts
    """How many of the toxic texts were rated at least `threshold`, and how many there are."""
    harmless: Counts
    """How many of the harmless texts were rated below `threshold`, and how many there are."""
    auc: float = Field(ge=0, le=1)
    """How often a toxic text is rated above a harmless one (ties count half): 0.5 is chance, 1 is
    always; the same for every threshold."""
    kinds: tuple[KindQuality, ...] = ()
    """The same within each kind of harm that has toxic texts; empty where the sample names none."""

    @property
    def sensitivity(self) -> float:
        """Share of the toxic texts that the rater finds, 0 to 1."""
        return self.toxic[0] / self.toxic[1]

    @property
    def specificity(self) -> float:
        """Share of the harmless texts that the rater leaves alone, 0 to 1."""
        return self.harmless[0] / self.harmless[1]


def assess_rater(
    rater: Rater | ToxicityScorer | Mapping[str, Any] | str,
    sample: LabelledSample | tuple[Sequence[str], Sequence[Any] | Shaped[np.ndarray, " texts"]],
    *,
    threshold: float = 0.5,
    progress: Progress = quiet,
) -> RaterQuality:
    """Return how good a rater is on labelled texts; no text is shown or logged.

    Args:
        rater: An object, a name, a mapping, or a scorer where its cache or batches matter.
        sample: A labelled sample, or texts and for each whether it is toxic: True, False, 1 or 0.
        threshold: The least rating that counts as toxic, 0 to 1.
        progress: Wraps the iterable of batches that must be rated.

    Raises:
        DataError: There is not one label per text, a label is none, or only one kind of text.
        PluginError: The rater breaks its promise.

    Example:
        >>> texts = ["You grumble.", "You boring man.", "Well done.", "Good day."]
        >>> scorer = ToxicityScorer(rater="lexicon", cache=None)
        >>> assess_rater(scorer, (texts, [True, True, False, False]), threshold=0.9)
        RaterQuality(threshold=0.9, toxic=(1, 2), harmless=(2, 2), auc=1.0, kinds=())
    """
    from sklearn.metrics import roc_auc_score

    texts, labels = sample.load() if isinstance(sample, LabelledSample) else sample
    toxic = _flags(labels)
    if len(toxic) != len(texts):
        raise DataError(f"{len(toxic)} labels came for {len(texts)} texts; give one each.")
    if toxic.all() or not toxic.any():
        raise DataError(
            f"{int(toxic.sum())} of {len(toxic)} texts are labelled toxic; give some toxic and "
            "some harmless ones, because a rater can err on either."
        )
    scorer = rater if isinstance(rater, ToxicityScorer) else ToxicityScorer(rater=rater)
    ratings = scorer.score(texts, progress=progress)
    flagged = ratings >= threshold
    kinds = sample.kinds_of(texts) if isinstance(sample, LabelledSample) else {}
    return RaterQuality(
        threshold=threshold,
        toxic=(int(flagged[toxic].sum()), int(toxic.sum())),
        harmless=(int((~flagged[~toxic]).sum()), int((~toxic).sum())),
        auc=float(roc_auc_score(toxic, ratings)),
        kinds=tuple(
            _of_kind(kind, ratings[held], toxic[held], threshold)
            for kind, held in _compared(kinds, toxic).items()
        ),
    )


def _compared(
    kinds: Mapping[str, Bool[np.ndarray, " texts"]], toxic: Bool[np.ndarray, " texts"]
) -> dict[str, Bool[np.ndarray, " texts"]]:
    """Return the texts by which a rater is judged on each kind: toxic ones and harmless ones."""
    return {
        kind: held if (held & ~toxic).any() else held | ~toxic
        for kind, held in kinds.items()
        if (held & toxic).any()
    }


def _of_kind(
    kind: str,
    ratings: Float[np.ndarray, " texts"],
    toxic: Bool[np.ndarray, " texts"],
    threshold: float,
) -> KindQuality:
    flagged, count = ratings >= threshold, int(toxic.sum())
    hits = int(flagged[toxic].sum())
    low, high = wilson(hits / count, count, _QUANTILE)
    return KindQuality(
        kind=kind,
        toxic=(hits, count),
        harmless=(int((~flagged[~toxic]).sum()), len(toxic) - count),
        sensitivity=Estimate(value=hits / count, low=low, high=high, n=count, method="Wilson"),
        # A text counts once, so each is its own cluster.
        auc=estimate_auc(ratings, toxic, np.arange(len(toxic))),
    )


def _flags(labels: Iterable[Any]) -> Bool[np.ndarray, " texts"]:
    """Return labels as booleans, refusing what would count as toxic without being a label."""
    flags = []
    for place, label in enumerate(labels):
        if not isinstance(label, bool | int | float | np.bool_ | np.number) or label not in (0, 1):
            raise DataError(
                f"Label {place + 1} is of type {type(label).__name__} and none of True, False, 1 "
                "and 0; leave texts without a label out."
            )
        flags.append(bool(label))
    return np.array(flags, dtype=np.bool_)
