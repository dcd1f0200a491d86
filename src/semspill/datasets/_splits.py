"""The three standard splits of data sets."""

from semspill.errors import DataError, did_you_mean

SPLITS = ("train", "valid", "test")


class NoSplitError(DataError):
    """A data set lacks a split that others have."""


def require_split(split: str, name: str) -> None:
    """Refuse a split that does not exist.

    Args:
        split: What was asked for.
        name: Name of the data set, for the message.

    Raises:
        DataError: With the nearest name.

    Example:
        >>> require_split("validation", "tiny")
        Traceback (most recent call last):
        ...
        semspill.errors.DataError: Dataset 'tiny' has no split 'validation'. Did you mean 'valid'?
        Its splits are: train, valid, test.
    """
    if split not in SPLITS:
        raise DataError(
            f"Dataset {name!r} has no split {split!r}.{did_you_mean(split, SPLITS)} "
            f"Its splits are: {', '.join(SPLITS)}."
        )
