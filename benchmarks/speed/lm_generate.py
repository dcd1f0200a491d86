"""Answer contexts greedily: semspill against the batched pipeline of transformers.

Both are given a model of one's own choice, such as SmolLM2-135M-Instruct, since the answers of
random weights never end; the texts must be the same. The pipeline takes batches as they come, and
computes a batch until its longest answer has ended.

    python lm_generate.py --model FOLDER_OR_HUB_ID [--gguf-file NAME] [--corpus FILE.tar.gz]
    python lm_generate.py --model FOLDER --answers 16 --rounds 1 --threads 1 --clock cpu
"""

import argparse
from typing import Any

import lm_train
import numpy as np
from harness import Arrays, Contender, Stage, Timed

BATCH = 32


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the model and the size of the data."""
    lm_train.arguments(parser)
    parser.add_argument("--model", required=True)
    parser.add_argument("--gguf-file")
    parser.add_argument("--answers", type=int, default=64)
    parser.add_argument("--most", type=int, default=40, help="tokens of an answer, at most")


def asked(given: argparse.Namespace) -> tuple[Any, Any]:
    """Return the model and the contexts."""
    import torch

    import semspill as sp
    from semspill.language import LanguageSpec
    from semspill.language.language_model import load_language_model

    torch.set_num_threads(given.threads)
    if given.corpus is None:
        corpus = sp.datasets.build({"name": "synthetic", "train": given.answers}).load("train")
    else:
        corpus = lm_train.corpus_of(given)
    spec = LanguageSpec(model=given.model, gguf_file=given.gguf_file)
    context = sp.ContextFormat(max_tokens=lm_train.READ)
    model = load_language_model(spec, np.random.default_rng(0), context=context)
    return model, corpus.exchanges[: given.answers]


def semspill(given: argparse.Namespace) -> Timed:
    """Generate with rows sorted by length, and dropped when they have ended."""
    from semspill.language import Generation

    model, exchanges = asked(given)
    generation = Generation(max_new_tokens=given.most, min_new_tokens=0, batch_size=BATCH)
    began = lm_train.clock(given)
    made = model.generate(exchanges, generation, np.random.default_rng(0))
    seconds = lm_train.clock(given) - began
    return Timed(seconds, {"texts": np.array(made.texts), "tokens": made.tokens})


def piped(given: argparse.Namespace) -> Timed:
    """Generate by the pipeline of transformers, in batches."""
    from transformers import GenerationConfig, pipeline

    model, exchanges = asked(given)
    texts = [model.tokenizer.decode(ids) for ids in model.prompts(exchanges)]
    tokenizer = model.tokenizer
    tokenizer.padding_side = "left"
    pipe = pipeline("text-generation", model.module, tokenizer=tokenizer, batch_size=BATCH)
    options = GenerationConfig(
        max_new_tokens=given.most,
        do_sample=False,
        eos_token_id=sorted(model.reader.stops),
        pad_token_id=model.reader.pad,
    )
    began = lm_train.clock(given)
    made = pipe(texts, generation_config=options, return_full_text=False, add_special_tokens=False)
    seconds = lm_train.clock(given) - began
    said = [row[0]["generated_text"].strip() for row in made]
    return Timed(seconds, {"texts": np.array(said)})


def agree(found: dict[str, Arrays]) -> str:
    """Compare the answers."""
    one, other = (found[name]["texts"] for name in ("semspill", "transformers pipeline"))
    same = float((one == other).mean())
    # A rare tie is broken otherwise by another order of additions.
    assert same >= 0.95, same
    mean = float(found["semspill"]["tokens"].mean())
    return f"{same:.0%} of the answers are equal, of {mean:.0f} tokens in the mean"


if __name__ == "__main__":
    Stage(
        name="lm_generate",
        unit="answers",
        work=lambda given: float(given.answers),
        contenders={
            "semspill": Contender(semspill),
            "transformers pipeline": Contender(piped),
        },
        agree=agree,
        arguments=arguments,
    ).main()
