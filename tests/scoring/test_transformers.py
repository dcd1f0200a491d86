import json

import numpy as np
import pytest
import torch
from huggingface_hub.utils.tqdm import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertModel,
    GPT2Config,
    GPT2ForSequenceClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLNetConfig,
    XLNetForSequenceClassification,
)
from transformers.utils.logging import (
    disable_progress_bar,
    enable_progress_bar,
    is_progress_bar_enabled,
)

from semspill import raters
from semspill._fast import layers
from semspill.errors import ConfigError, DataError
from semspill.scoring import ToxicityScorer, TransformersRater, _classifier

# Numbers of the made-up vocabulary of conftest.py, between [CLS] = 2 and [SEP] = 3.
TEXTS = ["You grumble", "nice day.", "a", "you you you you grumble."]
IDS = [[2, 5, 6, 3], [2, 7, 9, 10, 3], [2, 8, 3], [2, 5, 5, 5, 5, 6, 10, 3]]


@torch.inference_mode()
def by_hand(model, ids):
    return torch.cat([model(input_ids=torch.tensor([row])).logits for row in ids]).double()


def test_one_label_of_several_is_a_softmax(make_bert):
    folder, model = make_bert(["nothate", "hate"])
    rated = TransformersRater(model=str(folder)).rate(TEXTS)
    expected = by_hand(model, IDS).softmax(1)[:, 1]
    np.testing.assert_allclose(rated, expected, rtol=0, atol=1e-6)
    assert rated.dtype == np.float64
    assert np.ptp(rated) > 0.01


def test_labels_that_may_hold_together_are_sigmoids(make_bert):
    folder, model = make_bert(["toxic", "insult"], problem_type="multi_label_classification")
    rated = TransformersRater(model=str(folder), label="insult").rate(TEXTS)
    np.testing.assert_allclose(rated, by_hand(model, IDS).sigmoid()[:, 1], rtol=0, atol=1e-6)


def test_a_single_output_is_a_sigmoid(make_bert):
    folder, model = make_bert(["toxic"])
    rated = TransformersRater(model=str(folder), label="toxic").rate(TEXTS)
    np.testing.assert_allclose(rated, by_hand(model, IDS).sigmoid()[:, 0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("options", [{"problem_type": "regression"}, {}], ids=["config", "field"])
def test_a_regression_is_taken_as_it_is(make_bert, options):
    folder, model = make_bert(["toxic"], **options)
    activation = "auto" if options else "none"
    rater = TransformersRater(model=str(folder), label="toxic", activation=activation)
    np.testing.assert_allclose(rater.rate(TEXTS), by_hand(model, IDS)[:, 0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("fast", [True, False])
def test_fast_changes_the_layers_and_no_rating(make_bert, fast):
    folder, model = make_bert(["nothate", "hate"])
    rater = TransformersRater(model=str(folder), fast=fast)
    rated = rater.rate(TEXTS)
    np.testing.assert_allclose(rated, by_hand(model, IDS).softmax(1)[:, 1], rtol=0, atol=1e-6)
    assert rater.fingerprint != rater.replace(fast=not fast).fingerprint


def test_a_classifier_that_rates_otherwise_when_fast_runs_plainly(make_bert, monkeypatch, caplog):
    folder, model = make_bert(["nothate", "hate"])
    monkeypatch.setattr(layers, "accelerate", lambda model: None)
    monkeypatch.setattr(_classifier, "accelerate", lambda model: model.classifier.bias.data.add_(1))
    monkeypatch.setattr(layers, "slow_down", lambda model: model.classifier.bias.data.sub_(1))
    with caplog.at_level("WARNING", "semspill"):
        rated = TransformersRater(model=str(folder)).rate(TEXTS)
    assert "runs plainly" in caplog.text
    np.testing.assert_allclose(rated, by_hand(model, IDS).softmax(1)[:, 1], rtol=0, atol=1e-6)


def test_one_text_and_none(make_bert):
    folder, model = make_bert(["nothate", "hate"])
    rater = TransformersRater(model=str(folder))
    assert rater.rate([]).shape == (0,)
    assert rater.rate(["a"])[0] == pytest.approx(
        by_hand(model, [[2, 8, 3]]).softmax(1)[0, 1].item(), abs=1e-6
    )


def test_a_rating_depends_on_its_text_alone(make_bert):
    folder, _ = make_bert(["nothate", "hate"])
    texts = TEXTS * 3
    one = TransformersRater(model=str(folder), batch_size=1).rate(texts)
    many = TransformersRater(model=str(folder), batch_size=5).rate(texts)
    np.testing.assert_allclose(one, many, rtol=0, atol=1e-6)


def test_a_very_long_text_loses_its_end(make_bert):
    folder, model = make_bert(["nothate", "hate"])
    rated = TransformersRater(model=str(folder)).rate(["you " * 5000 + "grumble"])
    # 16 positions: [CLS], 14 words, [SEP].
    expected = by_hand(model, [[2] + [5] * 14 + [3]]).softmax(1)[0, 1].item()
    assert rated[0] == pytest.approx(expected, abs=1e-6)


def test_the_limit_of_the_tokenizer_holds_too(make_bert):
    folder, model = make_bert(["nothate", "hate"])
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_max_length": 6}))
    rated = TransformersRater(model=str(folder)).rate(["you " * 50])
    expected = by_hand(model, [[2] + [5] * 4 + [3]]).softmax(1)[0, 1].item()
    assert rated[0] == pytest.approx(expected, abs=1e-6)


def word_tokenizer(folder, *, special):
    words = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "you": 4, "grumble": 5}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if special:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
        )
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    padding = {"pad_token": "<pad>"} if special else {}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_input_names=["input_ids", "attention_mask"],
        **names,
        **padding,
    ).save_pretrained(folder)


def test_roberta_reads_two_tokens_fewer_than_it_has_positions(tmp_path):
    word_tokenizer(tmp_path, special=True)
    config = RobertaConfig(
        vocab_size=6, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=12, id2label={0: "nothate", 1: "hate"},
        label2id={"nothate": 0, "hate": 1}, initializer_range=1.0,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = RobertaForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path)
    rated = TransformersRater(model=str(tmp_path)).rate(["you " * 99, "grumble"])
    for row, value in zip([[0] + [4] * 8 + [2], [0, 5, 2]], rated, strict=True):
        assert value == pytest.approx(by_hand(model, [row]).softmax(1)[0, 1].item(), abs=1e-6)


def test_a_model_without_padding_is_run_text_by_text(tmp_path):
    word_tokenizer(tmp_path, special=False)
    config = GPT2Config(
        vocab_size=6, n_embd=8, n_layer=1, n_head=2, n_positions=8, bos_token_id=0,
        eos_token_id=2, id2label={0: "nothate", 1: "hate"}, label2id={"nothate": 0, "hate": 1},
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GPT2ForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path)
    rated = TransformersRater(model=str(tmp_path)).rate(["you grumble", "grumble you"])
    for row, value in zip([[4, 5], [5, 4]], rated, strict=True):
        assert value == pytest.approx(by_hand(model, [row]).softmax(1)[0, 1].item(), abs=1e-6)


def test_it_works_in_a_scorer_by_name(make_bert, tmp_path):
    folder, model = make_bert(["nothate", "hate"])
    scorer = ToxicityScorer(
        rater={"name": "transformers", "model": str(folder)}, cache=tmp_path / "cache"
    )
    expected = by_hand(model, IDS).softmax(1)[:, 1]
    for _ in range(2):
        np.testing.assert_allclose(scorer.score(TEXTS), expected, rtol=0, atol=1e-6)


def test_the_fingerprint_is_the_content_not_the_place(make_bert, tmp_path):
    folder, _ = make_bert(["nothate", "hate"])
    rater = TransformersRater(model=str(folder))
    moved = folder.rename(tmp_path / "moved")
    assert (
        TransformersRater(model=str(moved)).fingerprint
        == rater.replace(model=str(moved), batch_size=1).fingerprint
    )
    first = TransformersRater(model=str(moved)).fingerprint
    assert TransformersRater(model=str(moved), label="nothate").fingerprint != first
    weights = load_file(moved / "model.safetensors")
    weights["classifier.bias"] += 1
    save_file(weights, moved / "model.safetensors", metadata={"format": "pt"})
    assert TransformersRater(model=str(moved)).fingerprint != first


def test_a_model_of_the_hub_is_known_by_its_commit(tmp_path, monkeypatch, make_bert):
    folder, _ = make_bert(["nothate", "hate"])
    prints = {}
    for commit in ("1" * 40, "2" * 40):
        cache = tmp_path / commit
        repo = cache / "models--somebody--rater"
        snapshot = repo / "snapshots" / commit
        snapshot.parent.mkdir(parents=True)
        snapshot.symlink_to(folder)
        (repo / "refs").mkdir()
        (repo / "refs" / "main").write_text(commit)
        # The folder a hub download would fill.
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
        rater = TransformersRater(model="somebody/rater")
        prints[rater.fingerprint] = rater.rate(["a"]).tolist()
    [first, second] = prints.values()
    assert first == second


def test_a_label_the_model_lacks_lists_what_it_has(make_bert):
    folder, _ = make_bert(["nothate", "hate"])
    with pytest.raises(
        ConfigError, match=r"has no label 'Hate'\. Did you mean 'hate'.* It has: nothate, hate\."
    ):
        TransformersRater(model=str(folder), label="Hate").rate(["a"])


def test_without_a_network_the_sentence_says_so():
    with pytest.raises(
        DataError, match=r"The classifier 'nobody/none' cannot be loaded \(.*network"
    ):
        TransformersRater(model="nobody/none").rate(["a"])


def test_a_model_that_was_not_trained_to_classify_is_refused(make_bert):
    folder, _ = make_bert(["nothate", "hate"])
    BertModel.from_pretrained(folder).save_pretrained(folder)
    with pytest.raises(DataError, match=r"holds no weights for 2 parts.* such as classifier\.bias"):
        TransformersRater(model=str(folder)).rate(["a"])


def set_bars(*, weights, downloads):
    (enable_progress_bar if weights else disable_progress_bar)()
    (enable_progress_bars if downloads else disable_progress_bars)()


def bars():
    return {"weights": is_progress_bar_enabled(), "downloads": not are_progress_bars_disabled()}


@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("downloads", [True, False])
def test_no_bar_is_drawn_and_settings_stay(make_bert, capfd, weights, downloads):
    folder, _ = make_bert(["nothate", "hate"])
    before = bars()
    set_bars(weights=weights, downloads=downloads)
    capfd.readouterr()
    try:
        TransformersRater(model=str(folder)).rate(["a"])
        assert bars() == {"weights": weights, "downloads": downloads}
    finally:
        set_bars(**before)
    assert capfd.readouterr() == ("", "")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"cannot be loaded \(.*the folder of a downloaded one"):
        TransformersRater(model=str(tmp_path)).rate(["a"])


def test_a_model_that_reads_any_length_reads_all(tmp_path):
    word_tokenizer(tmp_path, special=True)
    config = XLNetConfig(
        vocab_size=6, d_model=8, n_layer=1, n_head=2, d_inner=16,
        id2label={0: "nothate", 1: "hate"}, label2id={"nothate": 0, "hate": 1},
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = XLNetForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path)
    rated = TransformersRater(model=str(tmp_path)).rate(["you " * 900 + "grumble"])
    expected = by_hand(model, [[0] + [4] * 900 + [5, 2]]).softmax(1)[0, 1].item()
    assert rated[0] == pytest.approx(expected, abs=1e-6)


def test_the_default_is_the_classifier_of_the_paper():
    rater = raters.build("transformers")
    assert rater.model == "facebook/roberta-hate-speech-dynabench-r4-target"
    assert rater.label == "hate"
