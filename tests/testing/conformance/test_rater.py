"""Checks of raters: the built-in ones pass, and each check trips on a broken one."""

import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import PrivateAttr
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from semspill import Rater, raters
from semspill.errors import DataError, RegistryError
from semspill.testing import ConformanceError, check_rater, checks

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "you", "grumble", "nice", "a", "no", "."]
COMMON = {
    "has_a_citation",
    "can_be_named",
    "comes_back_from_its_config",
    "refuses_unknown_fields",
    "never_changes",
    "pickles",
}
# Whether another process can import this module hangs on how pytest was started.
HERE = [check for check in checks("rater") if check.name != "same_in_another_process"]


class TornError(ValueError):
    """Has two arguments and tells its base class of one, so a copy cannot be made."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


def share(text):
    """Share of the characters that are an r."""
    return text.count("r") / max(len(text), 1)


def shares(texts):
    return np.array([share(text) for text in texts], dtype=float)


def with_kept_state(texts, calls=[]):  # noqa: B006  # what must not be done
    calls.append(1)
    return shares(texts) / len(calls)


def by_the_whole_list(texts):
    return shares(texts) / max([1e-9, *shares(texts)])


def with_padding(texts):
    longest = max(map(len, texts), default=1)
    return np.array([text.count("r") / max(longest, 1) for text in texts], dtype=float)


def sorted_by_length(texts):
    return shares(sorted(texts, key=len))


def less_when_heard_before(texts):
    return np.array([share(t) / (1 + texts[:i].count(t)) for i, t in enumerate(texts)], float)


def distinct_only(texts):
    return shares(dict.fromkeys(texts))


def sort_in_place(texts):
    rated = shares(texts)
    if isinstance(texts, list):
        texts.sort()
    return rated


def with_lists_only(texts):
    return shares(texts) if isinstance(texts, list) else shares(texts) / 2


def tear(texts):
    if None in texts:
        raise TornError("texts", "none")
    return shares(texts)


def first_words(texts):
    return np.array([share(text.split()[0]) for text in texts], dtype=float)


def short_ones_only(texts):
    return np.array([2.0 if len(text) > 9000 else share(text) for text in texts], dtype=float)


def draw_and_forget(texts):
    np.random.random()  # noqa: NPY002  # what must not be done
    return shares(texts)


def draw_globally(texts):
    rng = np.random.random() / 100  # noqa: NPY002  # what must not be done
    return shares(texts) / 2 + rng


FAULTS = {
    "a list": (
        lambda texts: [share(text) for text in texts],
        {"array_of_floats": "but rate gave list. Return np.array(ratings, dtype=float)."},
    ),
    "whole numbers": (
        lambda texts: np.array(["r" in text for text in texts], dtype=int),
        {"array_of_floats": "but rate gave type int64. Return np.array(ratings, dtype=float)."},
    ),
    "a column": (
        lambda texts: shares(texts)[:, None],
        {
            "array_of_floats": "its shape is 8 x 1. Return one number per text",
            "none_for_no_text": "",
        },
    ),
    "distinct": (
        distinct_only,
        {"same_for_repeats": "the repeats were 0 instead of 2. Rate each text by itself"},
    ),
    "one for all": (
        lambda texts: shares(texts).mean(keepdims=True),
        {
            "one_rating_per_text": "2 texts got 1 ratings. Leave none out",
            "none_for_no_text": "",
            "same_alone_as_among_others": "",
            "same_for_repeats": "",
        },
    ),
    "the greatest of none": (
        lambda texts: shares(texts) / max(1, max(map(len, texts)) // 10**6),
        {"none_for_no_text": "an empty list raised ValueError: max() "},
    ),
    "one for none": (
        lambda texts: shares(texts) if texts else np.zeros(1),
        {"none_for_no_text": "an empty list gave an array of shape (1,). Return np.zeros(0)"},
    ),
    "lists only": (
        with_lists_only,
        {"takes_a_tuple": "a tuple got other ratings than a list. Begin with texts = list(texts)"},
    ),
    "percent": (
        lambda texts: 100 * shares(texts),
        {
            "within_0_and_1": "it gave 8.33",  # one r in 12 characters
            "takes_odd_texts": "",
        },
    ),
    "not a number": (
        lambda texts: np.where(shares(texts) > 0.1, np.nan, shares(texts)),
        {"within_0_and_1": "it gave nan. Scale what it measures to 0..1", "takes_odd_texts": ""},
    ),
    "first words": (
        first_words,
        {"takes_odd_texts": "but for the text '' it raised IndexError. Rate such a text as well"},
    ),
    "long ones": (
        short_ones_only,
        {"takes_odd_texts": "for the text 'grumble gr'... (10000 characters) it gave 2.0. Scale"},
    ),
    "the whole list": (
        by_the_whole_list,
        {"same_alone_as_among_others": "some were off by up to 0."},
    ),
    "padding": (
        with_padding,
        {
            "same_alone_as_among_others": "alone. Rate each text by itself: no mean, rank or "
            "maximum over the list, and padding masked"
        },
    ),
    "sorted": (
        sorted_by_length,
        {
            "same_in_any_order": "Return the ratings in the order of the texts, also where it",
            "same_alone_as_among_others": "",
            "same_for_repeats": "",
        },
    ),
    "heard before": (
        less_when_heard_before,
        {"same_for_repeats": "the repeats were off by up to 0.056. Rate each text by itself"},
    ),
    "sorts in place": (
        sort_in_place,
        {"leaves_the_list": "but its texts changed. Work on a copy: list(texts)."},
    ),
    "torn error": (
        tear,
        {"errors_get_out": "its TornError is lost (TypeError: TornError.__init__() missing 1"},
    ),
    "kept state": (
        with_kept_state,
        {
            "same_at_every_call": "the second call gave others. Draw from a generator that `rate`",
            "takes_a_tuple": "",
            "same_alone_as_among_others": "",
            "same_in_any_order": "",
            "equal_raters_equal_fingerprints": "",
            "blind_to_global_seeds": "",
        },
    ),
    "global": (
        draw_globally,
        {
            "blind_to_global_seeds": "Draw from a generator that `rate` makes of a field",
            "takes_a_tuple": "",
            "same_alone_as_among_others": "",
            "same_in_any_order": "",
            "equal_raters_equal_fingerprints": "",
            "same_at_every_call": "",
            "leaves_global_generators_alone": "",
        },
    ),
    "global for nothing": (
        draw_and_forget,
        {"leaves_global_generators_alone": "numpy"},
    ),
}


class Faulty(Rater):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def rate(self, texts):
        return FAULTS[self.fault][0](texts)


class Shares(Rater):
    """Keeps every promise."""

    citation = "original"

    def rate(self, texts):
        return shares(texts)


class Readable(Shares):
    """Has a fingerprint that is no file name of a cache."""

    @property
    def fingerprint(self):
        return "shares, version 1"


class Timed(Shares):
    """Has a fingerprint that changes."""

    @property
    def fingerprint(self):
        return f"{time.perf_counter_ns():064x}"


class Counted(Shares):
    """Has another fingerprint each time it is made."""

    _number: int = PrivateAttr(default_factory=iter(range(10**9)).__next__)

    def __eq__(self, other):
        return isinstance(other, Counted)

    @property
    def fingerprint(self):
        return f"{self._number:064x}"


class Tuned(Shares):
    """Rates by what is no field."""

    _power: float = PrivateAttr(default_factory=iter(np.linspace(1, 2, 100)).__next__)

    def __eq__(self, other):
        return isinstance(other, Tuned)

    def rate(self, texts):
        return shares(texts) ** self._power


class Listed(Shares):
    """Reads a file and lets Python say that it is not there."""

    path: Path

    def rate(self, texts):
        return shares(texts) * len(self.path.read_text()) / 8


OTHERS = {
    Readable: {"hex_fingerprint": "it is 'shares, version 1'. Return hashlib.sha256(...)"},
    Timed: {
        "equal_raters_equal_fingerprints": "another had another fingerprint. Make it of the fields",
        "same_at_every_call": "",
        "blind_to_global_seeds": "",
    },
    Counted: {"equal_raters_equal_fingerprints": "Make it of the fields and of files' content"},
    Tuned: {
        "equal_raters_equal_fingerprints": "but another rated otherwise. Let all that a rating",
    },
}


def tripped(rater, tried=HERE):
    said = {}
    for check in tried:
        try:
            check(rater)
        except ConformanceError as error:
            [said[check.name]] = error.sentences
    return said


@pytest.fixture
def bert(tmp_path):
    """A tiny classifier with the files that a hub would give."""
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    labels = {0: "toxic", 1: "severe_toxic", 2: "obscene", 3: "threat", 4: "insult"}
    labels[5] = "identity_hate"
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=16, initializer_range=1.0, id2label=labels,
        label2id={label: i for i, label in labels.items()},
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BertForSequenceClassification(config).eval()
    model.save_pretrained(folder)
    arguments = {
        "model_type": str(folder), "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer", "num_classes": len(labels),
    }  # fmt: skip
    classes = {"dataset": {"args": {"classes": list(labels.values())}}}
    saved = {"config": {"arch": {"args": arguments}, **classes}, "state_dict": model.state_dict()}
    torch.save(saved, tmp_path / "tiny.ckpt")
    return folder


def test_the_built_in_lexicon_passes(tmp_path):
    (tmp_path / "words.txt").write_text("sorry\t0.5\n")
    check_rater("lexicon")
    assert tripped(raters.build({"name": "lexicon", "path": str(tmp_path / "words.txt")})) == {}


def test_the_built_in_detoxify_passes(bert):
    fields = {"checkpoint": bert.parent / "tiny.ckpt", "config": bert, "batch_size": 3}
    assert tripped(raters.build({"name": "detoxify", **fields})) == {}


def test_the_built_in_transformers_passes(bert):
    fields = {"model": str(bert), "label": "insult", "batch_size": 3}
    assert tripped(raters.build({"name": "transformers", **fields})) == {}


@pytest.mark.skipif(importlib.util.find_spec("profanity_check") is None, reason="needs an extra")
def test_the_built_in_profanity_passes():
    assert tripped(raters.build("profanity")) == {}


def test_a_strangers_rater_passes():
    check_rater(Shares())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_rater_trips_its_check_and_no_other(fault):
    said = tripped(Faulty(fault=fault))
    expected = FAULTS[fault][1]
    (name, piece), *_ = expected.items()
    assert piece in said[name]
    assert said[name].startswith("Faulty promises: ")
    assert said.keys() == expected.keys()


@pytest.mark.parametrize("kind", OTHERS)
def test_a_broken_fingerprint_or_field_trips_its_check(kind):
    said = tripped(kind())
    (name, piece), *_ = OTHERS[kind].items()
    assert piece in said[name]
    assert said.keys() == OTHERS[kind].keys()


def test_a_rater_that_fails_badly_without_its_file_trips_the_check(tmp_path):
    (tmp_path / "words.txt").write_text("grumble\n")
    said = tripped(Listed(path=tmp_path / "words.txt"))
    assert said.keys() == {"missing_file_is_a_data_error"}
    assert "with no file at 'path' it raised FileNotFoundError" in said.popitem()[1]


ORDERED_BY_HASH = """
import numpy as np
from semspill import Rater

class Hashed(Rater):
    citation = "original"

    def rate(self, texts):
        return np.array([hash(text) % 1000 / 1000 for text in texts], dtype=float)
"""


def test_a_rater_that_hangs_on_the_hash_of_a_text_trips_the_other_process(tmp_path, monkeypatch):
    (tmp_path / "a_rater_by_hash.py").write_text(ORDERED_BY_HASH)
    monkeypatch.syspath_prepend(tmp_path)
    from a_rater_by_hash import Hashed

    said = tripped(Hashed(), checks("rater"))
    assert said.keys() == {"same_in_another_process"}
    assert said["same_in_another_process"].startswith(
        "Hashed promises: gives the same ratings and fingerprint in another process; but they were"
    )


def test_every_check_is_tripped_by_one():
    firsts = {next(iter(expected)) for _, expected in FAULTS.values()}
    firsts |= {next(iter(expected)) for expected in OTHERS.values()}
    elsewhere = {"same_in_another_process", "missing_file_is_a_data_error"}  # above
    assert firsts | elsewhere | COMMON == {check.name for check in checks("rater")}


def test_one_call_says_all_that_is_broken():
    with pytest.raises(ConformanceError) as caught:
        check_rater(Faulty(fault="one for all"))
    assert len(caught.value.sentences) == 4


def test_no_message_quotes_a_whole_text():
    for fault in FAULTS:
        assert "lazy pest" not in " ".join(tripped(Faulty(fault=fault)).values())


def test_a_rater_is_given_by_its_name_too():
    check_rater({"name": "lexicon", "words": {"sorry": 0.25}})
    with pytest.raises(RegistryError, match="Did you mean 'lexicon'"):
        check_rater("lexicn")


def test_a_missing_lexicon_is_told_in_its_own_words(tmp_path):
    said = tripped(raters.build({"name": "lexicon", "path": tmp_path / "words.txt"}))
    assert "it raised DataError: The lexicon" in said["within_0_and_1"]
    with pytest.raises(DataError, match="cannot be read"):
        raters.build({"name": "lexicon", "path": tmp_path / "words.txt"}).rate(["a"])
