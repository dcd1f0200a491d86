"""The error tree: what may be caught as what."""

import pytest

from semspill import errors
from semspill.errors import did_you_mean

TREE = {
    "ConfigError": ValueError,
    "DataError": ValueError,
    "RegistryError": LookupError,
    "PluginError": Exception,
    "MissingExtraError": ImportError,
}


@pytest.mark.parametrize(("name", "builtin"), TREE.items())
def test_every_error_is_a_semspill_error_and_the_builtin_it_resembles(name, builtin):
    cls = getattr(errors, name)
    assert issubclass(cls, errors.SemspillError)
    assert issubclass(cls, builtin)
    assert name in errors.__doc__


def test_the_tree_is_complete():
    assert set(errors.__all__) == {"SemspillError", *TREE}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("terified", " Did you mean 'terrified'?"),
        ("TERRIFIED", " Did you mean 'terrified'?"),
        ("feer", " Did you mean 'FEAR'?"),
        ("xyzzy", ""),
        ("", ""),
    ],
)
def test_did_you_mean_ignores_case_and_spells_as_allowed(word, said):
    assert did_you_mean(word, ["terrified", "joyful", "FEAR"]) == said


def test_did_you_mean_offers_at_most_three():
    allowed = [f"last_{i}" for i in range(9)]
    assert did_you_mean("last_", allowed).count("last_") == 3
    assert did_you_mean("last_", iter(allowed)).count(" or ") == 2
    assert did_you_mean("last", []) == ""
