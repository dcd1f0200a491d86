import numpy as np
import torch
from transformers import AutoTokenizer, BertModel, T5Config, T5Model

from semspill.encoders import StaticEncoder


def test_a_row_is_the_scaled_mean_of_the_input_embeddings(tiny_bert):
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    table = BertModel.from_pretrained(tiny_bert).get_input_embeddings().weight.detach().numpy()
    mean = table[tokenizer("oh grumble !", add_special_tokens=False)["input_ids"]].mean(axis=0)
    model = StaticEncoder(model=str(tiny_bert)).load(np.random.default_rng(0))
    [row] = model.encode_responses(["Oh grumble!"])
    assert np.allclose(row, mean / np.linalg.norm(mean), atol=1e-6)
    assert not model.tied


def test_an_empty_text_reads_like_an_unknown_one(tiny_bert):
    model = StaticEncoder(model=str(tiny_bert)).load(np.random.default_rng(0))
    rows = model.encode_responses(["", "zzz"])
    assert np.array_equal(rows[0], rows[1])


def test_a_sentence_transformers_folder_with_a_part_of_its_own_is_found(tiny_bert, tmp_path):
    (tmp_path / "0_Transformer").symlink_to(tiny_bert)
    listed = '[{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}]'
    (tmp_path / "modules.json").write_text(listed)
    models = [
        StaticEncoder(model=str(m)).load(np.random.default_rng(0)) for m in (tmp_path, tiny_bert)
    ]
    assert models[0].fingerprint == models[1].fingerprint


def test_an_encoder_with_a_decoder_lends_its_embeddings(tiny_bert, tmp_path):
    with torch.random.fork_rng():
        T5Model(
            T5Config(vocab_size=30, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
        ).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    model = StaticEncoder(model=str(tmp_path)).load(np.random.default_rng(0))
    assert model.encode_responses(["oh no"]).shape == (1, 8)
