"""Whatever answers: a retrieval responder of semspill, or any callable from contexts to texts."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from semspill.corpus import Exchange
from semspill.errors import DataError
from semspill.responding import RetrievalResponder

# Any, so that what is wrong with an answer is said in our words.
Responder: TypeAlias = RetrievalResponder | Callable[[Sequence[tuple[str, ...]]], Any]
"""A `RetrievalResponder`, or a callable: it takes a list of contexts, each what was said before,
oldest first, and returns one text for each. It never sees category, dialogue or gold response."""


def answers_of(
    responder: Any, exchanges: Sequence[Exchange], name: str = "responder"
) -> tuple[str, ...]:
    """Return the answer to each exchange. A callable is asked once, with all contexts.

    Example:
        >>> said = [Exchange("d", 1, "joy", ("I won!",), "Well done.")]
        >>> answers_of(lambda contexts: [talk[-1].upper() for talk in contexts], said)
        ('I WON!',)

    Args:
        responder: What answers.
        exchanges: What is answered; their responses are not looked at.
        name: What an error calls it.

    Raises:
        DataError: The responder does not return one text for each context.
    """
    __tracebackhide__ = True
    if isinstance(responder, RetrievalResponder):
        return responder.respond(exchanges).texts
    if not callable(responder):
        raise DataError(
            f"The {name} is an object of type {type(responder).__name__}; give a function from a "
            "list of contexts to one text each, or a RetrievalResponder."
        )
    given = responder([exchange.context for exchange in exchanges])
    # Never the answers themselves: they may be harmful.
    if isinstance(given, str) or not isinstance(given, Sequence):
        came = f"an object of type {type(given).__name__}"
    elif kinds := {type(text).__name__ for text in given if not isinstance(text, str)}:
        came = f"answers of type {', '.join(sorted(kinds))}"
    elif len(given) != len(exchanges):
        came = f"{len(given)} answers"
    else:
        return tuple(given)
    raise DataError(
        f"The {name} returned {came} for {len(exchanges)} contexts; return a list with one text "
        "for each, in their order."
    )
