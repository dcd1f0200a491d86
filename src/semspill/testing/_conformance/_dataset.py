"""What a dataset promises: a corpus per split, the same at every load, none shared by two."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import TypeAlias

from semspill._mask import described, named
from semspill.corpus import Corpus
from semspill.datasets import Dataset
from semspill.errors import DataError
from semspill.testing._conformance._check import Broken, Promise, described_error, promise
from semspill.testing._conformance._common import errors_pickle, pickled, promise_of_missing_files
from semspill.testing._conformance._same import AT_LOAD, promise_the_same

_Splits: TypeAlias = tuple[str, ...]

PROMISES: list[Promise] = []

_NO_SPLIT = "no_such_split"


def given(*, splits: Sequence[str] = ("train", "test")) -> _Splits:
    """Return the splits that are loaded.

    Raises:
        DataError: They are none, or no list.
    """
    if not splits or isinstance(splits, str):
        raise DataError(
            f"The splits to check are {described(splits)}; give the names of one or more, such as "
            "('train', 'test')."
        )
    return tuple(splits)


@promise(PROMISES, "loads a corpus in which listeners answer speakers")
def listeners_answer_speakers(dataset: Dataset, splits: _Splits) -> None:
    for split in splits:
        corpus = _loaded(dataset, split)
        roles = [[utterance.role for utterance in dialogue.utterances] for dialogue in corpus]
        if not any(("speaker", "listener") in pairwise(turns) for turns in roles):
            raise Broken(
                f"in none of the {len(corpus)} dialogues of split {split!r} does one",
                "Give who tells the role 'speaker', and who responds 'listener'",
            )


@promise(PROMISES, "loads dialogues of two categories or more")
def two_categories(dataset: Dataset, splits: _Splits) -> None:
    # With one there is nowhere to spill to.
    for split in splits:
        categories = _loaded(dataset, split).categories
        if len(categories) < 2:
            raise Broken(
                f"split {split!r} has {', '.join(map(repr, categories)) or 'none'}",
                "Set the category of each dialogue to the label by which they differ",
            )


@promise(PROMISES, "says in the corpus which split it is")
def says_its_split(dataset: Dataset, splits: _Splits) -> None:
    for split in splits:
        name = _loaded(dataset, split).split
        if name != split:
            came = f"split {split!r} says that it is {name!r}"
            raise Broken(came, "Give Corpus(..., split=split)")


@promise(PROMISES, "gives dialogues of different splits different ids")
def splits_are_disjoint(dataset: Dataset, splits: _Splits) -> None:
    ids = {split: {dialogue.id for dialogue in _loaded(dataset, split)} for split in splits}
    for one, other in combinations(ids, 2):
        if both := sorted(ids[one] & ids[other]):
            raise Broken(
                f"{one!r} and {other!r} both have {named(both[0])}, and {len(both) - 1} more",
                "Put the split into the id if the dialogues differ, else keep each in one split",
            )


@promise(PROMISES, "loads the same from a pickled copy")
def copy_loads_the_same(dataset: Dataset, splits: _Splits) -> None:
    copy = pickled(dataset, "See the promise that a component is equal to its pickled copy")
    if _fingerprints(copy, splits) != _fingerprints(dataset, splits):
        raise Broken("the fingerprints differ", "Let all that `load` looks at be a field")


@promise(PROMISES, "raises a DataError that names a split it does not have")
def unknown_split_is_a_data_error(dataset: Dataset, splits: _Splits) -> None:
    mend = "Raise a semspill.errors.DataError that names the split asked for and those there are"
    try:
        dataset.load(_NO_SPLIT)
    except Exception as error:
        if not (isinstance(error, DataError) and _NO_SPLIT in str(error)):
            raise Broken(f"it raised {described_error(error)}", mend) from error
    else:
        raise Broken(f"it loaded split {_NO_SPLIT!r}", mend)


promise_of_missing_files(PROMISES, lambda dataset, splits: dataset.load(splits[0]))


@promise(PROMISES, "raises errors that get out of a worker")
def errors_get_out(dataset: Dataset, splits: _Splits) -> None:
    errors_pickle(lambda: dataset.load(_NO_SPLIT))


def _fingerprints(dataset: Dataset, splits: _Splits) -> list[str]:
    return [_loaded(dataset, split).fingerprint for split in splits]


promise_the_same(PROMISES, _fingerprints, "fingerprints", AT_LOAD)


def _loaded(dataset: Dataset, split: str) -> Corpus:
    try:
        corpus: object = dataset.load(split)
    except DataError as error:
        raise Broken(
            f"split {split!r} raised {described_error(error)}",
            "Do what it says, or check the splits that there are with splits=(...)",
        ) from error
    if not isinstance(corpus, Corpus):
        raise Broken(f"load gave {type(corpus).__name__}", "Return a semspill.Corpus")
    return corpus
