"""Probes by hand, their controls, and what is refused of a stranger's."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill import Exchange, Probe, probes
from semspill.errors import ConfigError, PluginError
from semspill.probes import NeutralProbe, ShuffledProbe, probed

ASKED = (
    Exchange("a", 1, "joy", ("I met my boss.",), "Oh."),
    Exchange("b", 3, "fear", ("It rains.", "Does it?", "Yes, it does."), "I see."),
)


def contexts(*specs, seed=0, asked=ASKED):
    parts = [probes.build(spec) for spec in specs]
    return [one.context for one in probed(parts, asked, np.random.default_rng(seed))]


def probe(name="insert", phrase="the tag", **fields):
    return {"name": name, "phrase": phrase, **fields}


def test_the_phrase_goes_into_the_newest_utterance_alone():
    assert contexts(probe()) == [
        ("the tag I met my boss.",),
        ("It rains.", "Does it?", "the tag Yes, it does."),
    ]
    assert contexts(probe(where="after"))[0] == ("I met my boss. the tag",)
    assert contexts(probe(where="person"))[0] == ("I met the tag.",)
    assert contexts(probe(where="beside_person"))[1] == ASKED[1].context  # nobody is named there
    asked = [replace(ASKED[1], context=("Hi.", "Yes?", "Well?"),
                     roles=("speaker", "listener", "listener"))]  # fmt: skip
    assert contexts(probe(), asked=asked) == [("the tag Hi.", "Yes?", "Well?")]


def test_probes_of_a_list_are_applied_in_turn():
    both = probe(), probe(phrase="and", where="after")
    assert contexts(*both)[0] == ("the tag I met my boss. and",)


def test_controls_stand_where_the_phrase_stands():
    specs = [
        probe(name, "one two three", where="boundary") for name in ("insert", "shuffled", "neutral")
    ]
    for seed in range(5):
        said = [contexts(spec, seed=seed)[0][0].split() for spec in specs]
        own = [[word in ("I", "met", "my", "boss.") for word in words] for words in said]
        assert own[0] == own[1] == own[2]


def test_shuffled_words_are_those_of_the_phrase_in_an_order_of_each_context():
    asked = ASKED[:1] * 30
    said = [text for [text] in contexts(probe("shuffled", "a b c"), asked=asked)]
    begun = {text.removesuffix(" I met my boss.") for text in said}
    assert {tuple(sorted(text.split())) for text in begun} == {("a", "b", "c")}
    assert len(begun) > 3
    assert ShuffledProbe(phrase="a b c").inserts is None


@given(st.lists(st.sampled_from(["James", "Bond!", "who?"]), min_size=1, max_size=34))
def test_a_neutral_sentence_has_as_many_words_as_the_phrase(words):
    said = NeutralProbe(phrase=" ".join(words)).inserts
    assert len(said.split()) == len(words)
    assert not {"James", "Bond!", "who?"} & set(said.split())


class Stranger(Probe):
    """Changes what the test says."""

    citation = "original"
    change: str

    def apply(self, exchanges, rng):
        done = {
            "fewer": lambda: exchanges[1:],
            "texts": lambda: [one.context for one in exchanges],
            "order": lambda: exchanges[::-1],
            "response": lambda: [replace(one, response="No.") for one in exchanges],
            "longer": lambda: [replace(one, context=(*one.context, "So?")) for one in exchanges],
            "number": lambda: [replace(one, context=(7,) * len(one.context)) for one in exchanges],
            "system": lambda: (replace(one, system="Be kind.") for one in exchanges),
        }
        return done[self.change]()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("fewer", r"Stranger\.apply returned 1 exchanges for 2; it must return one each"),
        ("texts", r"Stranger\.apply must return exchanges, one for each, in order; got tuple"),
        ("order", r"changed more of exchange \[0\] than the texts of its context"),
        ("response", r"changed more of exchange \[0\]"),
        ("longer", r"changed more of exchange \[0\]"),
        ("number", r"changed more of exchange \[0\]"),
    ],
)
def test_what_changes_more_than_contexts_is_refused(change, said):
    with pytest.raises(PluginError, match=said):
        contexts(Stranger(change=change))


def test_a_system_prompt_may_change_and_a_generator_will_do():
    rng = np.random.default_rng(0)
    [one, other] = probed([Stranger(change="system")], ASKED, rng)
    assert one.system == other.system == "Be kind."


def test_a_blank_phrase_is_refused():
    with pytest.raises(ConfigError, match="phrase"):
        probes.build(probe(phrase="  "))
