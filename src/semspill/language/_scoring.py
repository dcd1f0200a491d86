"""How likely a model holds given responses: each context is read once for all of them."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from semspill._progress import Progress
from semspill.language._states import Runner, State

# Tokens of contexts and responses, and numbers of logits, that are held at once.
_TOKENS = {"cpu": 4096, "cuda": 16384}
_LOGITS = {"cpu": 1 << 26, "cuda": 1 << 29}
_CONTEXTS = 2048


def token_losses(
    logits: Float[Tensor, "rows most vocabulary"], targets: Int[Tensor, "rows most"]
) -> Float[Tensor, "rows most"]:
    """Return the negative log-likelihood of each target, in nats, computed in float32."""
    flat = logits.float().flatten(0, 1)
    losses = torch.nn.functional.cross_entropy(flat, targets.flatten(), reduction="none")
    return losses.view(targets.shape)


def log_likelihoods(
    runner: Runner,
    prompts: Sequence[Int[np.ndarray, " tokens"]],
    responses: Sequence[Int[np.ndarray, " tokens"]],
    lists: Int[np.ndarray, "exchanges texts"],
    progress: Progress,
) -> Float[np.ndarray, "exchanges texts"]:
    """Return the log-likelihood of each listed response after each context, in nats.

    Args:
        runner: Runs the model.
        prompts: The context of each exchange.
        responses: The distinct responses.
        lists: Which of them are asked for, by exchange.
        progress: Wraps the list of groups of contexts.
    """
    found = np.zeros(lists.shape)
    lengths = np.array([len(ids) for ids in prompts])
    order = np.argsort(lengths, kind="stable")
    for group in progress(list(_cut(order, lengths, _CONTEXTS))):
        state = runner.begin([prompts[place] for place in group])
        # A text that is listed twice has one value, so that ties stay ties.
        rows, texts = _distinct(lists[group])
        values = _continued(runner, state, rows, [responses[text] for text in texts])
        table = {(row, text): value for row, text, value in zip(rows, texts, values, strict=True)}
        for row, place in enumerate(group.tolist()):
            found[place] = [table[row, text] for text in lists[place].tolist()]
    return found


def _distinct(lists: Int[np.ndarray, "exchanges texts"]) -> tuple[list[int], list[int]]:
    pairs = sorted({(row, text) for row, texts in enumerate(lists.tolist()) for text in texts})
    return [row for row, _ in pairs], [text for _, text in pairs]


def _continued(
    runner: Runner, state: State, rows: list[int], responses: list[Int[np.ndarray, " tokens"]]
) -> list[float]:
    """Return the log-likelihood of each response after its row of a state."""
    device = runner.device
    where = torch.tensor(rows, device=device)
    firsts = torch.tensor([int(ids[0]) for ids in responses], device=device)
    begun = torch.log_softmax(state.logits.float(), dim=-1)
    values = begun[where, firsts].double().cpu().numpy()
    lengths = np.array([len(ids) for ids in responses])
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 1]
    most = _TOKENS[device.type], _LOGITS[device.type] // state.logits.shape[1]
    for chunk in _chunks(order, lengths, state.mask.shape[1], most):
        chosen = [responses[place] for place in chunk]
        own = state.take(where[torch.from_numpy(chunk).to(device)])
        logits = runner.extend(own, [ids[:-1] for ids in chosen])
        targets = np.full(logits.shape[:2], -100)
        for place, ids in enumerate(chosen):
            targets[place, : len(ids) - 1] = ids[1:]
        losses = token_losses(logits, torch.from_numpy(targets).to(device))  # 0 at -100
        values[chunk] -= losses.double().sum(dim=1).cpu().numpy()
    return [float(value) for value in values]


def _cut(
    order: Int[np.ndarray, " rows"], lengths: Int[np.ndarray, " all"], most: int
) -> Iterator[Int[np.ndarray, " group"]]:
    """Yield neighbours in `order` that padded have at most so many tokens, or are one."""
    start = 0
    for stop in range(1, len(order) + 1):
        if stop == len(order) or (stop - start + 1) * lengths[order[stop]] > most:
            yield order[start:stop]
            start = stop


def _chunks(
    order: Int[np.ndarray, " rows"],
    lengths: Int[np.ndarray, " all"],
    context: int,
    most: tuple[int, int],
) -> Iterator[Int[np.ndarray, " chunk"]]:
    """Yield neighbours in `order` that fit beside their contexts, and their logits."""
    start = 0
    for stop in range(1, len(order) + 1):
        count = stop - start + 1
        size = lengths[order[stop]] if stop < len(order) else 0
        if stop == len(order) or count * (context + size) > most[0] or count * size > most[1]:
            yield order[start:stop]
            start = stop
