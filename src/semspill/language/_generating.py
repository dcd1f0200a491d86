"""Generating responses: sorted by length, and rows that have ended are no longer computed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from semspill._progress import Progress
from semspill.language._settings import Generation
from semspill.language._states import Runner


@dataclass(frozen=True, eq=False)
class Generated:
    """Responses as they were generated, in the order of the exchanges."""

    texts: tuple[str, ...]
    """The responses."""
    log_likelihoods: Float[np.ndarray, " exchanges"]
    """Of the tokens of each, the end token included where it came, in nats; the model's own, also
    where a temperature drew them."""
    tokens: Int[np.ndarray, " exchanges"]
    """How many tokens that are."""


def generate(
    runner: Runner,
    prompts: Sequence[Int[np.ndarray, " tokens"]],
    stops: frozenset[int],
    generation: Generation,
    draws: Float[np.ndarray, "exchanges steps"] | None,
    progress: Progress,
) -> tuple[list[list[int]], Float[np.ndarray, " exchanges"]]:
    """Return the tokens generated after each context, and their log-likelihood in nats.

    Args:
        runner: Runs the model.
        prompts: The contexts.
        stops: Tokens that end a response.
        generation: How tokens are chosen.
        draws: What chooses each token, in [0, 1); None takes the likeliest. A response thus
            depends on no other one of its batch.
        progress: Wraps the list of batches.
    """
    found: list[list[int]] = [[] for _ in prompts]
    totals = np.zeros(len(prompts))
    order = np.argsort([len(ids) for ids in prompts], kind="stable")
    size = generation.batch_size
    for batch in progress([order[i : i + size] for i in range(0, len(order), size)]):
        state = runner.begin([prompts[place] for place in batch])
        alive = batch
        for step in range(generation.max_new_tokens):
            banned = stops if step < generation.min_new_tokens else frozenset()
            drawn = None if draws is None else draws[alive, step]
            tokens, values = _chosen(state.logits, banned, generation, drawn)
            totals[alive] += values
            for place, token in zip(alive.tolist(), tokens, strict=True):
                found[place].append(token)
            keeps = np.array([token not in stops for token in tokens])
            alive = alive[keeps]
            if not len(alive) or step + 1 == generation.max_new_tokens:
                break
            if not keeps.all():
                state = state.take(torch.from_numpy(np.flatnonzero(keeps)).to(runner.device))
            rest = np.array(tokens, dtype=np.int64)[keeps]
            runner.extend(state, list(rest[:, None]))
    return found, totals


def _chosen(
    logits: Float[Tensor, "rows vocabulary"],
    banned: frozenset[int],
    generation: Generation,
    draws: Float[np.ndarray, " rows"] | None,
) -> tuple[list[int], Float[np.ndarray, " rows"]]:
    """Return a token for each row, and its log-likelihood under the model."""
    values = torch.log_softmax(logits.float(), dim=-1)
    allowed = logits.float().clone()
    allowed[:, sorted(banned)] = -torch.inf
    if draws is None or generation.temperature == 0:
        tokens = allowed.argmax(dim=-1)
    else:
        tokens = _drawn(allowed / generation.temperature, generation.top_p, draws)
    likelihoods = values.gather(1, tokens[:, None])[:, 0]
    return tokens.tolist(), likelihoods.double().cpu().numpy()


def _drawn(
    logits: Float[Tensor, "rows vocabulary"], top_p: float, draws: Float[np.ndarray, " rows"]
) -> Int[Tensor, " rows"]:
    """Return tokens by the inverse of their distribution function, the likeliest first.

    Two models that hold nearly the same for likely thus nearly always draw the same.
    """
    chances, tokens = torch.softmax(logits, dim=-1).double().sort(dim=-1, descending=True)
    below = chances.cumsum(dim=-1) - chances
    chances = chances.where(below < top_p, torch.zeros_like(chances))
    reached = chances.cumsum(dim=-1)
    wanted = torch.from_numpy(draws).to(logits.device) * reached[:, -1]
    places = (reached <= wanted[:, None]).sum(dim=-1)
    last = (chances > 0).sum(dim=-1) - 1
    return tokens.gather(1, torch.minimum(places, last)[:, None])[:, 0]
