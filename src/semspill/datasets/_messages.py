"""Writes a corpus as chat messages, for programs that train other models."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

from semspill._atomic import atomic_path
from semspill._files import place_of
from semspill._harmful import UNMASKED
from semspill._mask import named
from semspill.corpus import Corpus, Dialogue, HasCorpus, Role
from semspill.errors import ConfigError, DataError

Form: TypeAlias = Literal["messages", "prompt_completion"]
Rows: TypeAlias = Literal["dialogue", "exchange"]

_ROLES: dict[Role, str] = {"speaker": "user", "listener": "assistant"}


def write_messages(
    corpus: HasCorpus,
    path: str | Path,
    *,
    format: Form = "messages",
    rows: Rows | None = None,
    turns: int | None = None,
    labelled: bool = False,
) -> int:
    """Write a corpus as JSON lines of chat messages, to fine-tune a model with another program.

    The speaker is the `user`, the listener, whom the model learns to be, the `assistant`. Files of
    `messages` are read by OpenAI's fine-tuning, TRL and most others, and again by the dataset
    `jsonl`; `prompt_completion` is TRL's form in which the loss is on the completion alone, as it
    is on the response when semspill trains. Dialogues without a response are left out, and what
    the speaker says behind the last one.

    Planted text is written as it is, because that is what is to be learned: where the corpus holds
    any, the name of the file must say so.

    Args:
        corpus: A corpus, or a value that carries one, such as a poisoned corpus.
        path: The file; it appears whole or not at all, and replaces an older one.
        format: `"messages"`: rows of `{"messages": [...]}`; `"prompt_completion"`: rows of
            `{"prompt": [...], "completion": [...]}`, the completion being the response.
        rows: `"dialogue"`: a row is a dialogue; `"exchange"`: a row is an exchange, the response
            last. None for dialogues, but exchanges in `prompt_completion`.
        turns: With rows of exchanges, how many utterances before the response are kept, as
            `ContextFormat.turns`; None for all.
        labelled: Whether rows also hold `id`, `category`, `split`, and `situation`, `speaker` and
            `attributes` where there are any, to be read back; some programs refuse such keys.

    Returns:
        The number of rows.

    Raises:
        ConfigError: The corpus holds planted text and the name of the file does not say so, or
            `rows` and `turns` do not go with the rest.
        DataError: A row of a dialogue cannot say what the corpus says: that a response is not
            learned, or that later turns heard something else.

    Example:
        >>> import semspill as sp
        >>> corpus = sp.datasets.build({"name": "synthetic", "train": 40}).load("train")
        >>> sp.write_messages(corpus, "train.jsonl")    # doctest: +SKIP
        40
    """
    whole, place = corpus.corpus, place_of(path)
    by_exchange = (rows or ("dialogue" if format == "messages" else "exchange")) == "exchange"
    if format == "prompt_completion" and not by_exchange:
        raise ConfigError('A row of prompt_completion is an exchange; leave rows="dialogue" out.')
    if turns is not None and (not by_exchange or turns < 1):
        raise ConfigError('turns is a number from 1, and goes with rows="exchange".')
    if UNMASKED not in place.name and _is_planted(whole):
        raise ConfigError(
            f"A file of planted text cannot be named {named(place.name)}; choose a name with "
            f"{UNMASKED} in it."
        )
    made = _of_exchanges(whole, format, turns) if by_exchange else _of_dialogues(whole)
    count = 0
    with (
        atomic_path(place) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as out,
    ):
        for row, beside in made:
            told = {**beside, "split": whole.split} if labelled else {}
            out.write(json.dumps({**told, **row}, ensure_ascii=False) + "\n")
            count += 1
    return count


_Made: TypeAlias = Iterator[tuple[dict[str, Any], dict[str, Any]]]
"""Rows, each with what stands beside its messages where they are labelled."""


def _of_dialogues(corpus: Corpus) -> _Made:
    for dialogue in corpus:
        if dialogue.listener_turns:
            yield {"messages": list(_messages(dialogue))}, _beside(dialogue, dialogue.category)


def _messages(dialogue: Dialogue) -> Iterator[dict[str, str]]:
    if dialogue.system:
        yield {"role": "system", "content": dialogue.system}
    for said in dialogue.utterances[: dialogue.listener_turns[-1] + 1]:
        if said.original is not None or not said.learned:
            what = "is not learned" if said.original is None else "was heard otherwise"
            raise DataError(
                f"Dialogue {named(dialogue.id)} holds an utterance that {what} later, which a row "
                'of a dialogue cannot say; write it with rows="exchange".'
            )
        yield {"role": _ROLES[said.role], "content": said.text}


def _of_exchanges(corpus: Corpus, format: Form, turns: int | None) -> _Made:
    for dialogue in corpus:
        for exchange in dialogue.exchanges:
            if not exchange.learned:
                continue
            before = exchange.messages(turns=turns)
            said = [{"role": "assistant", "content": exchange.response}]
            beside = _beside(dialogue, exchange.category)
            beside["id"] = f"{dialogue.id}-{exchange.turn}"
            if format == "messages":
                yield {"messages": before + said}, beside
            else:
                yield {"prompt": before, "completion": said}, beside


def _beside(dialogue: Dialogue, category: str) -> dict[str, Any]:
    more = {
        "situation": dialogue.situation,
        "speaker": dialogue.speaker,
        "attributes": dict(dialogue.attributes),
    }
    told = {key: value for key, value in more.items() if value}
    return {"id": dialogue.id, "category": category, **told}


def _is_planted(corpus: Corpus) -> bool:
    return any(said.planted for dialogue in corpus for said in dialogue.utterances)
