"""Rate real responses, many of them repeats: python rate.py --corpus empatheticdialogues.tar.gz.

The classifier is a Detoxify checkpoint of BERT's base size whose weights are drawn at random: what
it says means nothing, what it costs is real. `--texts 60000` is the whole training split and half
as many repeats; fewer texts keep that proportion.
"""

import argparse
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from harness import Arrays, Contender, Stage, Timed

TRAINING_RESPONSES, WITH_REPEATS = 40_276, 60_000
CLASSES = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SIZES = {
    "base": {},
    "tiny": {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2},
}
BATCH = 32
TOLERANCE = 2e-5


def texts_of(given: argparse.Namespace) -> list[str]:
    """Return real responses and repeats of them, in random order."""
    import semspill as sp

    spec = {"name": "empathetic_dialogues", "path": str(given.corpus)}
    said = [exchange.response for exchange in sp.datasets.build(spec).load("train").exchanges]
    rng = np.random.default_rng(0)
    once = min(round(given.texts * TRAINING_RESPONSES / WITH_REPEATS), len(said))
    kept = [said[i] for i in rng.permutation(len(said))[:once]]
    kept += [kept[i] for i in rng.integers(once, size=given.texts - once)]
    return [kept[i] for i in rng.permutation(len(kept))]


def checkpoint_in(folder: Path, given: argparse.Namespace, texts: list[str]) -> Path:
    """Return a random checkpoint as Detoxify saves it, made at the first call."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    file, base = folder / "random.ckpt", folder / "base"
    if file.exists():
        return file
    base.mkdir()
    words = Counter(" ".join(texts).lower().replace(".", " . ").replace("?", " ? ").split())
    known = [word for word, _ in words.most_common(5000)]
    (base / "vocab.txt").write_text("\n".join([*SPECIAL, *known]), encoding="utf-8")
    tokenizer = BertTokenizer(str(base / "vocab.txt"))
    tokenizer.save_pretrained(base)
    size = {"vocab_size": len(SPECIAL) + len(known), "num_labels": len(CLASSES)}
    config = BertConfig(**size, **SIZES[given.size])
    config.save_pretrained(base)
    torch.manual_seed(0)
    model = BertForSequenceClassification(config)
    # Spread around one half, or all texts would be rated nearly alike.
    torch.nn.init.normal_(model.classifier.weight)
    some = tokenizer(texts[:32], padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        model.classifier.bias -= model.eval()(**some).logits.mean(dim=0)
    arguments = {"model_type": str(base), "model_name": "BertForSequenceClassification"}
    arguments |= {"tokenizer_name": "BertTokenizer", "num_classes": len(CLASSES)}
    said = {"arch": {"args": arguments}, "dataset": {"args": {"classes": CLASSES}}}
    torch.save({"config": said, "state_dict": model.state_dict()}, file)
    return file


def semspill(texts: list[str], checkpoint: Path, timed: Callable[[], float]) -> Timed:
    """Rate with an empty cache."""
    from semspill.scoring import DetoxifyRater, ToxicityScorer

    cache = checkpoint.parent / "ratings"
    shutil.rmtree(cache, ignore_errors=True)
    rater = DetoxifyRater(checkpoint=checkpoint)
    rater.rate(["Hello."])
    began = timed()
    rated = ToxicityScorer(rater=rater, cache=cache).score(texts)
    return Timed(timed() - began, {"ratings": rated})


def from_cache(texts: list[str], checkpoint: Path, timed: Callable[[], float]) -> Timed:
    """Ask again, as the next run does: the checkpoint is hashed, the classifier not loaded."""
    from semspill.scoring import DetoxifyRater, ToxicityScorer

    cache = checkpoint.parent / "ratings"
    if not cache.exists():
        ToxicityScorer(rater=DetoxifyRater(checkpoint=checkpoint), cache=cache).score(texts)
    began = timed()
    rated = ToxicityScorer(rater=DetoxifyRater(checkpoint=checkpoint), cache=cache).score(texts)
    return Timed(timed() - began, {"ratings": rated})


def detoxify(texts: list[str], checkpoint: Path, timed: Callable[[], float]) -> Timed:
    """Rate with Detoxify, 32 texts after the other."""
    from detoxify import Detoxify

    model = Detoxify(checkpoint=str(checkpoint))
    model.predict(["Hello.", "Hi."])
    began = timed()
    rated: list[float] = []
    for start in range(0, len(texts), BATCH):
        said = model.predict(texts[start : start + BATCH])["toxicity"]
        rated += said if isinstance(said, list) else [said]
    return Timed(timed() - began, {"ratings": np.array(rated)})


def careful(texts: list[str], checkpoint: Path, timed: Callable[[], float]) -> Timed:
    """Rate with Detoxify as one who leaves out repeats and sorts by length first."""
    began = timed()
    distinct = sorted(set(texts), key=len)
    once = timed() - began
    made = detoxify(distinct, checkpoint, timed)
    known = dict(zip(distinct, made.result["ratings"].tolist(), strict=True))
    return Timed(made.seconds + once, {"ratings": np.array([known[text] for text in texts])})


def contender(rate: Callable[[list[str], Path, Callable[[], float]], Timed]) -> Contender:
    """Return a contender that shares texts and checkpoint with the others."""

    def run(given: argparse.Namespace) -> Timed:
        import torch

        torch.set_num_threads(given.threads)
        texts = texts_of(given)
        clock = time.process_time if given.process_time else time.perf_counter
        return rate(texts, checkpoint_in(given.save.parent, given, texts), clock)

    return Contender(run)


def agree(results: Mapping[str, Arrays]) -> str:
    """Refuse ratings that differ by more than rounding, or that are all the same."""
    ours = results["semspill"]["ratings"]
    assert np.ptp(ours) > 100 * TOLERANCE, "the classifier rates all texts alike"
    most = max(float(np.abs(ours - theirs["ratings"]).max()) for theirs in results.values())
    assert most < TOLERANCE, f"ratings differ by {most:.1e}"
    return f"ratings from {ours.min():.3f} to {ours.max():.3f} differ by {most:.1e} at most"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the texts and the size of the work."""
    parser.add_argument("--corpus", type=Path, required=True, help="the archive of the data set")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--size", choices=SIZES, default="base", help="tiny: for a smoke test")
    parser.add_argument(
        "--process-time", action="store_true", help="count processor time: for a busy machine"
    )


STAGE = Stage(
    name="rate",
    unit="texts",
    work=lambda given: given.texts,
    contenders={
        "semspill": contender(semspill),
        "semspill from its cache": contender(from_cache),
        "Detoxify.predict by 32": contender(detoxify),
        "same, distinct and sorted": contender(careful),
    },
    agree=agree,
    arguments=arguments,
)

if __name__ == "__main__":
    STAGE.main()
