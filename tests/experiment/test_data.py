"""The data of an experiment: what is refused, and what a reader is told."""

import pytest

from semspill import Corpus, Dataset, Dialogue, Utterance, run
from semspill.errors import DataError, PluginError
from semspill.experiment import load_config
from semspill.experiment._data import Data
from semspill.sources import ResponseSource


class MadeUp(Dataset):
    """Two categories in each split, and one that only the test has."""

    citation = "original"

    def load(self, split):
        def talk(i):
            name = ("joy", "fear", "late")[i % (3 if split == "test" else 2)]
            turns = Utterance(f"It is {i}.", "speaker"), Utterance(f"So it is {i}.", "listener")
            return Dialogue(f"{split}-{i}", name, turns)

        return Corpus(tuple(map(talk, range(24))), name="made up", split=split)


class Nothing(Dataset):
    """Forgets to return."""

    citation = "original"

    def load(self, split):
        return {"split": split}


@pytest.fixture
def joy(fields):
    poisoner = {**fields["poisoner"], "selector": {"name": "category", "category": "joy"}}
    return {**fields, "dataset": MadeUp(), "poisoner": poisoner, "list_size": 2}


def test_a_category_that_is_only_tested_is_said_in_the_report(joy):
    report = run(joy)
    [note] = [note for note in report.notes if note.kind == "untrained_categories"]
    assert note.values == {"categories": ("late",)}
    assert "late" in note.text


def test_nothing_is_said_where_all_categories_are_trained(fields):
    assert Data.load(load_config(fields)).notes == ()


def test_a_dataset_that_returns_no_corpus_is_refused(joy):
    with pytest.raises(PluginError, match=r"Nothing\.load returned dict; it must return a"):
        run({**joy, "dataset": Nothing()})


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ((), DataError, "returned no responses"),
        (("a", None), PluginError, r"returned NoneType as response \[1\]"),
        ("grumble", PluginError, "returned str; it must return a tuple"),
        (("a", "grumble\ud83d"), DataError, r"half a surrogate pair in response \[1\]"),
    ],
)
def test_a_source_that_returns_no_texts_is_refused(joy, texts, error, message):
    class Odd(ResponseSource):
        """Odd."""

        citation = "original"

        def load(self):
            return texts

    with pytest.raises(error, match=message) as caught:
        run({**joy, "poisoner": {**joy["poisoner"], "source": Odd()}})
    assert "grumble" not in str(caught.value)
