"""A model folder that holds code: nothing of it runs, whatever standard input says."""

import io
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from semspill.encoders import StaticEncoder, TransformerEncoder
from semspill.encoders.two_tower import load_biencoder
from semspill.errors import DataError

KINDS = pytest.mark.parametrize("kind", [StaticEncoder, TransformerEncoder])
CODE = """
from pathlib import Path
from transformers import BertConfig, BertModel
Path({touched!r}).touch()
class OwnConfig(BertConfig):
    model_type = "own"
class OwnModel(BertModel):
    config_class = OwnConfig
"""


@pytest.fixture
def touched(tmp_path):
    """A file that is there once the folder's code has run."""
    return tmp_path / "the code ran"


@pytest.fixture
def folder(tiny_bert, tmp_path, touched, monkeypatch):
    """A model whose config and class are code of its own."""
    folder = tmp_path / "model"
    folder.mkdir()
    for file in tiny_bert.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    said = json.loads((folder / "config.json").read_text())
    said |= {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig"}}
    said["auto_map"]["AutoModel"] = "own.OwnModel"
    (folder / "config.json").write_text(json.dumps(said))
    (folder / "own.py").write_text(CODE.format(touched=str(touched)))
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "c"))
    return folder


@KINDS
def test_it_is_refused_and_nothing_is_asked(kind, folder, touched, rng, monkeypatch, capfd):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    with pytest.raises(DataError, match="code of its own, which is not run; set trust_remote_code"):
        kind(model=str(folder)).load(rng)
    assert not touched.exists()
    assert capfd.readouterr().out == ""


@KINDS
def test_it_runs_where_it_is_trusted_and_can_be_saved(kind, folder, touched, tiny_bert, tmp_path):
    model = kind(model=str(folder), trust_remote_code=True).load(np.random.default_rng(0))
    assert touched.exists()
    rows = model.encode_responses(["oh no"])
    plain = kind(model=str(tiny_bert)).load(np.random.default_rng(0))
    assert np.allclose(rows, plain.encode_responses(["oh no"]), atol=1e-6)
    model.save(tmp_path / "saved")
    (folder / "own.py").unlink()
    assert np.array_equal(load_biencoder(tmp_path / "saved").encode_responses(["oh no"]), rows)


class Touching:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@KINDS
def test_weights_that_are_a_pickle_of_more_than_tensors_are_refused(kind, tiny_bert, tmp_path, rng):
    touched = tmp_path / "the pickle ran"
    for file in tiny_bert.glob("*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = load_file(tiny_bert / "model.safetensors") | {"more": Touching(touched)}
    torch.save(weights, tmp_path / "pytorch_model.bin")
    with pytest.raises(DataError, match="cannot be read"):
        kind(model=str(tmp_path)).load(rng)
    assert not touched.exists()
