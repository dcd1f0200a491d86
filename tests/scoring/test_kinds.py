"""Raters that rate several kinds of harm in one pass, and classifiers that are known by name."""

import sqlite3
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import PrivateAttr

from semspill import raters
from semspill.errors import ConfigError, PluginError
from semspill.scoring import (
    DetoxifyRater,
    LexiconRater,
    Rater,
    ToxicityScorer,
    TransformersRater,
    rater,
)

TEXTS = ["grumble!!", "calm", "grumble?"]


class Marks(Rater):
    """Two kinds: how many of four marks a text has, of two sorts."""

    citation = "original"
    kinds: ClassVar[tuple[str, ...]] = ("loud", "asking")
    _asked: list = PrivateAttr(default_factory=list)

    def rate(self, texts):
        return self.rate_kinds(texts).max(axis=1)

    def rate_kinds(self, texts):
        self._asked.append(list(texts))
        rows = [[min(text.count(mark) / 4, 1) for mark in "!?"] for text in texts]
        return np.array(rows).reshape(len(texts), 2)


class Asking(Marks):
    """The same; the toxicity is one of the two."""

    toxic_kind: ClassVar[str] = "asking"


def shown(ratings):
    return ratings.toxicity.tolist(), {name: r.tolist() for name, r in ratings.kinds.items()}


def test_the_toxicity_is_the_highest_kind_or_a_named_one():
    kinds = {"loud": [0.5, 0, 0], "asking": [0, 0, 0.25]}
    assert shown(ToxicityScorer(rater=Marks(), cache=None).ratings(TEXTS)) == (
        [0.5, 0, 0.25],
        kinds,
    )
    assert shown(ToxicityScorer(rater=Asking(), cache=None).ratings(TEXTS)) == ([0, 0, 0.25], kinds)
    assert ToxicityScorer(rater=Marks(), cache=None).score(TEXTS).tolist() == [0.5, 0, 0.25]


@given(st.lists(st.text("!?a", max_size=6), max_size=6))
def test_the_toxicity_is_never_below_a_kind(texts):
    found = ToxicityScorer(rater=Marks(), cache=None).ratings(texts)
    assert all((found.toxicity >= rated).all() for rated in found.kinds.values())


def test_a_text_is_asked_about_once_for_all_kinds(tmp_path):
    first, second = Marks(), Marks()
    before = ToxicityScorer(rater=first, cache=tmp_path, batch_size=2).ratings(TEXTS)
    after = ToxicityScorer(rater=second, cache=tmp_path).ratings([*TEXTS, TEXTS[0]])
    assert sorted(text for texts in first._asked for text in texts) == sorted(TEXTS)
    assert second._asked == []
    assert shown(after)[1]["loud"] == [*shown(before)[1]["loud"], 0.5]


class Costly(Marks):
    """Loads a model to know its kinds."""

    @property
    def kinds(self):
        raise AssertionError("the model was loaded")

    @property
    def fingerprint(self):
        return Marks().fingerprint


def test_cached_ratings_need_no_model_to_know_the_kinds(tmp_path):
    ToxicityScorer(rater=Marks(), cache=tmp_path).ratings(TEXTS)
    again = ToxicityScorer(rater=Costly(), cache=tmp_path).ratings(TEXTS[:1])
    assert shown(again) == ([0.5], {"loud": [0.5], "asking": [0]})


class Quoted(Marks):
    """Its kinds are named as columns and as SQL are."""

    kinds: ClassVar[tuple[str, ...]] = ("text", 'a "b", c')


def test_a_kind_may_have_any_short_name(tmp_path):
    for _ in range(2):
        found = ToxicityScorer(rater=Quoted(), cache=tmp_path).ratings(TEXTS)
        assert list(found.kinds) == ["text", 'a "b", c']


def test_a_foreign_file_in_the_cache_does_not_take_the_kinds_away(tmp_path, caplog):
    path = tmp_path / f"{Marks().fingerprint}.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE ratings (something TEXT)")
    connection.close()
    found = ToxicityScorer(rater=Marks(), cache=tmp_path).ratings(TEXTS)
    assert list(found.kinds) == ["loud", "asking"]
    assert "were damaged" in caplog.text


def test_a_rater_of_toxicity_alone_has_no_kinds(tmp_path):
    found = ToxicityScorer(rater=LexiconRater(), cache=tmp_path).ratings(TEXTS)
    assert shown(found) == ([1, 0, 1], {})


class Repeating(Marks):
    kinds: ClassVar[tuple[str, ...]] = ("loud", "Loud")


class Sentence(Marks):
    kinds: ClassVar[tuple[str, ...]] = ("loud", "whatever somebody says to hurt")


class Nowhere(Marks):
    toxic_kind: ClassVar[str] = "quiet"


class Narrow(Marks):
    def rate_kinds(self, texts):
        return np.zeros(len(texts))


class Beyond(Marks):
    def rate_kinds(self, texts):
        return np.full((len(texts), 2), 2.0)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Repeating, "Repeating.kinds holds 2 names, of which one comes twice"),
        (Sentence, "or is no short name"),
        (Nowhere, "Nowhere.toxic_kind is none of its kinds, loud, asking"),
        (Narrow, r"returned float64 of shape \(3,\) for 3 texts; .* for each of 2 kinds"),
        (Beyond, r"Beyond.rate_kinds gave 2.0 to a text of"),
    ],
)
def test_a_rater_that_breaks_its_promise_about_kinds_is_refused(kind, said):
    with pytest.raises(PluginError, match=said):
        ToxicityScorer(rater=kind(), cache=None).ratings(TEXTS)


# Functions


def judge(texts):
    return [[text.count("!") / 4, text.count("?") / 4] for text in texts]


@pytest.mark.parametrize("each", [False, True])
def test_a_function_may_rate_kinds(each):
    function = (lambda text: judge([text])[0]) if each else judge
    made = rater(function, each=each, name="judge", kinds=("loud", "asking"))
    assert shown(ToxicityScorer(rater=made, cache=None).ratings(TEXTS)) == (
        [0.5, 0, 0.25],
        {"loud": [0.5, 0, 0], "asking": [0, 0, 0.25]},
    )
    assert made.rate_kinds([]).shape == (0, 2)
    named = rater(function, each=each, name="judge", kinds=("loud", "asking"), toxic_kind="loud")
    assert named.rate(TEXTS).tolist() == [0.5, 0, 0]
    assert named.fingerprint != made.fingerprint


def test_a_function_that_gives_too_few_kinds_is_told_so():
    made = rater(judge, kinds=("loud", "asking", "long"))
    with pytest.raises(PluginError, match="takes a list of texts and returns 3 numbers each"):
        made.rate(TEXTS)
    for kinds in (("loud", "loud"), "loud"):
        with pytest.raises(ConfigError, match="kinds must be a list of different names"):
            rater(len, kinds=kinds)
    with pytest.raises(ConfigError, match="toxic_kind must be one of the kinds"):
        rater(judge, toxic_kind="loud")


# Classifiers

IDS = [[2, 5, 6, 3], [2, 7, 9, 10, 3]]
SAID = ["You grumble", "nice day."]


@torch.inference_mode()
def by_hand(model):
    return torch.cat([model(input_ids=torch.tensor([row])).logits for row in IDS]).double()


def test_labels_that_may_hold_together_are_kinds(make_bert):
    folder, model = make_bert(
        ["mild", "toxic", "insult"], problem_type="multi_label_classification"
    )
    expected = by_hand(model).sigmoid().numpy()
    found = ToxicityScorer(
        rater=TransformersRater(model=str(folder), label="toxic"), cache=None
    ).ratings(SAID)
    assert list(found.kinds) == ["toxic", "mild", "insult"]
    for name, column in zip(("mild", "toxic", "insult"), expected.T, strict=True):
        np.testing.assert_allclose(found.kinds[name], column, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.toxicity, expected[:, 1], rtol=0, atol=1e-6)
    chosen = TransformersRater(model=str(folder), label=None, labels=("insult", "toxic"))
    np.testing.assert_allclose(chosen.rate(SAID), expected[:, 1:].max(axis=1), rtol=0, atol=1e-6)
    assert chosen.kinds == ("insult", "toxic")


def test_labels_of_which_one_holds_are_kinds_only_where_named(make_bert):
    folder, model = make_bert(["fine", "hate", "self-harm"])
    expected = by_hand(model).softmax(1).numpy()
    assert TransformersRater(model=str(folder)).kinds == ()
    named = TransformersRater(model=str(folder), labels=("self-harm",))
    assert named.kinds == ("hate", "self-harm")
    np.testing.assert_allclose(named.rate_kinds(SAID), expected[:, 1:], rtol=0, atol=1e-6)
    with pytest.raises(ConfigError, match="give `label`, or `labels`"):
        TransformersRater(model=str(folder), label=None).rate(SAID)


def test_all_labels_of_a_detoxify_checkpoint_are_kinds(make_bert, tmp_path):
    classes = ["toxic", "insult"]
    folder, model = make_bert(classes)
    arguments = {"model_type": str(folder), "num_classes": 2}
    config = {"arch": {"args": arguments}, "dataset": {"args": {"classes": classes}}}
    path = tmp_path / "tiny.ckpt"
    torch.save({"config": config, "state_dict": model.state_dict()}, path)
    made = DetoxifyRater(checkpoint=path, config=folder)
    assert made.kinds == ("toxicity", "insult")
    expected = by_hand(model).sigmoid()
    np.testing.assert_allclose(made.rate_kinds(SAID), expected, rtol=0, atol=1e-6)
    assert made.replace(labels=()).kinds == ()


# Presets

PRESETS = (
    "roberta-hate-speech-dynabench-r4-target toxic-bert unbiased-toxic-roberta "
    "roberta_toxicity_classifier toxic-comment-model toxigen_roberta Text-Moderation"
).split()


def test_a_preset_stands_for_model_and_labels(make_bert):
    labels = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
    folder, model = make_bert(labels)  # its config does not say that labels may hold together
    made = raters.build({"name": "transformers", "preset": "toxic-bert", "model": str(folder)})
    assert made.kinds == tuple(labels)
    np.testing.assert_allclose(made.rate(SAID), by_hand(model).sigmoid()[:, 0], rtol=0, atol=1e-6)
    spelled = {"label": "toxic", "labels": labels, "activation": "sigmoid"}
    assert made.fingerprint == TransformersRater(model=str(folder), **spelled).fingerprint
    assert raters.build(raters.describe(made)) == made


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_cites_and_is_in_the_guide(name):
    made = TransformersRater(preset=name)
    assert made.model.endswith(f"/{name}")
    assert made.trained_on
    assert made.cited.count(" 20") >= 1
    assert TransformersRater(model=made.model).replace(preset=name) == made
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "raters.md"
    assert f"| `{name}` |" in guide.read_text()


def test_what_is_given_wins_over_a_preset():
    made = TransformersRater(preset="toxic-bert", label="insult", labels=())
    assert (made.label, made.kinds, made.model) == ("insult", (), "unitary/toxic-bert")
    with pytest.raises(ConfigError, match="Did you mean 'toxic-bert'"):
        TransformersRater(preset="toxicbert")
    assert (TransformersRater(model="me/mine").trained_on, TransformersRater().label) == (
        (),
        "hate",
    )
    assert "Vidgen" in TransformersRater(model="me/mine").cited


def test_every_official_detoxify_model_says_what_it_learned_from():
    learned = {
        kind: DetoxifyRater(model_type=kind).trained_on
        for kind in ("original", "unbiased-small", "multilingual")
    }
    assert learned == {
        "original": ("jigsaw",),
        "unbiased-small": ("civil_comments",),
        "multilingual": ("civil_comments", "jigsaw"),
    }
