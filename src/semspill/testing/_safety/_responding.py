"""Answers of a responder under test, and their ratings."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from semspill._chat._retry import failure_of
from semspill._mask import listing, printable
from semspill.corpus import Dialogue, Exchange, HasCorpus
from semspill.errors import DataError, PluginError, SemspillError
from semspill.responding import RetrievalResponder
from semspill.scoring import Rater, ToxicityScorer, raters
from semspill.testing._failures import ServiceError
from semspill.testing._safety._plant import Planted
from semspill.testing._service import ChatService

# Any, so that errors about answers are our own.
Responder: TypeAlias = ChatService | RetrievalResponder | Callable[[Sequence[tuple[str, ...]]], Any]
"""A `ChatService`, a `RetrievalResponder`, or a callable: it takes a list of contexts, each the
utterances before, oldest first, and returns one text for each. It never sees category, dialogue or
gold response."""


def answers_of(
    responder: Any, exchanges: Sequence[Exchange], name: str = "responder"
) -> tuple[str | None, ...]:
    """Return the answer to each exchange. A callable is asked once, with all contexts.

    Args:
        responder: What answers.
        exchanges: What is answered; their responses are not looked at.
        name: What an error calls it.

    Returns:
        Texts, and None where a chat service gave no answer, as far as it was allowed that.

    Raises:
        DataError: The responder does not return one text for each context.
        ServiceError: A chat service gave too few answers, or the callable raised an exception.

    Example:
        >>> exchanges = [Exchange("d", 1, "joy", ("I won!",), "Well done.")]
        >>> answers_of(lambda contexts: [context[-1].upper() for context in contexts], exchanges)
        ('I WON!',)
    """
    __tracebackhide__ = True
    if isinstance(responder, ChatService):
        return responder.respond(exchanges)
    if isinstance(responder, RetrievalResponder):
        return responder.respond(exchanges).texts
    if not callable(responder):
        raise DataError(
            f"The {name} is an object of type {type(responder).__name__}; give a ChatService, a "
            "function from a list of contexts to one text each, or a RetrievalResponder."
        )
    contexts = [exchange.context for exchange in exchanges]
    try:
        given = responder(contexts)
    except SemspillError:
        raise
    except Exception as error:
        raise ServiceError(
            f"The {name} raised {failure_of(error)} when it was given a list of {len(contexts)} "
            "contexts, each a tuple of texts; mend it, or if it takes one list of chat messages, "
            "wrap it: semspill.testing.ChatService(function).",
            error,
        ) from None
    return _texts(given, len(exchanges), name)


def _texts(given: Any, count: int, name: str) -> tuple[str, ...]:
    __tracebackhide__ = True
    # Never the answers themselves: they may be harmful.
    if inspect.iscoroutine(given):
        given.close()  # or Python would warn that nobody awaited it
        came = "a coroutine"
    elif isinstance(given, str) or not isinstance(given, Sequence):
        came = f"an object of type {type(given).__name__}"
    elif kinds := {type(text).__name__ for text in given if not isinstance(text, str)}:
        came = f"answers of type {', '.join(sorted(kinds))}"
    elif len(given) != count:
        came = f"{len(given)} answers"
    else:
        return tuple(given)
    raise DataError(
        f"The {name} returned {came} for {count} contexts; return a list with one text for each, "
        "in their order, or wrap a function, sync or async, that takes one list of chat messages: "
        "semspill.testing.ChatService(function)."
    )


def title_of(responder: Any) -> str:
    """Return what a responder is, in words."""
    if isinstance(responder, ChatService):
        return str(responder)
    if isinstance(responder, RetrievalResponder):
        return "retrieval responder"
    name = getattr(responder, "__name__", type(responder).__name__)
    return "function" if name == "<lambda>" else f"function {printable(str(name))}"


def facts_of(responder: str, corpus: str, rater: str | None, unanswered: int) -> dict[str, str]:
    """Return what a verdict records of the test: names and a count, no text."""
    facts = {"responder": responder, "corpus": printable(corpus), "rater": rater}
    named = {name: held for name, held in facts.items() if held is not None}
    return {**named, "unanswered": str(unanswered)}


@dataclass(frozen=True)
class Answered:
    """What was asked, and the answers of each responder."""

    exchanges: tuple[Exchange, ...]
    """What was asked."""
    texts: tuple[tuple[str | None, ...], ...]
    """The answers of each responder; None where a chat service failed."""
    whole: tuple[bool, ...]
    """Whether all responders answered an exchange; the others are left out of the measurement."""

    @classmethod
    def of(cls, exchanges: Sequence[Exchange], *given: Sequence[str | None]) -> "Answered":
        """Note what a responder did not answer.

        Args:
            exchanges: What was asked.
            given: The answers of each responder.

        Raises:
            DataError: Nothing is left of a category, so nothing could be said of it.
        """
        whole = tuple(None not in row for row in zip(*given, strict=True))
        left = {exchange.category for exchange in compress(exchanges, whole)}
        gone = [exchange.category for exchange in exchanges if exchange.category not in left]
        if gone:
            raise DataError(
                f"None of {len(gone)} exchanges of category {listing(sorted(set(gone)))} was "
                "answered; mend the chat service, or allow fewer failures."
            )
        return cls(tuple(exchanges), tuple(map(tuple, given)), whole)


RaterSpec: TypeAlias = Rater | str | Mapping[str, Any] | Callable[[list[str]], Any]
"""A rater, its name, a mapping with its name and fields, or a function of a list of texts."""


def exchanges_of(corpus: Any) -> tuple[Exchange, ...]:
    """Return what a responder is asked.

    Args:
        corpus: Dialogues, or what carries a corpus.

    Raises:
        DataError: There is nothing to ask, a category is called `all`, or what came is no corpus.
    """
    if isinstance(corpus, Sequence) and corpus and all(isinstance(one, Dialogue) for one in corpus):
        raise DataError(
            f"The corpus is a {type(corpus).__name__} of {len(corpus)} dialogues; give a Corpus "
            'of them: sp.Corpus(tuple(dialogues), name="...").'
        )
    if not isinstance(corpus, HasCorpus):
        raise DataError(
            f"The corpus is an object of type {type(corpus).__name__}; give a Corpus, such as a "
            "dataset's load returns, or what carries one."
        )
    exchanges = corpus.corpus.exchanges
    if not exchanges:
        raise DataError(
            f"Corpus {corpus.corpus.name!r} has no exchange to ask; give dialogues in which a "
            "listener answers a speaker."
        )
    if "all" in corpus.corpus.categories:
        raise DataError("A category is called 'all', which a test needs for the sum; rename it.")
    return exchanges


def require_clean(corpus: HasCorpus) -> None:
    """Refuse planted responses where nothing else is compared with.

    Raises:
        DataError: The corpus holds some.
    """
    if isinstance(corpus, Planted) or any(exchange.planted for exchange in corpus.corpus.exchanges):
        raise DataError(
            f"Corpus {corpus.corpus.name!r} holds planted responses, which would count as what "
            "listeners said; give a clean corpus, or a baseline."
        )


def judge_of(rater: RaterSpec, threshold: float | None) -> Rater:
    """Return the rater, before anybody is asked: an answer may cost money.

    Args:
        rater: A rater, its name, or a mapping.
        threshold: Least rating that counts as toxic.

    Raises:
        DataError: The threshold is out of bounds.
    """
    if threshold is not None and not 0 < threshold <= 1:
        raise DataError(
            f"The threshold is {threshold!r}; give a rating over 0, up to 1, such as 0.5, or None "
            "to compare mean ratings."
        )
    return raters.build(rater)


def rated(
    texts: Sequence[str | None], rater: Rater, threshold: float | None
) -> Float[np.ndarray, " texts"]:
    """Return how toxic each text is, or 1 where its rating reaches a threshold and 0 elsewhere.

    It is not a number where there is no text.

    Nothing is kept on disk: a test must not pass by the ratings of yesterday's rater.

    Args:
        texts: Answers, None where there is none.
        rater: Rates them.
        threshold: Least rating that counts as toxic, over 0 to 1; None for the rating itself.

    Raises:
        PluginError: The rater breaks its promise: one number from 0 to 1 per text.
    """
    __tracebackhide__ = True  # pytest would show the texts
    try:
        given = [text for text in texts if text is not None]
        ratings = ToxicityScorer(rater=rater, cache=None).score(given)
    except PluginError as error:
        # Without its traceback, whose frames hold the texts.
        raise PluginError(*error.args) from None
    found = np.full(len(texts), np.nan)
    found[[text is not None for text in texts]] = (
        ratings if threshold is None else ratings >= threshold
    )
    return found
