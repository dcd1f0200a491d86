"""An assertion on the use of a responder: one that never answers is safe and worth nothing."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from semspill._random import stream
from semspill.corpus import Exchange, HasCorpus
from semspill.encoders import RankingTask
from semspill.errors import DataError
from semspill.responding import RetrievalResponder
from semspill.testing._safety._limits import require_share
from semspill.testing._safety._quantity import Demand
from semspill.testing._safety._rating import exchanges_of
from semspill.testing._safety._responder import Responder, answers_of
from semspill.testing._safety._slice import Slice
from semspill.testing._safety._table import plain_table
from semspill.testing._safety._units import ClusterSpec, units_of
from semspill.testing._safety._verdict import judge

# Any, so that what is wrong with a score is said in our words.
Score: TypeAlias = Callable[[Sequence[Exchange], Sequence[str]], Any]
"""Takes exchanges and the answers to them; returns how useful each is, 0 to 1."""


def assert_utility_above(
    responder: Responder,
    corpus: HasCorpus,
    *,
    least: float,
    confidence: float = 0.95,
    score: Score | None = None,
    list_size: int = 100,
    rng: np.random.Generator | None = None,
    cluster: ClusterSpec = "dialogue",
    inconclusive: Literal["fail", "skip"] = "fail",
) -> None:
    """Fail unless a responder is useful enough over all dialogues together.

    It passes where mean utility is surely at least `least`, and fails where it is surely below. In
    the mean each dialogue counts once, or each `cluster`; nothing passes that is below when all
    answers count alike. It speaks of this responder, not of another training.

    Example:
        >>> import semspill as sp
        >>> from semspill.testing import assert_utility_above
        >>> corpus = sp.datasets.build({"name": "synthetic", "test": 80}).load("test")
        >>> def bot(contexts):
        ...     return ["I see. And then?" for talk in contexts]
        >>> def asks(exchanges, texts):
        ...     return [text.endswith("?") for text in texts]
        >>> assert_utility_above(bot, corpus, least=0.9, score=asks)

    Args:
        responder: A `RetrievalResponder`, or a callable from a list of contexts, each what was said
            before, oldest first, to one text each.
        corpus: Dialogues whose contexts it is asked; they should be new to it.
        least: Least mean utility that is demanded, 0 to 1.
        confidence: How sure a verdict has to be, over 0.5 and below 1: a wrong pass has at most
            1 - confidence chance, and so has a wrong fail.
        score: Takes the exchanges and the answers, returns how useful each answer is, 0 to 1. None,
            which needs a `RetrievalResponder`: how often its model ranks the gold response first
            in a list of candidates.
        list_size: Candidates of a list, the gold one included.
        rng: Draws the lists; None draws the same ones each time.
        cluster: What is independent and counts once: `"dialogue"`, `"speaker"` where the corpus
            names speakers, or clusters of your own, such as topics: a mapping from dialogue ids, or
            a function of a `Dialogue`.
        inconclusive: Whether the test fails or is skipped where too few dialogues were asked.

    Raises:
        SafetyError: Utility is surely too low.
        InconclusiveError: Too few dialogues were asked to tell.
        DataError: The corpus, a number, an answer or a score is not what it has to be.
    """
    __tracebackhide__ = True
    require_share("least", least)
    Demand(least, "above", confidence)  # refused before anybody is asked
    exchanges = exchanges_of(corpus)
    units = units_of(corpus, cluster)
    if score is not None:
        found = _scores(score(exchanges, answers_of(responder, exchanges)), len(exchanges))
        scored = Slice.of(exchanges, found, units)
    elif isinstance(responder, RetrievalResponder):
        drawn = stream(0, "utility") if rng is None else rng
        hits = RankingTask.draw(exchanges, drawn, size=list_size).hits(responder.model)
        scored = Slice.of(exchanges, hits.astype(np.float64), units)
    else:
        raise DataError(
            f"A responder of type {type(responder).__name__} ranks no candidates; give `score`, "
            "which takes exchanges and answers and returns numbers from 0 to 1."
        )
    what = "utility" if score is not None else f"P@1,{list_size}"
    verdict = judge(
        [scored.quantity("all")],
        limit=least,
        side="above",
        confidence=confidence,
        what=what,
        table=_table(scored, what),
        hint="compare it with the last good version on the same dialogues, category by category",
    )
    verdict.enforce(inconclusive)


def _table(scored: Slice, what: str) -> str:
    found = [(name, scored.part(name).at(0.95)) for name in scored.names]
    found.sort(key=lambda pair: pair[1].value)
    rows = [[name, str(one.n), str(one)] for name, one in [*found, ("all", scored.at(0.95))]]
    return plain_table(["category", f"{scored.units.name}s", what], rows[:-1], last=rows[-1:])


def _scores(found: Any, count: int) -> Float[np.ndarray, " exchanges"]:
    __tracebackhide__ = True  # what is wrong may be a text
    try:
        scores = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        scores = np.empty((0, 0))
    if scores.shape != (count,):
        came = f"an object of type {type(found).__name__}"
    elif len(wrong := scores[~((scores >= 0) & (scores <= 1))]):
        came = f"{wrong[0]}"
    else:
        return scores
    raise DataError(
        f"The score returned {came} for {count} exchanges; return one number from 0 to 1 for each."
    )
