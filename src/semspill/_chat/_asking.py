"""Asks a chat service many things: from the answers that are kept, and by calls for the others."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from semspill._chat._answers import KeptAnswers
from semspill._chat._calls import Calls, Failure, Function, Terms
from semspill._progress import Progress

Messages: TypeAlias = list[dict[str, str]]


def ask(
    function: Function,
    asked: Sequence[Callable[[], Messages]],
    *,
    terms: Terms,
    kept: KeptAnswers,
    failed: dict[int, Failure],
    refuse: Callable[[Mapping[int, Failure]], None],
    read: Callable[[object, int], str],
    progress: Progress,
) -> list[str | None]:
    """Return the answer to each call, None where it failed.

    Args:
        function: Takes a list of messages; sync or async.
        asked: Makes the messages of each call, anew for each try.
        terms: Bounds and patience.
        kept: Answers of before, which are not asked for again; new ones are added.
        failed: The calls that failed before, by place, which are not tried again; those that fail
            now are added.
        refuse: Hears of all that failed, at first and after each failure; raises to give up.
        read: Makes a text of what came for a place, or raises.
        progress: Wraps the iterable of calls.
    """
    __tracebackhide__ = True  # pytest would show the texts
    answers = [kept.get(place) for place in range(len(asked))]
    missing = [
        place for place, answer in enumerate(answers) if answer is None and place not in failed
    ]
    calls = Calls(
        function,
        [asked[place] for place in missing],
        lambda call, text: kept.put(missing[call], text),
        terms,
    )
    try:
        refuse(failed)
        for call, came in progress(calls) if missing else ():
            place = missing[call]
            if isinstance(came, Failure):
                failed[place] = came
                refuse(failed)
            else:
                answers[place] = read(came, place)
    finally:
        calls.stop()
    return answers
