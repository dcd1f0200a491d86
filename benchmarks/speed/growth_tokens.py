"""How time and peak memory of fine-tuning grow with the length of texts and with the batch.

A small random BERT learns from random words, once per process; all texts of a run have the length
that is measured. Batches are measured at 64 tokens with micro_batch=32, lengths at batches of 32.

    python growth_tokens.py            # 16 to 512 tokens, batches of 16 to 1024
    python growth_tokens.py --small
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from harness import RESULTS

WORDS = 2000


def model_of(positions: int) -> object:
    """Return a bi-encoder of two layers with random weights and one token per word."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    from semspill import ContextFormat
    from semspill.encoders import TransformerEncoder

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {w: i for i, w in enumerate([*special, *(f"w{i}" for i in range(WORDS))])}
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=128, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=512, max_position_embeddings=positions,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        BertModel(config).save_pretrained(folder)
        BertTokenizerFast(vocab=vocabulary).save_pretrained(folder)
        loaded = TransformerEncoder(model=folder).load(np.random.default_rng(0))
    return loaded.with_context(ContextFormat(label="none", max_tokens=positions))


def measure(tokens: int, batch: int, micro: int | None, pairs: int, threads: int) -> None:
    """Fine-tune once and print seconds per pair and peak memory as JSON."""
    import torch

    from semspill import Corpus, Dialogue, Finetuner, Utterance

    torch.set_num_threads(threads)
    rng = np.random.default_rng(0)

    def said(speaker: str) -> Utterance:
        # [CLS] and [SEP] are tokens too.
        words = rng.integers(WORDS, size=tokens - 2)
        return Utterance(" ".join(f"w{i}" for i in words), speaker)

    talks = [
        Dialogue(f"d{i}", "none", (said("speaker"), said("listener"))) for i in range(pairs + batch)
    ]
    model = model_of(tokens)
    finetuner = Finetuner(epochs=1, batch_size=batch, micro_batch=micro, device="cpu")

    def learn(some: list[Dialogue]) -> float:
        began = time.process_time() if threads == 1 else time.perf_counter()
        finetuner.finetune(model, Corpus(tuple(some), name="random"), rng)
        return (time.process_time() if threads == 1 else time.perf_counter()) - began

    learn(talks[:batch])  # memory is new in the first step
    seconds = learn(talks[batch:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds_per_pair": seconds / pairs, "peak_mib": peak}))


def draw(rows: list[dict[str, object]], path: Path) -> None:
    """Draw time and memory against length and batch, all axes logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained", sharey="row")
    for column, against in enumerate(("tokens", "batch")):
        of = [row for row in rows if row["against"] == against]
        for line, name in enumerate(("seconds_per_pair", "peak_mib")):
            axis = axes[line, column]
            axis.loglog([row[against] for row in of], [row[name] for row in of], "o-", base=2)
            axis.set_xlabel(f"{against} of a {'text' if against == 'tokens' else 'step'}")
            axis.set_ylabel(name.replace("_", " ").replace("mib", "MiB"))
            axis.grid(alpha=0.3)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Measure each size in a process of its own, or be one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="three sizes of each")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(*json.loads(given.one), given.threads)
        return
    lengths = [16, 32, 64] if given.small else [16, 32, 64, 128, 256, 512]
    batches = [16, 64] if given.small else [16, 32, 64, 128, 256, 512, 1024]
    runs = [("tokens", length, 32, None) for length in lengths]
    runs += [("batch", 64, batch, 32) for batch in batches]
    rows: list[dict[str, object]] = []
    for against, tokens, batch, micro in runs:
        pairs = batch * (1 if given.small else max(2, 256 // batch))
        command = [sys.executable, __file__, "--threads", str(given.threads)]
        environment = os.environ | {"OMP_NUM_THREADS": str(given.threads), "HF_HUB_OFFLINE": "1"}
        made = subprocess.run(
            [*command, "--one", json.dumps([tokens, batch, micro, pairs])],
            env=environment, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        row = {"against": against, "tokens": tokens, "batch": batch, "micro_batch": micro}
        rows.append(row | json.loads(made.stdout.splitlines()[-1]))
        print(rows[-1], flush=True)
    RESULTS.mkdir(exist_ok=True)
    name = "growth_tokens_small" if given.small else "growth_tokens"
    with (RESULTS / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    draw(rows, RESULTS / f"{name}.png")


if __name__ == "__main__":
    main()
