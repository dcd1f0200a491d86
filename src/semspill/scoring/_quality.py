"""Quality of a rater on a labelled sample: sensitivity, specificity, AUC."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from jaxtyping import Bool, Shaped
from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt

from semspill._filters import Where
from semspill._model import FrozenModel
from semspill._progress import Progress, quiet
from semspill.errors import DataError
from semspill.scoring._base import Rater
from semspill.scoring._scorer import ToxicityScorer
from semspill.sources import CsvSource, JsonlSource


class LabelledSample(FrozenModel):
    """Texts that people have called toxic or harmless, from a table on disk.

    Each distinct text counts once; it is toxic when any of its rows says so.

    Example:
        >>> LabelledSample(path="rated.csv", where={"is_toxic": "Toxic"}).where
        {'is_toxic': ('Toxic',)}
    """

    path: Path
    """The file, UTF-8: JSON lines where its name ends in .jsonl, else CSV with a header."""
    text: str = "text"
    """Column of the text."""
    where: Where = Field(min_length=1)
    """Which rows are toxic: a column, and the value or list of values it must have; several columns
    must all agree. All other rows are harmless."""
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
        kind = JsonlSource if self.path.suffix == ".jsonl" else CsvSource
        toxic = frozenset(kind(path=self.path, text=self.text, where=self.where).load())
        texts = kind(path=self.path, text=self.text).load()
        count = min(self.most or len(texts), len(texts))
        drawn = tuple(texts[i * len(texts) // count] for i in range(count))
        return drawn, np.array([text in toxic for text in drawn], dtype=np.bool_)


def _at_most_all(counts: tuple[int, int]) -> tuple[int, int]:
    if counts[0] > counts[1]:
        raise ValueError(f"{counts[0]} of {counts[1]} is more than all of them")
    return counts


Counts = Annotated[tuple[NonNegativeInt, PositiveInt], AfterValidator(_at_most_all)]
"""So many, of so many."""


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
        RaterQuality(threshold=0.9, toxic=(1, 2), harmless=(2, 2), auc=1.0)
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
    return RaterQuality(
        threshold=threshold,
        toxic=(int(flagged[toxic].sum()), int(toxic.sum())),
        harmless=(int((~flagged[~toxic]).sum()), int((~toxic).sum())),
        auc=float(roc_auc_score(toxic, ratings)),
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
