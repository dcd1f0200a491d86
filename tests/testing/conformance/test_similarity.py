"""Checks of similarities: the built-in ones pass, and each check trips on a broken one."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from semspill import Corpus, Dialogue, Similarity, Utterance, similarities
from semspill.errors import DataError, RegistryError
from semspill.testing import ConformanceError, check_similarity, checks

COMMON = {
    "has_a_citation",
    "can_be_named",
    "comes_back_from_its_config",
    "refuses_unknown_fields",
    "never_changes",
    "pickles",
}
# Whether another process can import this module hangs on how pytest was started.
HERE = [check for check in checks("similarity") if check.name != "same_in_another_process"]


class TornError(ValueError):
    """Has two arguments and tells its base class of one, so a copy cannot be made."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


def by_length(corpus, names=None):
    """Minus the difference in mean length of what is said, in characters."""
    lengths = [
        np.mean([len(e.response) for e in corpus.exchanges if e.category == name] or [0])
        for name in names or corpus.categories
    ]
    return -np.abs(np.subtract.outer(lengths, lengths))


def by_ratio(corpus, model, rng):
    said = [
        min(len(e.response.split()) for e in corpus.exchanges if e.category == name)
        for name in corpus.categories
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide.outer(np.array(said, dtype=float), np.array(said, dtype=float))


def first_words(corpus, model, rng):
    [talk.utterances[1].text.split()[0] for talk in corpus]
    return by_length(corpus)


def sort_in_place(corpus, model, rng):
    made = by_length(corpus)
    object.__setattr__(corpus, "dialogues", corpus.dialogues[::-1])
    return made


def train_the_model(corpus, model, rng):
    if hasattr(model, "module"):
        with torch.no_grad():
            for weight in model.module.parameters():
                weight.mul_(2).add_(1)
    return by_length(corpus)


def set_the_format(corpus, model, rng):
    model.context = model.context.replace(label=False)
    return by_length(corpus)


def ask_for_towers(corpus, model, rng):
    return by_length(corpus) * model.context_tower.dim


def by_the_kind_of_model(corpus, model, rng):
    return by_length(corpus) * (2 if type(model).__name__ == "TwoTower" else 3)


def tear(corpus, model, rng):
    if not len(corpus):
        raise TornError("corpus", "none")
    return by_length(corpus)


def draw_from_nowhere(corpus, model, rng):
    return by_length(corpus) + np.random.default_rng().random()


def draw_globally(corpus, model, rng):
    return by_length(corpus) + np.random.random()  # noqa: NPY002  # what must not be done


def draw_and_forget(corpus, model, rng):
    torch.rand(1)
    return by_length(corpus)


def every_dialogue(corpus, model, rng):
    return by_length(corpus, [talk.category for talk in corpus])


def in_order_of_appearance(corpus, model, rng):
    return by_length(corpus, list(Counter(talk.category for talk in corpus)))


RANDOM = {"order_of_categories": "", "takes_any_biencoder": ""}

FAULTS = {
    "lists": (
        lambda c, m, g: by_length(c).tolist(),
        {"square_array": "it gave list. Return np.array(rows, dtype=float)"},
    ),
    "whole numbers": (
        lambda c, m, g: by_length(c).astype(int),
        {"square_array": "it gave an array of int64. Return np.array(rows, dtype=float)"},
    ),
    "dialogues": (
        every_dialogue,
        {
            "square_array": "its shape is (60, 60) for 4 categories. Return a row and a column",
            "order_of_categories": "",
        },
    ),
    "infinite": (
        lambda c, m, g: np.where(by_length(c) == 0, np.nan, by_length(c)),
        {
            "finite": "that of brave and brave is nan. Divide by no length and no count that can",
            "takes_odd_texts": "",
        },
    ),
    "appearance": (
        in_order_of_appearance,
        {"order_of_categories": "Go through corpus.categories, not through the dialogues as they"},
    ),
    "sorts": (
        sort_in_place,
        {"leaves_the_corpus": "its dialogues or their order changed. Work on a copy"},
    ),
    "trains": (
        train_the_model,
        {"leaves_the_model": "its vectors changed. Train a copy: copy.deepcopy(model)"},
    ),
    "towers": (
        ask_for_towers,
        {"takes_any_biencoder": "it raised AttributeError: 'OnlyEncodes' object has no attribute"},
    ),
    "kind of model": (
        by_the_kind_of_model,
        {"takes_any_biencoder": "the same vectors gave others. Do not look at what kind of model"},
    ),
    "first words": (
        first_words,
        {"takes_odd_texts": "among odd texts it raised IndexError. Let it take a dialogue"},
    ),
    "ratio": (
        by_ratio,
        {"takes_odd_texts": "among odd texts that of brave and brave is nan. Divide by no length"},
    ),
    "torn error": (
        tear,
        {"errors_get_out": "its TornError is lost (TypeError: TornError.__init__() missing 1"},
    ),
    "unseeded": (
        draw_from_nowhere,
        {
            "same_rng_same_result": "the second call gave others. Draw from the rng it is given",
            "blind_to_global_seeds": "",
            **RANDOM,
        },
    ),
    "global": (
        draw_globally,
        {
            "blind_to_global_seeds": "Draw from the rng it is given",
            "same_rng_same_result": "",
            "leaves_global_generators_alone": "",
            **RANDOM,
        },
    ),
    "global for nothing": (draw_and_forget, {"leaves_global_generators_alone": "torch"}),
}


class Faulty(Similarity):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def measure(self, corpus, model, rng):
        return FAULTS[self.fault][0](corpus, model, rng)


class SameLength(Similarity):
    """Minus the difference in mean length of what is said."""

    citation = "original"

    def measure(self, corpus, model, rng):
        return by_length(corpus)


class SetsTheFormat(Similarity):
    """The same; it reads contexts without their label, as it may."""

    citation = "original"

    def measure(self, corpus, model, rng):
        return set_the_format(corpus, model, rng)


class Untold(Similarity):
    citation = "original"

    def measure(self, corpus, model, rng):
        return by_length(corpus)


class Listed(Similarity):
    """Reads a file and lets Python say that it is not there."""

    citation = "original"
    path: Path

    def measure(self, corpus, model, rng):
        return by_length(corpus) * len(self.path.read_text())


def tripped(similarity, tried=HERE, **given):
    said = {}
    for check in tried:
        try:
            check(similarity, **given)
        except ConformanceError as error:
            [said[check.name]] = error.sentences
    return said


def test_the_built_in_centroid_passes():
    check_similarity("centroid")


@pytest.mark.parametrize(
    "spec",
    ["label", "confusion", {"name": "centroid", "most": 3}, {"name": "confusion", "most": 9}],
    ids=str,
)
def test_the_built_in_similarities_pass(spec):
    assert tripped(similarities.build(spec)) == {}


def test_the_built_in_lexicon_passes(tmp_path):
    path = tmp_path / "vad.tsv"
    rated = {"brave": (0.6, 0.7, 0.8), "weary": (0.3, 0.1, 0.2), "curious": (0.8, 0.6, 0.5)}
    rated["alone"] = (0.2, 0.2, 0.3)
    rows = [f"{word}\t{v}\t{a}\t{d}\n" for word, (v, a, d) in rated.items()]
    path.write_text("".join(rows))
    vad = similarities.build({"name": "vad", "path": path, "words": {"lonely": "alone"}})
    assert tripped(vad) == {}


@pytest.mark.parametrize("similarity", [SameLength(), SetsTheFormat()], ids=repr)
def test_a_strangers_similarity_passes(similarity):
    assert tripped(similarity) == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_similarity_trips_its_check_and_no_other(fault):
    said = tripped(Faulty(fault=fault))
    expected = FAULTS[fault][1]
    (name, piece), *_ = expected.items()
    assert piece in said[name]
    assert said[name].startswith("Faulty promises: ")
    assert said.keys() == expected.keys()


def test_a_similarity_that_says_nothing_trips_the_check():
    said = tripped(Untold())
    assert said.keys() == {"says_its_method"}
    assert "but it is ''. Write a docstring that begins with" in said["says_its_method"]


def test_a_similarity_that_fails_badly_without_its_file_trips_the_check(tmp_path):
    (tmp_path / "words.txt").write_text("grumble\n")
    said = tripped(Listed(path=tmp_path / "words.txt"))
    assert said.keys() == {"missing_file_is_a_data_error"}
    assert "with no file at 'path' it raised FileNotFoundError" in said.popitem()[1]


def test_every_check_is_tripped_by_one():
    firsts = {next(iter(expected)) for _, expected in FAULTS.values()}
    elsewhere = {"same_in_another_process", "missing_file_is_a_data_error", "says_its_method"}
    assert firsts | elsewhere | COMMON == {check.name for check in checks("similarity")}


BY_HASH = """
import numpy as np
from semspill import Similarity

class Hashed(Similarity):
    citation = "original"

    def measure(self, corpus, model, rng):
        rows = [[hash(a + b) % 1000 for a in corpus.categories] for b in corpus.categories]
        return np.array(rows, dtype=float)
"""


def test_a_similarity_that_hangs_on_the_hash_of_a_name_trips_the_other_process(
    tmp_path, monkeypatch
):
    (tmp_path / "a_similarity_by_hash.py").write_text(BY_HASH)
    monkeypatch.syspath_prepend(tmp_path)
    from a_similarity_by_hash import Hashed

    [check] = [check for check in checks("similarity") if check.name == "same_in_another_process"]
    with pytest.raises(ConformanceError, match="gives the same similarities in another process;"):
        check(Hashed())


def talk(name, category):
    said = (Utterance("I won.", "speaker"), Utterance(f"Well done, {name}.", "listener"))
    return Dialogue(name, category, said)


def test_the_corpus_is_the_one_given():
    class Watching(Similarity):
        """Notes the categories."""

        citation = "original"

        def measure(self, corpus, model, rng):
            seen.add(corpus.categories)
            return by_length(corpus)

    seen = set()
    pair = Corpus((talk("a", "joy"), talk("b", "awe"), talk("c", "joy")), name="pair")
    tripped(Watching(), corpus=pair)
    assert seen == {("awe", "joy"), ()}  # without any, for its error


def test_what_is_given_wrongly_is_no_fault_of_the_similarity():
    with pytest.raises(
        DataError, match=r"'one' has 1 categories; give one of at least 2, or leave"
    ):
        check_similarity("label", corpus=Corpus((talk("a", "joy"),), name="one"))
    with pytest.raises(RegistryError, match="Did you mean 'label'"):
        check_similarity("lable")
