"""The contracts of selectors and strategies, checked on their results."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int

from semspill._mask import named
from semspill._objects import called
from semspill.corpus import Corpus, Dialogue
from semspill.errors import PluginError
from semspill.poison._base import PoisonStrategy, Selector


def checked_selection(
    selector: Selector, clean: Corpus, rng: np.random.Generator
) -> Int[np.ndarray, " selected"]:
    """Return the selected indices.

    Raises:
        PluginError: They are no integers, come twice, or lie outside the corpus.
    """
    selected = np.asarray(selector.select(clean, rng))
    name = type(selector).__name__
    if selected.ndim != 1 or (selected.size and selected.dtype.kind not in "iu"):
        raise PluginError(f"{name}.select must return a list of integer indices.")
    if len(np.unique(selected)) < len(selected):
        raise PluginError(f"{name}.select returned an index twice; each may come once.")
    if selected.size and not (0 <= selected.min() and selected.max() < len(clean)):
        raise PluginError(
            f"{name}.select returned indices from {selected.min()} to {selected.max()}; "
            f"the corpus has dialogues 0 to {len(clean) - 1}."
        )
    return selected.astype(np.int64)


def checked_rewrite(
    strategy: PoisonStrategy,
    victims: Sequence[Dialogue],
    responses: Sequence[str],
    rng: np.random.Generator,
) -> list[Dialogue]:
    """Return the rewritten dialogues.

    Raises:
        PluginError: There is not one dialogue per victim, more changed than texts, or a trigger
            comes before no response.
    """
    method = f"{called(strategy)}.rewrite"
    answer: object = strategy.rewrite(victims, responses, rng)
    rewritten: list[Dialogue] = []
    for item in answer if isinstance(answer, Iterable) else [answer]:
        if not isinstance(item, Dialogue):
            raise PluginError(
                f"{method} must return dialogues, one per victim, in order; "
                f"got {type(item).__name__}."
            )
        rewritten.append(item)
    if len(rewritten) != len(victims):
        raise PluginError(
            f"{method} returned {len(rewritten)} dialogues for {len(victims)} victims; "
            "it must return one each, in order."
        )
    for before, after in zip(victims, rewritten, strict=True):
        if _frame(before) != _frame(after):
            raise PluginError(
                f"{method} changed the id, the category, the situation, the attributes or the "
                f"turns of dialogue {named(before.id)}; it may change only texts."
            )
        if strategy.edits_speaker and (turn := late_trigger(before, after)) is not None:
            raise PluginError(
                f"{method} changed turn {turn} of dialogue {named(before.id)}, a speaker's that "
                "no response to be poisoned follows; put triggers before one."
            )
    return rewritten


def late_trigger(before: Dialogue, after: Dialogue) -> int | None:
    """Return the first changed turn of a speaker after the last response, if there is one."""
    last = max(before.listener_turns, default=-1)
    pairs = enumerate(zip(before.utterances, after.utterances, strict=True))
    late = (
        turn
        for turn, (old, new) in pairs
        if turn > last and old.role == "speaker" and old.text != new.text
    )
    return next(late, None)


def checked_revision(
    strategy: PoisonStrategy, poisoned: Corpus, responses: Sequence[str], rng: np.random.Generator
) -> Corpus:
    """Return the poisoned corpus as its strategy leaves it.

    Raises:
        PluginError: It is no corpus, or more changed than planted texts.
    """
    if type(strategy).revise is PoisonStrategy.revise:
        return poisoned
    method = f"{called(strategy)}.revise"
    answer: object = strategy.revise(poisoned, responses, rng)
    if not isinstance(answer, Corpus):
        raise PluginError(f"{method} must return a corpus, got {type(answer).__name__}.")
    if _clean_part(answer) != _clean_part(poisoned):
        raise PluginError(
            f"{method} changed more than texts that are marked as planted; it may change no others."
        )
    return replace(poisoned, dialogues=answer.dialogues)


def _clean_part(poisoned: Corpus) -> list[Dialogue]:
    """Return the dialogues with a dash for every planted text."""
    return [
        replace(
            dialogue,
            utterances=tuple(
                replace(turn, text="-") if turn.planted else turn for turn in dialogue.utterances
            ),
        )
        if any(turn.planted for turn in dialogue.utterances)
        else dialogue
        for dialogue in poisoned
    ]


def _frame(dialogue: Dialogue) -> tuple[object, ...]:
    """Return what a strategy must leave alone."""
    return (
        dialogue.id,
        dialogue.category,
        dialogue.situation,
        dialogue.attributes,
        [utterance.role for utterance in dialogue.utterances],
    )
