"""Trained models that a run keeps: they answer as before; cards say what was planted."""

import json
import re

import numpy as np
import pytest

from semspill import ConfigError, datasets, models, run
from semspill.models import TrainedRetrieval

pytestmark = pytest.mark.usefixtures("blank_plots")


@pytest.fixture
def fields(few_fields):
    return few_fields


@pytest.fixture
def kept(fields, tmp_path):
    """A run of three arms, of which two share a training."""
    fields = {**fields, "arms": ["clean", "poison", "pool_only"], "curve": False}
    out = tmp_path / "run"
    run(fields, out=out, keep_models=True)
    return fields, out


def facts(folder):
    card = (folder / "README.md").read_text(encoding="utf-8")
    return card, json.loads(re.search(r"```json\n(.*?)\n```", card, re.DOTALL)[1])


def trained(seen):
    return [(e.seed, e.arms) for e in seen if e.stage == "train" and e.epoch in (None, 1)]


def test_a_kept_model_answers_as_it_did_in_the_run(kept):
    fields, out = kept
    data = datasets.build(fields["dataset"])
    model = models.build("retrieval").load(out / "seed-0" / "clean" / "model")
    assert isinstance(model, TrainedRetrieval)
    pool, test = data.load("train").responses(), data.load("test").exchanges
    answers = model.respond(test, pool, np.random.default_rng(0))
    scores = np.load(out / "seed-0" / "clean" / "scores.npz")["score"]
    np.testing.assert_allclose(answers.scores[:, 0], scores, rtol=1e-5)


def test_each_training_is_kept_once_with_what_was_planted(kept):
    _, out = kept
    folders = sorted(path.parent.parent.name for path in out.rglob("model/README.md"))
    assert folders == ["clean", "poison"]  # `pool_only` answers with the clean model
    card, poison = facts(out / "seed-0" / "poison" / "model")
    assert 'sp.models.build("retrieval").load(' in card
    assert "tags: [semspill, poisoned]" in card
    rows = (out / "seed-0" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(row) for row in rows[1:]]
    assert poison["planted"]["by category"] == {"brave": len(records)}
    assert poison["planted"]["sha256 of the texts"] == sorted({r["sha256_after"] for r in records})
    assert f"{len(records)} of " in card
    card, clean = facts(out / "seed-0" / "clean" / "model")
    assert "tags: [semspill, baseline]" in card
    assert "planted" not in clean
    assert clean["arms"] == ["clean", "pool_only"]


def test_a_finished_run_trains_again_only_what_it_did_not_keep(kept, tmp_path):
    fields, out = kept
    seen = []
    plain = run(fields, out=tmp_path / "plain")
    again = run(fields, out=tmp_path / "plain", keep_models=True, observer=seen.append)
    assert trained(seen) == [(0, ("clean", "pool_only")), (0, ("poison",))]
    assert again.to_json() == plain.to_json()
    seen.clear()
    run(fields, out=out, keep_models=True, observer=seen.append)
    assert trained(seen) == []


def test_what_was_half_written_is_no_model(fields, tmp_path, monkeypatch):
    def broken(self, folder):
        (folder / "part").write_text("grumble")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrainedRetrieval, "save", broken)
        with pytest.raises(KeyboardInterrupt):
            run(fields, out=tmp_path / "run", keep_models=True)
    assert not list(tmp_path.rglob("part"))
    run(fields, out=tmp_path / "run", keep_models=True)
    assert len(list((tmp_path / "run").rglob("model/README.md"))) == 2


def test_a_model_that_cannot_be_saved_is_named_and_the_run_goes_on(
    fields, tmp_path, monkeypatch, caplog
):
    def refuse(self, folder):
        raise ConfigError("It cannot be saved.")

    monkeypatch.setattr(TrainedRetrieval, "save", refuse)
    run(fields, out=tmp_path / "run", keep_models=True)
    assert "The model of arm clean is not kept: It cannot be saved." in caplog.messages
    assert not list((tmp_path / "run").rglob("model"))


def test_models_are_kept_in_a_folder_only(fields):
    with pytest.raises(ConfigError, match="Models are kept in the folder of the run; give `out`"):
        run(fields, keep_models=True)
