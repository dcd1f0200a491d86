import json
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from semspill import DataError, ToxicityScorer
from semspill.errors import ConfigError
from semspill.scoring import LabelledSample, LexiconRater, RaterQuality, assess_rater

ROWS = [
    ("You grumble.", "yes"),
    ("You boring man.", "yes"),
    ("Well done.", "no"),
    ("What a pest you found.", "no"),
    ("Good day.", "no"),
]
TEXTS = tuple(text for text, _ in ROWS)
LABELS = [label == "yes" for _, label in ROWS]


def csv_file(path, rows=ROWS):
    path.write_text("text,bad\n" + "".join(f"{text},{label}\n" for text, label in rows))
    return path


def lexicon():
    return ToxicityScorer(rater="lexicon", cache=None)


def test_a_rater_is_judged_on_both_kinds_of_text():
    """Rated 1 and 0.6, and 0, 0.7 and 0: of the 6 pairs only the bore and the pest are wrong."""
    found = assess_rater(lexicon(), (TEXTS, LABELS))
    assert found == RaterQuality(threshold=0.5, toxic=(2, 2), harmless=(2, 3), auc=5 / 6)
    assert found.sensitivity == 1
    assert found.specificity == pytest.approx(2 / 3)


def test_a_rating_at_the_threshold_counts_as_toxic():
    words = LexiconRater(words={"grumble": 0.5, "day": 0.25})
    scorer = ToxicityScorer(rater=words, cache=None)
    assert assess_rater(scorer, (TEXTS, LABELS), threshold=0.5).toxic == (1, 2)
    assert assess_rater(scorer, (TEXTS, LABELS), threshold=0.25).harmless == (2, 3)
    assert assess_rater(scorer, (TEXTS, LABELS), threshold=0.51).toxic == (0, 2)


RATED = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2).filter(
    lambda rows: len({toxic for _, toxic in rows}) == 2
)


@given(RATED)
def test_auc_is_the_share_of_pairs_in_order(rows):
    words = {f"w{i}": i / 10 for i in range(1, 6)}
    scorer = ToxicityScorer(rater=LexiconRater(words=words), cache=None)
    found = assess_rater(scorer, ([f"w{i}" for i, _ in rows], [toxic for _, toxic in rows]))
    toxic, harmless = ([i for i, kind in rows if kind is which] for which in (True, False))
    pairs = len(toxic) * len(harmless)
    assert found.auc == pytest.approx(mannwhitneyu(toxic, harmless).statistic / pairs)
    assert found.toxic == (sum(i == 5 for i in toxic), len(toxic))
    assert found.harmless == (sum(i < 5 for i in harmless), len(harmless))


def test_a_scorer_s_cache_is_used(tmp_path):
    scorer = ToxicityScorer(rater="lexicon", cache=tmp_path)
    first = assess_rater(scorer, (TEXTS, LABELS))
    rated = []

    def watch(items):
        rated.extend(items)
        return iter(rated)

    assert assess_rater(scorer, (TEXTS, LABELS), progress=watch) == first
    assert rated == []


@pytest.mark.parametrize("spec", ["lexicon", {"name": "lexicon"}, LexiconRater()])
def test_a_rater_may_be_named(spec, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # where ratings are kept on Linux
    assert assess_rater(spec, (TEXTS, LABELS)).toxic == (2, 2)


@pytest.mark.parametrize("labels", [[True, True], [False, False]])
def test_one_kind_of_text_is_not_enough(labels):
    with pytest.raises(DataError) as caught:
        assess_rater(lexicon(), (["You grumble.", "Well done."], labels))
    assert str(caught.value) == (
        f"{sum(labels)} of 2 texts are labelled toxic; give some toxic and some harmless ones, "
        "because a rater can err on either."
    )


def test_one_label_per_text_is_needed():
    with pytest.raises(DataError) as caught:
        assess_rater(lexicon(), (TEXTS, [True, False]))
    assert str(caught.value) == "2 labels came for 5 texts; give one each."


def test_texts_are_never_logged(caplog):
    caplog.set_level(logging.DEBUG)
    assess_rater(lexicon(), (TEXTS, LABELS))
    assert "grumble" not in caplog.text


# The sample


def test_a_sample_is_read_with_its_labels(tmp_path):
    sample = LabelledSample(path=csv_file(tmp_path / "rated.csv"), where={"bad": "yes"})
    texts, labels = sample.load()
    assert texts == TEXTS
    assert labels.tolist() == LABELS
    assert assess_rater(lexicon(), sample) == assess_rater(lexicon(), (TEXTS, LABELS))


def test_json_lines_are_read_too(tmp_path):
    path = tmp_path / "rated.jsonl"
    lines = [json.dumps({"said": text, "level": len(label)}) for text, label in ROWS]
    path.write_text("\n".join(lines))
    listed = tmp_path / "rated.json"
    listed.write_text(f"[{', '.join(lines)}]")
    for file in (path, listed):
        texts, labels = LabelledSample(path=file, text="said", where={"level": [3, 4]}).load()
        assert texts == TEXTS
        assert labels.tolist() == LABELS


def test_a_repeated_text_counts_once_and_is_toxic_when_any_row_says_so(tmp_path):
    rows = [*ROWS, ("Good day.", "yes"), ("Well done.", "no")]
    sample = LabelledSample(path=csv_file(tmp_path / "rated.csv", rows), where={"bad": "yes"})
    texts, labels = sample.load()
    assert texts == TEXTS
    assert labels.tolist() == [True, True, False, False, True]


@pytest.mark.parametrize(("most", "places"), [(9, range(5)), (5, range(5)), (3, (0, 1, 3))])
def test_at_most_so_many_are_taken_evenly_spaced(tmp_path, most, places):
    """Three of five: 0, 5/3 and 10/3 rounded down."""
    sample = LabelledSample(path=csv_file(tmp_path / "rated.csv"), where={"bad": "yes"}, most=most)
    texts, labels = sample.load()
    assert texts == tuple(TEXTS[i] for i in places)
    assert labels.tolist() == [LABELS[i] for i in places]


def test_a_sample_without_toxic_rows_is_refused(tmp_path):
    path = csv_file(tmp_path / "rated.csv")
    with pytest.raises(DataError, match=r"0 distinct texts match where=.*widen the filter"):
        LabelledSample(path=path, where={"bad": "often"}).load()
    with pytest.raises(ConfigError, match="at least 1 item"):
        LabelledSample(path=path, where={})


def test_a_sample_is_rebuilt_from_its_fields():
    sample = LabelledSample(path="rated.csv", where={"bad": "yes"})
    again = LabelledSample.model_validate(sample.model_dump(mode="json"))
    assert again == sample
    assert hash(again) == hash(sample)


def by_kind(path, rows, **fields):
    path.write_text("text,bad,about\n" + "".join(",".join(row) + "\n" for row in rows))
    sample = LabelledSample(path=path, where={"bad": "yes"}, **{"kinds": "about", **fields})
    return assess_rater(lexicon(), sample).kinds


def test_a_rater_is_judged_within_each_kind_of_harm(tmp_path):
    """Of insults 1 and 0 against 0 and 0.7: 1 wins twice, 0 ties once, so 2.5 of 4 pairs."""
    rows = [
        ("You grumble.", "yes", "insult"), ("You person.", "yes", "insult"),
        ("Well done.", "no", "insult"), ("What a pest.", "no", "insult"),
        ("You boring man.", "yes", "risk"), ("Good day.", "no", ""),
        ("Fine.", "no", "chat"),
    ]  # fmt: skip
    insult, risk = by_kind(tmp_path / "rated.csv", rows)
    assert (insult.kind, insult.toxic, insult.harmless) == ("insult", (1, 2), (1, 2))
    assert (insult.sensitivity.value, insult.auc.value) == (0.5, 0.625)
    # Wilson: 0.5 and 1.96 / (1 + 3.84 / 2) * sqrt(0.25 / 2 + 3.84 / 16) on either side.
    assert insult.sensitivity.low == pytest.approx(0.0945, abs=1e-4)
    assert insult.sensitivity.high == pytest.approx(0.9055, abs=1e-4)
    assert insult.auc.low < 0.625 < insult.auc.high
    # No harmless text is about risks, so all four stand against 0.6: one pest is rated above.
    assert (risk.kind, risk.toxic, risk.harmless, risk.auc.value) == ("risk", (1, 1), (3, 4), 0.75)
    assert by_kind(tmp_path / "rated.csv", rows, kinds=None) == ()


def test_a_column_of_sentences_is_no_column_of_kinds(tmp_path):
    rows = [("You grumble.", "yes", "what somebody once said to me"), ("Hi.", "no", "chat")]
    with pytest.raises(DataError, match="'about' has 2 values, which are no names") as said:
        by_kind(tmp_path / "rated.csv", rows)
    assert "somebody" not in str(said.value)


# The result


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("toxic", (3, 2), "3 of 2 is more than all of them"),
        ("harmless", (0, 0), "greater than 0"),
        ("toxic", (-1, 2), "greater than or equal to 0"),
        ("auc", 1.1, "less than or equal to 1"),
        ("threshold", -0.1, "greater than or equal to 0"),
    ],
)
def test_impossible_counts_are_refused(field, value, said):
    fields = {"threshold": 0.5, "toxic": (1, 2), "harmless": (1, 2), "auc": 0.5, field: value}
    with pytest.raises(ConfigError, match=said):
        RaterQuality(**fields)


def test_the_word_rater_finds_half_of_real_abuse(toxic_csv):
    """By hand in scikit-learn over the 1000 rows: AUC 0.843, 48.1 % of toxic rows found."""
    pytest.importorskip("profanity_check")
    sample = LabelledSample(path=toxic_csv, where={"is_toxic": "Toxic"})
    found = assess_rater(ToxicityScorer(rater="profanity", cache=None), sample)
    assert found.sensitivity == pytest.approx(0.481, abs=0.001)
    assert 1 - found.specificity == pytest.approx(0.036, abs=0.001)
    assert found.auc == pytest.approx(0.843, abs=0.001)
    assert np.add(found.toxic[1], found.harmless[1]) <= 1000
