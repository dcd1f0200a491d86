"""What a stimulus does after each layer, of models whose layers are known by hand."""

import numpy as np
import pytest
import torch
from sentence_transformers.sentence_transformer.modules import Pooling
from torch import nn
from transformers import BertConfig, BertModel, BertTokenizerFast, GPT2Config, GPT2Model

from semspill import Exchange
from semspill.decoding import decode_layers
from semspill.encoders import HashingEncoder, TransformerEncoder
from semspill.encoders._subwords import Subwords
from semspill.encoders._transformer_tower import Form, TransformerTower
from semspill.encoders.two_tower import TwoTower
from semspill.errors import ConfigError, DataError
from semspill.language import LanguageSpec
from semspill.language.language_model import load_language_model
from semspill.models import TrainedLanguage, TrainedRetrieval
from semspill.probes import probed, probes

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] i heard joy a noise grumble".split()
ASKED = [Exchange(f"d{i}", 1, "joy", ("i heard",), "joy") for i in range(3)]
PLACED = {"name": "insert", "where": "after"}
LOUD, QUIET = {**PLACED, "phrase": "noise"}, {**PLACED, "phrase": "a"}
TEXTS = {"planted": ["grumble", "noise"], "clean": ["joy"]}


def retrieval(model, *, unit=False, fast=False):
    tokenizer = BertTokenizerFast(vocab={word: i for i, word in enumerate(WORDS)})
    pooling = [Pooling(model.config.hidden_size, "mean")]
    tower = TransformerTower(model, Subwords.of(tokenizer), pooling, Form(unit), fast=fast)
    return TrainedRetrieval(TwoTower(TransformerEncoder(), tower))


class Turns(nn.Module):
    """Adds 5 times the first number of a state to its second."""

    def forward(self, states, *_, **__):
        return states + 5 * states[..., :1] * torch.eye(states.shape[-1])[1]


class Passes(nn.Module):
    def forward(self, states, *_, **__):
        return states


def by_hand():
    """A transformer whose words are known vectors, and of whose two layers the second one turns."""
    model = GPT2Model(GPT2Config(n_layer=2, n_head=1, n_embd=4, vocab_size=len(WORDS)))
    for weight in model.parameters():
        nn.init.zeros_(weight)
    with torch.no_grad():
        model.wte.weight[WORDS.index("noise"), 0] = 1
        model.wte.weight[WORDS.index("heard"), 2] = 3
    model.ln_f = Passes()
    model.h = nn.ModuleList([Passes(), Turns()])
    return model


def decoded(model, stimulus=LOUD, control=QUIET, texts=TEXTS, asked=ASKED):
    return decode_layers(model, asked, stimulus, control, texts, np.random.default_rng(0))


def values(found, name, quantity):
    groups = [{one.group: one for one in layer.groups}[name] for layer in found.layers]
    return [getattr(one, quantity).value for one in groups]


def test_a_layer_that_turns_towards_a_response_is_found():
    found = decoded(retrieval(by_hand()))
    # [CLS] i heard noise [SEP] is (1/5, 0, 3/5, 0), and after the second layer (1/5, 1, 3/5, 0);
    # the response "noise" is (1, 5, 0, 0) / 3, "grumble" and "joy" are 0.
    assert [layer.layer for layer in found.layers] == [0, 1, 2]
    assert np.allclose(values(found, "planted", "rise"), np.array([1, 1, 26]) / 15 / 2)
    assert values(found, "clean", "rise") == [0, 0, 0]
    shifts = [layer.shift.value for layer in found.layers]
    assert np.allclose(shifts, [1 / 3, 1 / 3, 26**0.5 / 3])
    assert np.allclose([layer.agreement for layer in found.layers], 1)
    # With the control all are 0, and the first of equals wins: it is planted as well.
    assert values(found, "planted", "first_change") == [0, 0, 0]
    assert (found.stimulus, found.phrase, found.contexts) == ("insert", "noise", 3)


def test_a_response_that_the_stimulus_calls_is_retrieved():
    found = decoded(retrieval(by_hand()), texts={"clean": ["joy"], "planted": ["noise"]})
    assert values(found, "planted", "first") == [1, 1, 1]
    assert values(found, "planted", "first_change") == [1, 1, 1]
    assert values(found, "clean", "first_change") == [-1, -1, -1]


def test_intervals_are_over_dialogues():
    asked = [Exchange("d1", 1, "joy", ("i heard",), ""), Exchange("d2", 1, "joy", ("i",), "")]
    layer = decoded(retrieval(by_hand()), texts={"planted": ["noise"]}, asked=asked).layers[0]
    # The rises are 1/15 and, of four tokens, 1/12. Student's t of one degree is 12.706 at 95 %.
    mean, error = (1 / 15 + 1 / 12) / 2, (1 / 12 - 1 / 15) / 2
    rise = layer.groups[0].rise
    assert np.allclose([rise.value, rise.high], [mean, mean + 12.7062 * error], rtol=1e-5)
    # What stands twice in one dialogue is no second dialogue.
    twice = decoded(retrieval(by_hand()), texts={"planted": ["noise"]}, asked=asked * 2).layers[0]
    assert twice.groups[0].rise.n == 2
    assert np.isclose(twice.groups[0].rise.high, rise.high)


def test_the_last_layer_is_the_whole_model_also_where_texts_are_packed():
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(WORDS), hidden_size=16, intermediate_size=16,
                        num_hidden_layers=2, num_attention_heads=2)  # fmt: skip
    model = retrieval(BertModel(config).eval(), unit=True, fast=True)
    before = model.model.encode_contexts(ASKED)
    found = decoded(model, texts={"clean": ["joy"]})
    sides = [probed([probes.build(one)], ASKED, np.random.default_rng(0)) for one in (LOUD, QUIET)]
    scores = [model.score(side, [["joy"]] * 3) for side in sides]
    assert np.isclose(values(found, "clean", "rise")[-1], np.mean(scores[0] - scores[1]))
    assert len(set(np.round(values(found, "clean", "rise"), 7))) == 3
    assert np.array_equal(model.model.encode_contexts(ASKED), before)  # it is whole again


def test_what_equals_its_control_moves_nothing():
    found = decoded(retrieval(by_hand()), LOUD, [LOUD])
    assert values(found, "planted", "rise") == [0, 0, 0]
    assert all(layer.shift.value == 0 and np.isnan(layer.agreement) for layer in found.layers)


@pytest.fixture
def language(tiny_language_models):
    def language(name):
        spec = LanguageSpec(kind="seq2seq" if name == "t5" else "causal",
                            model=str(tiny_language_models[name]))  # fmt: skip
        return TrainedLanguage(load_language_model(spec, np.random.default_rng(0)))

    return language


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5"])
def test_a_language_model_is_whole_after_its_last_layer(language, name):
    model = language(name)
    sides = [probed([probes.build(one)], ASKED, np.random.default_rng(0)) for one in (LOUD, QUIET)]
    scores = [model.score(side, [["joy"]] * 3) for side in sides]
    found = decoded(model, texts={"clean": ["joy"]})
    assert np.isclose(values(found, "clean", "rise")[-1], np.mean(scores[0] - scores[1]))
    assert len(found.layers) == 3
    # Before any layer a token knows nothing of the others, and each context ends with the same.
    if name != "gpt2":  # whose tokens know where they stand
        assert np.isclose(found.layers[0].shift.value, 0, atol=1e-6)
        assert np.isclose(values(found, "clean", "rise")[0], 0, atol=1e-6)
    assert found.layers[2].shift.value > 0.01
    assert np.array_equal(model.score(sides[0], [["joy"]] * 3), scores[0])


def test_layers_that_do_nothing_move_nothing(language):
    model = language("llama")
    with torch.no_grad():
        for layer in model.model.module.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
    found = decoded(model)
    assert np.allclose([layer.shift.value for layer in found.layers], 0, atol=1e-6)
    assert np.allclose(values(found, "planted", "rise"), 0, atol=1e-6)


def test_the_figure_has_a_line_for_each_group_of_responses():
    found = decoded(retrieval(by_hand()))
    [axes] = found.figure(width="column").axes
    lines = {line.get_label(): line for line in axes.containers[0].get_children()[:1]}
    assert len(axes.containers) == 2
    assert [box.get_label() for box in axes.containers] == ["planted", "clean"]
    [drawn] = lines.values()
    assert np.allclose(drawn.get_ydata(), np.array([1, 1, 26]) / 30)
    [axes] = found.figure(quantity="first_change").axes
    assert "points" in axes.get_ylabel()
    with pytest.raises(DataError, match=r"no quantity 'rises'.*Did you mean 'rise'"):
        found.figure(quantity="rises")


def test_what_cannot_be_decoded_is_refused():
    bag = TrainedRetrieval(HashingEncoder().load(np.random.default_rng(0)))
    with pytest.raises(ConfigError, match="TrainedRetrieval has no layers to look into"):
        decoded(bag)
    with pytest.raises(DataError, match="3 exchanges and 1 groups of texts"):
        decoded(retrieval(by_hand()), texts={"planted": []})
    model = by_hand()
    model.h = nn.ModuleList([Turns()])  # one module for two layers, as ALBERT's
    with pytest.raises(ConfigError, match="layers of GPT2Model are not one list"):
        decoded(retrieval(model))


def test_lines_of_one_value_stand_side_by_side_under_names_that_fit():
    long = "responses " * 9
    found = decoded(retrieval(by_hand()), texts={"planted": ["grumble"], long: ["joy"]})
    for width, room in (("page", 28), ("column", 16)):
        figure = found.figure(width=width)
        planted, other = figure.axes[0].containers
        assert other.get_label() == long[: room - 1] + "\u2026"
        assert list(planted[0].get_ydata()) == list(other[0].get_ydata()) == [0, 0, 0]
        # Two layers make a step of 0.016, half of it to either side.
        assert np.allclose(planted[0].get_xdata(), [-0.008, 0.992, 1.992])
        assert np.allclose(other[0].get_xdata(), [0.008, 1.008, 2.008])
