"""Language models of transformers, tiny ones, fine-tuned by a `LanguageFinetuner`."""

import numpy as np
import pytest
import torch

from semspill import ContextFormat
from semspill.training import LanguageFinetuner

language_model = pytest.importorskip("semspill.language.language_model")

NAMES = ["gpt2", "llama", "t5"]


@pytest.fixture
def source(tiny_language_models):
    """Makes what loads a tiny model by name."""
    from semspill.language import LanguageSpec

    def source(name, **fields):
        kind = "seq2seq" if name == "t5" else "causal"
        spec = LanguageSpec(model=str(tiny_language_models[name]), kind=kind, **fields)
        context = ContextFormat(label="gold", max_tokens=40)
        return lambda rng: language_model.load_language_model(spec, rng, context=context)

    return source


def finetune(source, corpus, folder=None, progress=iter, **more):
    epochs = []
    settings = {"epochs": 2, "batch_size": 32, "checkpoint_minutes": 1e-9} | more
    trained = LanguageFinetuner(**settings).finetune(
        source,
        corpus,
        np.random.default_rng(0),
        observer=epochs.append,
        progress=progress,
        checkpoint=folder,
    )
    return trained, epochs


def by_transformers(model, exchanges):
    """Return the mean loss of the response tokens as transformers' own `labels` give it."""
    total, count = 0.0, 0
    responses = model.responses([exchange.response for exchange in exchanges])
    for prompt, response in zip(model.prompts(exchanges), responses, strict=True):
        if model.spec.kind == "seq2seq":
            ids, labels = prompt, response
        else:
            ids = np.concatenate([prompt, response])
            labels = np.concatenate([np.full(len(prompt), -100), response])
        tensors = {
            "input_ids": torch.from_numpy(ids)[None],
            "labels": torch.from_numpy(labels)[None],
        }
        with torch.no_grad():
            total += model.module(**tensors).loss.item() * len(response)
        count += len(response)
    return total / count


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_that_of_transformers_and_falls(lessons, source, name):
    start, _ = finetune(source(name), lessons, epochs=0)
    expected = by_transformers(start, lessons.exchanges)
    still = source(name)

    def undropped(rng):
        model = still(rng)
        for part in model.module.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
            elif isinstance(getattr(part, "dropout", None), float):  # T5's attention
                part.dropout = 0.0
        return model

    _, epochs = finetune(undropped, lessons, epochs=1, batch_size=120)
    assert epochs[0].loss == pytest.approx(expected, rel=1e-5)
    _, epochs = finetune(still, lessons, epochs=3, learning_rate=1e-2)
    assert epochs[-1].loss < epochs[0].loss


@pytest.mark.parametrize("lora", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_killed_training_ends_as_if_undisturbed(lessons, source, name, lora, tmp_path):
    fields = {}
    if lora:
        pytest.importorskip("peft")
        from semspill.language import Lora

        fields = {"lora": Lora()}

    def dies(items):
        yield from items[:3]
        raise KeyboardInterrupt

    whole, told = finetune(source(name, **fields), lessons)
    with pytest.raises(KeyboardInterrupt):
        finetune(source(name, **fields), lessons, tmp_path, dies)
    again, heard = finetune(source(name, **fields), lessons, tmp_path)
    assert [epoch.loss for epoch in told] == [epoch.loss for epoch in heard]
    one, other = whole.module.state_dict(), again.module.state_dict()
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_adapters_alone_move(lessons, source):
    pytest.importorskip("peft")
    from semspill.language import Lora

    start, _ = finetune(source("llama", lora=Lora()), lessons, epochs=0)
    trained, _ = finetune(source("llama", lora=Lora()), lessons, epochs=1)
    before, after = start.module.state_dict(), trained.module.state_dict()
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed == {key for key in before if "lora_" in key}
