import json

import numpy as np
import pytest
import torch
from torch import nn

from semspill import BiEncoder, ContextFormat, Encoder
from semspill.encoders import HashingEncoder, TransformerEncoder, encoders
from semspill.encoders.two_tower import Tokens, Tower, TwoTower, load_biencoder
from semspill.errors import ConfigError, DataError, RegistryError


class Lengths(Tower):
    """One number per text, with a weight of no dimension and one that shares memory."""

    dim = 1
    unit = False

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.first = nn.Parameter(torch.zeros(3))
        self.second = self.first

    def tokenize(self, texts, max_tokens):
        return Tokens.of([[1] * min(len(t.head) + len(t.tail), max_tokens) for t in texts])

    def forward(self, tokens):
        return self.scale * torch.from_numpy(tokens.lengths)[:, None].float()


class LengthEncoder(Encoder):
    """Scores by length."""

    citation = "original"

    def load(self, rng):
        return TwoTower(self, Lengths())


class OnlyAnswers(BiEncoder):
    """Has no towers."""

    def encode_contexts(self, exchanges, *, progress=iter):
        return np.zeros((len(exchanges), 1), dtype=np.float32)

    def encode_responses(self, texts, *, progress=iter):
        return np.zeros((len(texts), 1), dtype=np.float32)


class NotTwoTowers(Encoder):
    """Gives a model that cannot be trained."""

    citation = "original"

    def load(self, rng):
        return OnlyAnswers()


@pytest.fixture
def lengths():
    encoders.register("lengths")(LengthEncoder)
    yield LengthEncoder()
    encoders.unregister("lengths")


@pytest.fixture
def saved(rng, tmp_path):
    HashingEncoder(buckets=64, dim=4).load(rng).save(tmp_path / "model")
    return tmp_path / "model"


def test_a_tower_of_ones_own_is_saved_and_loaded(lengths, rng, tmp_path, exchanges):
    model = lengths.load(rng)
    assert model.encode_responses(["four", ""]).tolist() == [[8], [0]]
    model.context_tower.scale.data.fill_(3.0)
    model.save(tmp_path / "deep" / "model")
    again = load_biencoder(tmp_path / "deep" / "model")
    assert again.encode_responses(["four", ""]).tolist() == [[12], [0]]
    assert again.context_tower.learning_rate == 1e-3
    assert (tmp_path / "deep" / "model" / "assets").is_dir()


def test_a_fingerprint_knows_the_weights_and_the_format(lengths, rng):
    model = lengths.load(rng)
    other = model.with_context(ContextFormat(turns=1))
    same = model.with_context(ContextFormat())
    assert other.context_tower is model.context_tower
    assert model.fingerprint == same.fingerprint != other.fingerprint
    before = model.fingerprint
    model.context_tower.scale.data.fill_(3.0)
    assert model.fingerprint != before


class Long:
    """Labels every text by three letters."""

    def __init__(self, label="joy"):
        self.label = self.fingerprint = label

    def of_texts(self, texts):
        return [self.label] * len(texts)


def test_a_response_is_read_after_its_label_and_a_context_is_not(lengths, rng, exchanges):
    plain = lengths.load(rng)
    model = plain.with_response_labels(Long())
    assert model.encode_responses(["four", ""]).tolist() == [[16], [8]]  # 2 x (3 + 1 + 4), ...
    assert plain.encode_responses(["four", ""]).tolist() == [[8], [0]]
    assert np.array_equal(model.encode_contexts(exchanges), plain.encode_contexts(exchanges))
    for kept in (model.with_context(ContextFormat(turns=1)), model.to("cpu")):
        assert kept.encode_responses(["four"]).tolist() == [[16]]
    assert model.with_response_labels(None).encode_responses(["four"]).tolist() == [[8]]


def test_labels_of_responses_are_part_of_a_fingerprint_and_cannot_be_saved(lengths, rng, tmp_path):
    plain = lengths.load(rng)
    one, same, other = (plain.with_response_labels(Long(by)) for by in ("joy", "joy", "awe"))
    assert one.fingerprint == same.fingerprint
    assert len({plain.fingerprint, one.fingerprint, other.fingerprint}) == 3
    with pytest.raises(ConfigError, match="cannot be saved"):
        one.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_fingerprint_knows_what_makes_vectors_of_the_weights(exchanges, tiny_bert):
    """Weights of one shape and value that are read in other ways."""

    def prints(*encoders):
        models = [encoder.load(np.random.default_rng(0)) for encoder in encoders]
        rows = {model.encode_contexts(exchanges).tobytes() for model in models}
        assert len(rows) == len(encoders)
        return {model.fingerprint for model in models}

    small = HashingEncoder(buckets=64, dim=4)
    assert len(prints(small, small.replace(char_ngrams=None))) == 2
    bert = TransformerEncoder(model=str(tiny_bert))
    ways = [bert, bert.replace(pooling="cls"), bert.replace(normalize=False)]
    assert len(prints(*ways)) == 3


def test_the_files_of_a_model_are_found(tiny_bert):
    names = {path.name for path in TransformerEncoder(model=str(tiny_bert)).reads()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names


def test_a_moved_model_is_a_copy(rng, exchanges):
    model = HashingEncoder(buckets=64, dim=4).load(rng)
    rows = model.encode_contexts(exchanges)
    moved = model.to("cpu")
    assert (moved.tied, moved.context, moved.encoder) == (False, model.context, model.encoder)
    assert np.array_equal(moved.encode_contexts(exchanges), rows)
    moved.context_tower.bag.weight.data.zero_()
    assert np.array_equal(model.encode_contexts(exchanges), rows)
    assert model.to(torch.device("meta")).context_tower.bag.weight.device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_model_on_cuda_gives_the_same_rows(rng, exchanges):
    model = HashingEncoder(buckets=64, dim=4).load(rng)
    rows = model.to("cuda").encode_contexts(exchanges)
    assert np.allclose(rows, model.encode_contexts(exchanges), atol=1e-5)


def test_encoding_leaves_the_training_mode_as_it_was(rng, exchanges):
    model = HashingEncoder(buckets=64, dim=4).load(rng)
    for mode in (True, False):
        model.module.train(mode)
        model.encode_contexts(exchanges)
        assert model.context_tower.training == mode


def test_only_towers_are_towers():
    model = TwoTower(LengthEncoder(), Lengths(), Lengths())
    model.module["contexts"] = nn.Linear(1, 1)
    model.module["responses"] = nn.Linear(1, 1)
    with pytest.raises(TypeError, match="context tower must be a Tower, got Linear"):
        _ = model.context_tower
    with pytest.raises(TypeError, match="response tower must be a Tower, got Linear"):
        _ = model.response_tower


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds no biencoder\.json; give a folder that save"):
        load_biencoder(tmp_path)


def change(folder, **fields):
    config = folder / "biencoder.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | fields))


def test_a_format_of_the_future_is_refused(saved):
    change(saved, format=99)
    with pytest.raises(DataError, match="has format 99; this version reads 3"):
        load_biencoder(saved)


def test_an_encoder_that_is_not_installed_is_named(saved):
    change(saved, encoder={"name": "hashinng"})
    with pytest.raises(RegistryError, match="Did you mean 'hashing'"):
        load_biencoder(saved)


def test_changed_weights_are_refused(saved, rng):
    HashingEncoder(buckets=64, dim=4).load(rng).save(saved.parent / "other")
    (saved.parent / "other" / "model.safetensors").replace(saved / "model.safetensors")
    with pytest.raises(DataError, match="was changed after it was saved"):
        load_biencoder(saved)


def test_weights_that_are_gone_broken_or_of_another_shape_are_refused(saved, rng):
    weights = saved / "model.safetensors"
    HashingEncoder(buckets=65, dim=4).load(rng).save(saved.parent / "other")
    other = (saved.parent / "other" / "model.safetensors").read_bytes()
    for content in (other, b"broken", None):
        weights.unlink()
        if content is not None:
            weights.write_bytes(content)
        with pytest.raises(DataError, match="is missing, broken or of another shape"):
            load_biencoder(saved)
        weights.touch()


def test_an_encoder_that_gives_no_towers_cannot_be_loaded(saved):
    encoders.register("not_two_towers")(NotTwoTowers)
    try:
        change(saved, encoder={"name": "not_two_towers"})
        with pytest.raises(DataError, match="names an encoder that does not give a two-tower"):
            load_biencoder(saved)
    finally:
        encoders.unregister("not_two_towers")


@pytest.mark.parametrize(("tied", "weights"), [(True, 8 * 4 + 4), (False, 2 * (8 * 4 + 4))])
def test_a_printed_model_says_what_it_is(rng, tied, weights):
    said = repr(HashingEncoder(buckets=8, dim=4, tied=tied).load(rng))
    kind = "tied" if tied else "separate"
    assert said.startswith(f"<TwoTower of HashingEncoder(tied={tied}, fast=True, buckets=8")
    assert said.endswith(f": {kind}, 4 dimensions, {weights} weights>")
