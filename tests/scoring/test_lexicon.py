import numpy as np
import pytest

from semspill import raters
from semspill.errors import ConfigError, DataError
from semspill.scoring import LexiconRater


def test_a_word_is_found_whole_and_in_either_case():
    rater = LexiconRater(words={"dull": 0.5})
    texts = ["dull", "How DULL!", "dullness", "undull", "dull_", "dull-witted", ""]
    assert rater.rate(texts).tolist() == [0.5, 0.5, 0, 0, 0, 0.5, 0]


def test_words_add_up_as_independent_signs():
    rater = LexiconRater(words={"dull": 0.5, "pest": 0.75})
    # 1 - (1 - 0.5) * (1 - 0.75)
    assert rater.rate(["dull pest", "pest dull pest"]).tolist() == [0.875, 0.875]


def test_default_words_are_rated_half_or_more():
    rated = raters.build("lexicon").rate(["you grumble", "what a bore", "well done"])
    assert rated.tolist() == pytest.approx([1.0, 0.6, 0.0])


@pytest.mark.parametrize(
    ("word", "apart"),
    [
        ("gr\u00fcmmel", "gr\u0075\u0308mmel"),
        ("\u0917\u094d\u0930\u092e\u094d\u092c\u0932", None),
        ("\u063a\u064e\u0645\u0652\u0628\u064e\u0644", None),
        ("\u063a\u0651\u064e\u0645", "\u063a\u064e\u0651\u0645"),
        ("\u0e01\u0e23\u0e31\u0e21\u0e1a\u0e34\u0e49\u0e25", None),
        ("\u05d2\u05b0\u05bc\u05e8\u05b7\u05dd", "\u05d2\u05bc\u05b0\u05e8\u05b7\u05dd"),
        ("\uadf8\ub7fc", "\u1100\u1173\u1105\u1165\u11b7"),
    ],
    ids=["Latin", "Hindi", "Arabic", "Arabic, marks", "Thai", "Hebrew", "Korean"],
)
def test_a_word_with_combining_marks_is_found_however_it_is_composed(word, apart, tmp_path):
    path = tmp_path / "words.txt"
    for listed in (word, apart or word):
        path.write_text(f"{listed}\t0.5\n", encoding="utf-8")
        for rater in (LexiconRater(words={listed: 0.5}), LexiconRater(words={}, path=path)):
            for said in (word, apart or word):
                texts = [said, f"- {said.upper()}!", f"{said}\u0301 x", f"x{said}", "x"]
                assert rater.rate(texts).tolist() == [0.5, 0.5, 0, 0, 0]


def test_a_bare_word_is_not_found_in_the_word_that_a_mark_makes_of_it():
    # A vowel sign follows: another word.
    assert LexiconRater(words={"\u0917\u0930": 1}).rate(["\u0917\u0930\u0940"]).tolist() == [0]


def test_no_text_gets_no_rating():
    assert LexiconRater().rate([]).shape == (0,)


def test_a_file_adds_words_and_wins(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("# mild\n\ngrumble\ndull\t0.25\nÜbel\t.5\n", encoding="utf-8")
    rater = LexiconRater(words={"dull": 0.5, "pest": 0.5}, path=path)
    texts = ["grumble", "dull", "pest", "übel"]
    assert rater.rate(texts).tolist() == [1.0, 0.25, 0.5, 0.5]


def test_the_fingerprint_is_the_words_not_their_place(tmp_path):
    here, there = tmp_path / "a.txt", tmp_path / "b.txt"
    for path in (here, there):
        path.write_text("grumble\ndull\t0.5\n")
    first = LexiconRater(words={}, path=here).fingerprint
    assert LexiconRater(words={}, path=there).fingerprint == first
    assert LexiconRater(words={"dull": 0.5, "Grumble": 1.0}).fingerprint == first
    there.write_text("grumble\ndull\t0.6\n")
    assert LexiconRater(words={}, path=there).fingerprint != first


def test_it_is_rebuilt_from_its_description():
    rater = LexiconRater(words={"dull": 0.5})
    assert raters.build(raters.describe(rater)) == rater
    assert raters.build({"name": "lexicon", "words": [["dull", 0.5]]}) == rater


@pytest.mark.parametrize("line", ["two words", "dull\tmuch", "dull\t0", "dull\t1.5", "dull\tnan"])
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "words.txt"
    path.write_text(f"grumble\n{line}\n")
    with pytest.raises(DataError, match=r"words\.txt, line 2 is not a word, or a word, a tab"):
        LexiconRater(path=path).rate(["x"])


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"The lexicon .*none\.txt cannot be read"):
        LexiconRater(path=tmp_path / "none.txt").rate(["x"])
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"give a UTF-8 text file"):
        LexiconRater(path=tmp_path / "bytes.txt").rate(["x"])


def test_an_empty_lexicon_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"The lexicon holds no word; give words"):
        LexiconRater(words=()).rate(["x"])
    (tmp_path / "empty.txt").touch()
    with pytest.raises(DataError, match=r"The lexicon holds no word"):
        LexiconRater(words={}, path=tmp_path / "empty.txt").rate(["x"])


@pytest.mark.parametrize("words", [{"dull": 0}, {"dull": 1.1}, {"two words": 0.5}, {"": 0.5}])
def test_bad_words_are_refused(words):
    with pytest.raises(ConfigError):
        LexiconRater(words=words)


def test_ratings_are_float64():
    assert LexiconRater().rate(["x"]).dtype == np.float64
