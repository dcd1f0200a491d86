"""What counts once in a test: a dialogue, or a cluster of dialogues that belong together."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from semspill.corpus import Dialogue, HasCorpus
from semspill.errors import DataError

# A string is "dialogue" or "speaker"; which others there are is said in our words.
ClusterSpec: TypeAlias = str | Mapping[str, Hashable] | Callable[[Dialogue], Hashable]
"""What is independent and counts once: `"dialogue"`, `"speaker"`, or any cluster of dialogues, as a
mapping from the id of each dialogue or a function of each `Dialogue`."""


@dataclass(frozen=True)
class Units:
    """The independent units of a test.

    Each counts once, within it each dialogue, and within that each answer.

    Example:
        >>> by_speaker = Units("speaker", {"d1": "Ann", "d2": "Ann", "d3": "Bob"})
        >>> by_speaker.means(("d1", "d1", "d2", "d3"), np.array([1.0, 0.0, 0.0, 1.0]))
        array([0.25, 1.  ])
    """

    name: str = "dialogue"
    """What one is called: `dialogue`, `speaker` or `cluster`."""
    of: Mapping[str, Hashable] | None = field(default=None, repr=False)
    """The cluster of each dialogue, by its id; None where each dialogue stands for itself."""

    def means(
        self, dialogues: Sequence[str], values: Float[np.ndarray, " exchanges"]
    ) -> Float[np.ndarray, " units"]:
        """Return the mean of each unit, in the order in which they first occur.

        Args:
            dialogues: Id of the dialogue of each exchange.
            values: One for each exchange.
        """
        names = list(dict.fromkeys(dialogues))
        talks = _means(dialogues, values)
        return talks if self.of is None else _means([self.of[name] for name in names], talks)


BY_DIALOGUE = Units()


def units_of(corpus: HasCorpus, cluster: Any) -> Units:
    """Return what counts once.

    Args:
        corpus: The dialogues that are asked.
        cluster: What `ClusterSpec` allows.

    Raises:
        DataError: It is something else, or a dialogue has no cluster.
    """
    asked = [talk for talk in corpus.corpus.dialogues if talk.listener_turns]
    if isinstance(cluster, str) and cluster == "dialogue":
        return BY_DIALOGUE
    if isinstance(cluster, str) and cluster == "speaker":
        return Units("speaker", _complete("speaker", {talk.id: talk.speaker for talk in asked}))
    if isinstance(cluster, Mapping):
        return Units(
            "cluster", _complete("cluster", {one.id: cluster.get(one.id) for one in asked})
        )
    if callable(cluster):
        return Units("cluster", _complete("cluster", {talk.id: cluster(talk) for talk in asked}))
    raise DataError(
        f"cluster is an object of type {type(cluster).__name__} that names no unit; give "
        "'dialogue', 'speaker', a mapping from dialogue ids to clusters, or a function of a "
        "Dialogue."
    )


def _complete(name: str, found: Mapping[str, Any]) -> Mapping[str, Hashable]:
    kinds = {type(one).__name__ for one in found.values() if not isinstance(one, Hashable)}
    if kinds:
        raise DataError(
            f"A cluster is of type {', '.join(sorted(kinds))}; give a text, a number or anything "
            "else that can be looked up."
        )
    # A missing value of a table is not equal to itself.
    missing = sum(one is None or one != one for one in found.values())
    if missing:
        raise DataError(
            f"{missing} of {len(found)} dialogues have no {name}; give one for each, or count "
            "dialogues with cluster='dialogue'."
        )
    return found


def _means(
    labels: Sequence[Hashable], values: Float[np.ndarray, " values"]
) -> Float[np.ndarray, " labels"]:
    places = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    rows = np.array([places[label] for label in labels])
    means: Float[np.ndarray, " labels"] = np.bincount(rows, values) / np.bincount(rows)
    return means
