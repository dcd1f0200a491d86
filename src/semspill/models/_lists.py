"""The scores of the frozen lists of a ranking task, and of what stands beside them."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from semspill._progress import Progress, quiet
from semspill.corpus import Exchange
from semspill.encoders import RankingTask
from semspill.errors import PluginError


class Scoring(Protocol):
    """What scores given responses."""

    def score(
        self,
        exchanges: Sequence[Exchange],
        texts: Sequence[Sequence[str]],
        *,
        progress: Progress = quiet,
    ) -> Float[np.ndarray, "exchanges texts"]:
        """Return how well each given response fits its context; higher is better."""


def list_scores(
    model: Scoring, task: RankingTask, beside: Sequence[str], progress: Progress
) -> tuple[tuple[str, ...], Int[np.ndarray, "exchanges size"], Float[np.ndarray, "exchanges size"]]:
    """Return the distinct texts of all lists, which text stands at each place, and its score.

    Args:
        model: What scores.
        task: The exchanges with their lists.
        beside: What stands at the end of every list besides.
        progress: Wraps the iterables of batches.

    Raises:
        PluginError: `score` does not give one number for each response.
    """
    gold = [exchange.response for exchange in task.exchanges]
    place = {text: row for row, text in enumerate(dict.fromkeys([*gold, *beside]))}
    rows = np.array([place[text] for text in gold])[task.lists]
    lists = [[gold[one] for one in row] for row in task.lists.tolist()]
    scores = _checked_scores(model, task.exchanges, lists, progress)
    if beside:
        shared = list(beside)  # one object, which a model may score for all exchanges together
        more = _checked_scores(model, task.exchanges, [shared] * len(task), progress)
        scores = np.concatenate([scores, more], axis=1)
        added = np.array([place[text] for text in beside])
        rows = np.concatenate([rows, np.tile(added, (len(task), 1))], axis=1)
    return tuple(place), rows, scores


def _checked_scores(
    model: Scoring,
    exchanges: Sequence[Exchange],
    lists: Sequence[Sequence[str]],
    progress: Progress,
) -> Float[np.ndarray, "exchanges size"]:
    scores = np.asarray(model.score(exchanges, lists, progress=progress))
    shape = (len(lists), len(lists[0]))
    if scores.shape != shape:
        raise PluginError(
            f"{type(model).__name__}.score returned an array of shape {scores.shape} for lists "
            f"of shape {shape}; return one number for each response."
        )
    return scores
