"""Components that break promises: a table FAULTS for each kind, in modules that another process can
import. A row is what is wrong (a function for `Faulty`, or a component), the checks that it must
fail, the first of which it is meant for, and a piece of what that check says."""

from pathlib import Path

import numpy as np

from semspill.errors import DataError

FILE = Path(__file__)
"""A file that exists and has no sibling called missing-..."""


class TornError(DataError):
    """Has two arguments and passes one to its base class, so a copy cannot be made."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


def torn(condition):
    if condition:
        raise TornError("here", "torn")


def unseeded():
    return np.random.default_rng().random()


def from_global():
    return np.random.random()  # noqa: NPY002  # what must not be done


def after_a_draw(result):
    from_global()
    return result


def by_hash(text):
    """A number from 0 to 1 that depends on the hash seed of the process."""
    return hash(text) % 1000 / 1000


def faults(module):
    """The components of a table with the checks that each must fail, by the names of the rows."""
    return {
        name: (module.Faulty(fault=name) if callable(wrong) else wrong, checks.split(), piece)
        for name, (wrong, checks, piece) in module.FAULTS.items()
    }
