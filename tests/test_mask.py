"""What messages and pages show in place of values and of characters that a terminal obeys."""

import pickle

import numpy as np
import pandas as pd
import pytest

import semspill as sp
from semspill import errors
from semspill._mask import counted, described, listing, named, printable, spelled, unquoted

HARMFUL = "grumble, you grumble"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "None"),
        (True, "True"),
        (3, "3"),
        (np.int64(3), "3"),
        (np.float32(0.5), "0.5"),
        (10**50, "a number of 167 bits"),
        ("", "a string of 0 characters"),
        (HARMFUL, "a string of 20 characters"),
        ([HARMFUL] * 500, "a list of 500 strings"),
        ([HARMFUL], "a list of 1 string"),
        ([HARMFUL, 1], "a list of 2 items"),
        ([0, -1], "[0, -1]"),
        ([0] * 11, "a list of 11 ints"),
        ({HARMFUL: 1}, "a dict of 1 entry"),
        (pd.DataFrame({"text": [HARMFUL], "n": [1]}), "a DataFrame of 2 columns"),
        (np.array([HARMFUL]), "a ndarray of shape (1,)"),
        (lambda: HARMFUL, "a function"),
        (pd.DataFrame, "a type"),
    ],
)
def test_a_value_is_described_by_type_and_size(value, said):
    assert described(value) == said


def test_names_from_data_are_shown_while_they_are_short():
    assert named("calm") == "'calm'"
    assert named("\x1b[31mcalm") == r"'\x1b[31mcalm'"
    assert named(HARMFUL * 3) == "a string of 60 characters"
    assert named(("calm",)) == "a tuple of 1 string"
    assert listing(["calm", "glad"]) == "calm, glad"
    assert listing(["calm", HARMFUL * 3]) == "calm and 1 more"
    assert listing([HARMFUL * 3]) == "1 that are no short names"
    assert listing([]) == "none"
    assert listing([f"c{i}" for i in range(50)]).endswith("c39 and 10 more")


def test_a_name_of_code_is_told_from_a_text():
    assert spelled("learning_rate") == "'learning_rate'"
    assert spelled(HARMFUL) is None
    assert spelled("grumble", careful=True) is None
    assert spelled(3) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\x1b]0;owned\x07calm", r"\x1b]0;owned\x07calm"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
        ("half \ud83d", r"half \ud83d"),
        ("line\nand\ttab", "line\nand\ttab"),
        ("back\rward\x00", r"back\rward\x00"),
        ("שלום \U0001f600 नमस्ते", "שלום \U0001f600 नमस्ते"),
    ],
)
def test_what_a_terminal_obeys_is_spelled_out_once(text, said):
    assert printable(text) == said
    assert printable(said) == said


@pytest.mark.parametrize("name", errors.__all__)
def test_an_error_is_printable_and_survives_a_worker(name):
    error = getattr(errors, name)("Category \x1b[31mcalm is not there.")
    assert str(error) == r"Category \x1b[31mcalm is not there."
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_what_is_counted_can_be_told_apart():
    assert counted(["grumble", "mutter"]).startswith("2 words (sha256 ")
    assert counted(HARMFUL, " in config.json").startswith("1 text in config.json (sha256 ")
    assert counted(["grumble"]) != counted(["mutter"])


def test_a_parser_is_not_believed_to_quote_nothing():
    assert unquoted(ValueError("Duplicate key 'grumble', expected ','")) == (
        "Duplicate key '...', expected ','"
    )


def test_did_you_mean_offers_no_text():
    assert errors.did_you_mean(HARMFUL * 3, [HARMFUL * 3]) == ""
    with pytest.raises(sp.DataError) as caught:
        sp.Corpus((), name=HARMFUL * 3).require_category("calm")
    assert "grumble" not in str(caught.value)
