"""What `semspill init --data` sets aside for the test, where the data have no split."""

import math
from typing import TypeAlias

from semspill._tables._splits import NoSplitError
from semspill.corpus import Corpus
from semspill.datasets import TableDataset

SHARES = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
"""What is set aside for the test where the data have no split: the first that tests enough."""
ENOUGH = math.ceil(math.log(0.05) / math.log(0.95))
"""Test dialogues of a category below which, even if none is hit, a rise by 5 points cannot be
excluded."""

_Splits: TypeAlias = tuple[Corpus, Corpus]


def with_split(dataset: TableDataset) -> tuple[TableDataset, _Splits, tuple[int, int] | None]:
    """Return the data set with a share for the test where the data have none, and its splits.

    The share is the first that tests enough dialogues of every category, or else the least. Then
    what a half would test comes with it.
    """
    try:
        test = dataset.load("test")
    except NoSplitError:
        if any(isinstance(share, float) for share in dataset.splits.values()):
            raise
    else:
        return dataset, (dataset.load("train"), test), None
    tries: list[tuple[TableDataset, _Splits]] = []
    for share in SHARES:
        if tries and share < SHARES[-1] and not _may_do(tries[0][1], share):
            continue
        tried = dataset.replace(splits={**dataset.splits, "test": share})
        tries.append((tried, (tried.load("train"), tried.load("test"))))
        if span(*tries[-1][1])[0] >= ENOUGH:
            return *tries[-1], None
    return *tries[0], span(*tries[-1][1])


def _may_do(splits: _Splits, share: float) -> bool:
    """Return whether a share may test enough of the rarest category."""
    train, test = (corpus.sizes for corpus in splits)
    rarest = min(train.get(name, 0) + test.get(name, 0) for name in {**train, **test})
    return rarest * share >= ENOUGH * 0.9


def span(train: Corpus, test: Corpus) -> tuple[int, int]:
    """Return the fewest and the most test dialogues that a category has."""
    counts = [test.sizes.get(name, 0) for name in {**train.sizes, **test.sizes}]
    return min(counts), max(counts)
