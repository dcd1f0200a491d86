"""What a dataset promises: a corpus per split, the same at every load, none shared by two."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any, TypeAlias

from semspill._mask import described, named
from semspill.corpus import Corpus
from semspill.datasets import Dataset, datasets
from semspill.errors import DataError
from semspill.testing._conformance._check import Broken, Checks, first_line
from semspill.testing._conformance._common import (
    add_common,
    built,
    errors_pickle,
    missing_files,
    pickled,
)
from semspill.testing._conformance._repeat import AT_LOAD, add_repeatable

_Splits: TypeAlias = tuple[str, ...]

_NO_SPLIT = "no_such_split"


def _given(*, splits: Sequence[str] = ("train", "test")) -> _Splits:
    if not splits or isinstance(splits, str):
        raise DataError(
            f"The splits to check are {described(splits)}; give the names of one or more, such as "
            "('train', 'test')."
        )
    return tuple(splits)


def check_dataset(
    dataset: Dataset | str | Mapping[str, Any], *, splits: Sequence[str] = ("train", "test")
) -> None:
    """Run all checks of a dataset.

    Args:
        dataset: An object, a registered name, or a mapping with `name` and fields.
        splits: The splits that it has and that are loaded.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_dataset({"name": "synthetic", "train": 20, "test": 20})
    """
    __tracebackhide__ = True
    CHECKS.run(built(datasets, dataset), splits=splits)


CHECKS: Checks[Dataset, _Splits] = Checks("dataset", _given)
"""All checks of a dataset."""

add_common(CHECKS, datasets)


@CHECKS.add("loads a corpus in which listeners answer speakers")
def listeners_answer_speakers(dataset: Dataset, given: _Splits) -> None:
    """Look for one listener's turn that follows a speaker's."""
    for split in given:
        corpus = _loaded(dataset, split)
        turns = [[said.role for said in talk.utterances] for talk in corpus]
        if not any(("speaker", "listener") in pairwise(t) for t in turns):
            raise Broken(
                f"in none of the {len(corpus)} dialogues of split {split!r} does one",
                "Give who tells the role 'speaker', and who responds 'listener'",
            )


@CHECKS.add("loads dialogues of two categories or more")
def two_categories(dataset: Dataset, given: _Splits) -> None:
    """Count them: with one there is nowhere to spill to."""
    for split in given:
        categories = _loaded(dataset, split).categories
        if len(categories) < 2:
            raise Broken(
                f"split {split!r} has {', '.join(map(repr, categories)) or 'none'}",
                "Set the category of each dialogue to the label by which they differ",
            )


@CHECKS.add("says in the corpus which split it is")
def says_its_split(dataset: Dataset, given: _Splits) -> None:
    """Compare the name with what was asked for."""
    for split in given:
        said = _loaded(dataset, split).split
        if said != split:
            raise Broken(
                f"split {split!r} says that it is {said!r}", "Give Corpus(..., split=split)"
            )


@CHECKS.add("gives dialogues of different splits different ids")
def splits_are_disjoint(dataset: Dataset, given: _Splits) -> None:
    """Look for ids that two splits have."""
    ids = {split: {talk.id for talk in _loaded(dataset, split)} for split in given}
    for one, other in combinations(ids, 2):
        if both := sorted(ids[one] & ids[other]):
            raise Broken(
                f"{one!r} and {other!r} both have {named(both[0])}, and {len(both) - 1} more",
                "Put the split into the id if the dialogues differ, else keep each in one split",
            )


@CHECKS.add("loads the same from a pickled copy")
def copy_loads_the_same(dataset: Dataset, given: _Splits) -> None:
    """Compare fingerprints."""
    copy = pickled(dataset, "See the promise that a component is equal to its pickled copy")
    if _fingerprints(copy, given) != _fingerprints(dataset, given):
        raise Broken("the fingerprints differ", "Let all that `load` looks at be a field")


@CHECKS.add("raises a DataError that names a split it does not have")
def unknown_split_is_a_data_error(dataset: Dataset, given: _Splits) -> None:
    """Ask for a split that nobody has."""
    mend = "Raise a semspill.errors.DataError that names the split asked for and those there are"
    try:
        dataset.load(_NO_SPLIT)
    except DataError as error:
        if _NO_SPLIT not in str(error):
            raise Broken(f"it said: {first_line(error)}", mend) from error
    except Exception as error:
        raise Broken(f"it raised {type(error).__name__}: {first_line(error)}", mend) from error
    else:
        raise Broken(f"it loaded split {_NO_SPLIT!r}", mend)


@CHECKS.add("raises a DataError that gets out of a worker where a file is missing")
def missing_file_is_a_data_error(dataset: Dataset, given: _Splits) -> None:
    """Point the fields that name a file at none."""
    missing_files(dataset, lambda moved: moved.load(given[0]))


@CHECKS.add("raises errors that get out of a worker")
def errors_get_out(dataset: Dataset, given: _Splits) -> None:
    """Pickle the error that an unknown split raises."""
    errors_pickle(lambda: dataset.load(_NO_SPLIT))


def _fingerprints(dataset: Dataset, given: _Splits) -> list[str]:
    return [_loaded(dataset, split).fingerprint for split in given]


add_repeatable(CHECKS, _fingerprints, "fingerprints", AT_LOAD)


def _loaded(dataset: Dataset, split: str) -> Corpus:
    try:
        corpus: object = dataset.load(split)
    except DataError as error:
        raise Broken(
            f"split {split!r} raised DataError: {first_line(error)}",
            "Do what it says, or check the splits that there are with splits=(...)",
        ) from error
    if not isinstance(corpus, Corpus):
        raise Broken(f"load gave {type(corpus).__name__}", "Return a semspill.Corpus")
    return corpus
