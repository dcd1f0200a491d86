"""Lets the tests here, and the processes that they start, import the components of `faulty`."""

import sys
from pathlib import Path

import pytest

from semspill import encoders
from semspill.testing import ConformanceError, checks

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def failed():
    """What the checks of a kind say of a component, by the check's name."""

    def try_all(kind, component, **options):
        sentences = {}
        for check in checks(kind):
            try:
                check(component, **options)
            except ConformanceError as error:
                [sentences[check.name]] = error.sentences
        return sentences

    return try_all


@pytest.fixture
def registered():
    """Names for the encoders that are to be saved and read."""
    from faulty.encoder import Borrowed, Forgetful, LetterEncoder

    names = {"forgetful": Forgetful, "borrowed": Borrowed, "letter_table": LetterEncoder}
    for name, encoder in names.items():
        encoders.register(name)(encoder)
    yield
    for name in names:
        encoders.unregister(name)
