"""Score frozen lists of candidates by a small Llama: semspill against a plain batched loop.

The loop pads pairs of context and candidate on the right, 32 at once in the order of the lists, and
takes the logits of all positions, as evaluation harnesses do. The limit counts what must be
multiplied: each context once, each candidate once, the head at the tokens of candidates.

    python lm_score.py                                        # 4 layers x 256, 32 lists of 100
    python lm_score.py --exchanges 32 --lists 8 --rounds 1 --threads 1 --clock cpu  # busy machine
"""

import argparse
from functools import cache
from typing import Any

import lm_train
import numpy as np
from harness import KEEP_FREED_MEMORY, Arrays, Contender, Stage, Timed, sgemm_rate

BATCH = 32


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the size of the model and of the data."""
    lm_train.arguments(parser)
    parser.add_argument("--lists", type=int, default=32, help="contexts that are asked")
    parser.add_argument("--candidates", type=int, default=100)


def asked(given: argparse.Namespace) -> tuple[Any, Any, list[list[str]]]:
    """Return the model, contexts of three turns, and the candidates of each, as RankingTask has."""
    corpus = lm_train.corpus_of(given)
    model = lm_train.loaded(given, corpus)
    exchanges = [one for one in corpus.exchanges if len(one.context) > 1][: given.lists]
    shared = [one.response for one in corpus.exchanges[: given.candidates]]
    return model, exchanges, [shared] * len(exchanges)


def semspill(given: argparse.Namespace) -> Timed:
    """Score with the keys and values of a context shared by its candidates."""
    model, exchanges, texts = asked(given)
    began = lm_train.clock(given)
    found, _ = model.log_likelihoods(exchanges, texts)
    return Timed(lm_train.clock(given) - began, {"scores": found})


def loop(given: argparse.Namespace) -> Timed:
    """Score each pair of context and candidate as a text of its own."""
    import torch

    model, exchanges, texts = asked(given)
    began = lm_train.clock(given)
    prompts = model.prompts(exchanges)
    responses = model.responses(texts[0])
    pairs = [(prompt, response) for prompt in prompts for response in responses]
    totals: list[torch.Tensor] = []
    with torch.inference_mode():
        for start in range(0, len(pairs), BATCH):
            rows = [np.concatenate(pair) for pair in pairs[start : start + BATCH]]
            most = max(map(len, rows))
            ids = torch.tensor([[*row, *[0] * (most - len(row))] for row in rows])
            places = torch.arange(most)
            mask = places < torch.tensor([[len(row)] for row in rows])
            logits = model.module(input_ids=ids, attention_mask=mask.long()).logits
            values = torch.log_softmax(logits[:, :-1], dim=-1)
            own = values.gather(2, ids[:, 1:, None])[..., 0]
            first = torch.tensor([[len(prompt)] for prompt, _ in pairs[start : start + BATCH]])
            totals.append(own.masked_fill(~mask[:, 1:] | (places[1:] < first), 0).sum(1))
    found = torch.cat(totals).view(len(prompts), -1).numpy()
    return Timed(lm_train.clock(given) - began, {"scores": found})


@cache
def _products(*fields: tuple[str, Any]) -> float:
    given = argparse.Namespace(**dict(fields))
    model, exchanges, texts = asked(given)
    body = sum(
        weight.numel()
        for name, weight in model.module.named_parameters()
        if weight.ndim == 2 and "embed" not in name and "lm_head" not in name
    )
    contexts = sum(map(len, model.prompts(exchanges)))
    spoken = sum(map(len, model.responses(texts[0]))) * len(exchanges)
    # The end of a candidate is told by its last token, and is not read.
    read = contexts + spoken - len(exchanges) * len(texts[0])
    return 2.0 * (body * read + given.dim * given.vocabulary * spoken)


def limit(given: argparse.Namespace) -> float:
    """Return the pairs per second at which nothing but needed products would take time."""
    names = ("layers", "dim", "vocabulary", "exchanges", "corpus", "lists", "candidates")
    products = _products(*((name, getattr(given, name)) for name in names), ("threads", 1))
    return work(given) * sgemm_rate(given.threads) / products


def work(given: argparse.Namespace) -> float:
    """Return how many pairs of context and candidate are scored."""
    return float(given.lists * given.candidates)


def agree(found: dict[str, Arrays]) -> str:
    """Compare the log-likelihoods."""
    one, other = (found[name]["scores"] for name in ("semspill", "plain batched loop"))
    worst = float(np.abs(one - other).max())
    assert worst < 1e-2, worst
    assert (one.argmax(axis=1) == other.argmax(axis=1)).all()
    return f"log-likelihoods agree to {worst:.1g}, and so does the best of each list"


if __name__ == "__main__":
    Stage(
        name="lm_score",
        unit="pairs",
        work=work,
        contenders={
            "semspill": Contender(semspill),
            "plain batched loop": Contender(loop, KEEP_FREED_MEMORY),
        },
        agree=agree,  # type: ignore[arg-type]
        arguments=arguments,
        limit=limit,
    ).main()
