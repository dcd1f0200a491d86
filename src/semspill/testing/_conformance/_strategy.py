"""What a poison strategy promises: one dialogue per victim, with other listener responses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from semspill._mask import named
from semspill.corpus import Dialogue, Role, Utterance
from semspill.corpus._fingerprint import fingerprint_of
from semspill.errors import DataError
from semspill.poison import PoisonStrategy
from semspill.poison._contract import late_trigger
from semspill.sources import sources
from semspill.testing._conformance._check import Broken, Promise, described_error, promise
from semspill.testing._conformance._common import errors_pickle
from semspill.testing._conformance._probes import ODD_TEXTS, label, odd_dialogue, tiny_corpus
from semspill.testing._conformance._same import WITH_RNG, promise_the_same

PROMISES: list[Promise] = []

_ROLES: dict[str, Role] = {"s": "speaker", "l": "listener"}
_LISTENERS = (
    "Change the turns in `listener_turns` only; set `edits_speaker` where what changes in a "
    "speaker's turn is a trigger, or say in the docstring that it changes speakers and check "
    "it with speakers=True"
)


@dataclass(frozen=True)
class _Given:
    """What a strategy is tried on."""

    victims: tuple[Dialogue, ...] = field(repr=False)
    """Dialogues of two listener turns each."""
    responses: tuple[str, ...] = field(repr=False)  # a traceback would show them
    """What may be planted, at least one text."""
    speakers: bool
    """Whether it may change what speakers say."""


def given(*, responses: Sequence[str] | None = None, speakers: bool = False) -> _Given:
    """Return what a strategy is tried on.

    Raises:
        DataError: There is no response.
    """
    texts = sources.build("builtin").load() if responses is None else tuple(responses)
    if not texts:
        raise DataError(
            "The strategy got no responses to plant; give at least one, or leave `responses` out "
            "for those of the built-in source."
        )
    return _Given(tiny_corpus().dialogues, texts, speakers)


@promise(PROMISES, "gives one dialogue per victim")
def one_dialogue_per_victim(strategy: PoisonStrategy, given: _Given) -> None:
    count = len(_rewritten(strategy, given))
    if count != len(given.victims):
        raise Broken(
            f"{count} came for {len(given.victims)} victims",
            "Return each victim once, also one that stays as it is",
        )


@promise(PROMISES, "gives the dialogues in the order of the victims")
def keeps_the_order(strategy: PoisonStrategy, given: _Given) -> None:
    came = [dialogue.id for dialogue in _rewritten(strategy, given)]
    ids = [dialogue.id for dialogue in given.victims]
    if came != ids and sorted(came) == sorted(ids):
        mend = "Go through the victims from the first to the last, unsorted"
        raise Broken("they came in another", mend)


@promise(PROMISES, "keeps the id of every dialogue")
def keeps_ids(strategy: PoisonStrategy, given: _Given) -> None:
    ids = {dialogue.id for dialogue in given.victims}
    for dialogue in _rewritten(strategy, given):
        if dialogue.id not in ids:
            raise Broken(
                f"{named(dialogue.id)} is the id of no victim",
                "Make the new dialogue with with_response or dataclasses.replace",
            )


@promise(PROMISES, "keeps the category and the situation of every dialogue")
def keeps_category_and_situation(strategy: PoisonStrategy, given: _Given) -> None:
    for before, after in _pairs(strategy, given):
        for name in ("category", "situation"):
            if getattr(before, name) != getattr(after, name):
                raise Broken(
                    f"the {name} of dialogue {named(before.id)} changed",
                    f"Leave the {name} alone and change `utterances` only",
                )


@promise(PROMISES, "keeps the turns of every dialogue and who says them")
def keeps_turns_and_roles(strategy: PoisonStrategy, given: _Given) -> None:
    for before, after in _pairs(strategy, given):
        had, has = (", ".join(turn.role for turn in one.utterances) for one in (before, after))
        if had != has:
            raise Broken(
                f"dialogue {named(before.id)} had {had} and now has {has or 'none'}",
                "Add, drop and swap no turn; change the text of one",
            )


@promise(PROMISES, "changes what listeners say and not what speakers say")
def leaves_speakers_alone(strategy: PoisonStrategy, given: _Given) -> None:
    for before, after in _pairs(strategy, given):
        turn = _speaker_changed(before, after)
        if turn is not None and not _may_change_speakers(strategy, given):
            which = f"turn {turn} of dialogue {named(before.id)}, a speaker's"
            raise Broken(f"{which}, changed", _LISTENERS)


@promise(PROMISES, "changes something")
def changes_something(strategy: PoisonStrategy, given: _Given) -> None:
    pairs = _pairs(strategy, given)
    if pairs and all(_texts(before) == _texts(after) for before, after in pairs):
        raise Broken(
            f"all {len(pairs)} dialogues read as before",
            "Return new dialogues: with_response and dataclasses.replace leave the old as it was; "
            "if it waits for certain responses, give them as `responses`",
        )
    if strategy.edits_speaker and pairs and not any(_plants(*pair) for pair in pairs):
        raise Broken(
            "nothing but turns of speakers changed, so that no response is planted",
            "Replace the response behind the trigger, or mark the one that is there: "
            "dataclasses.replace(turn, planted=True)",
        )


@promise(PROMISES, "leaves the victims and responses it is given as they were")
def leaves_what_it_is_given(strategy: PoisonStrategy, given: _Given) -> None:
    victims, responses = list(given.victims), list(given.responses)
    before = fingerprint_of(victims)
    _rewrite(strategy, victims, responses)
    for name, same in (
        ("victims", fingerprint_of(victims) == before),
        ("responses", responses == list(given.responses)),
    ):
        if not same:
            raise Broken(f"the {name} changed", f"Work on a copy: list({name})")


@promise(PROMISES, "takes the same dialogue twice, as `append` with a rate over 1 gives it")
def takes_the_same_dialogue_twice(strategy: PoisonStrategy, given: _Given) -> None:
    first, second = given.victims[:2]
    _take(strategy, [first, second, first], given.responses, "the same dialogue twice")


@promise(PROMISES, "takes one victim and one response")
def takes_one_of_each(strategy: PoisonStrategy, given: _Given) -> None:
    _take(strategy, given.victims[:1], given.responses[:1], "one victim and one response")


@promise(PROMISES, "takes any dialogue with a listener's response")
def takes_any_turns(strategy: PoisonStrategy, given: _Given) -> None:
    # Short, ends with the speaker, begins with the listener, and so on.
    for shape in ("sl", "sls", "lsl", "sll", "slslsl"):
        turns = tuple(Utterance(f"Turn {i}.", _ROLES[role]) for i, role in enumerate(shape))
        what = f"turns of {', '.join(turn.role for turn in turns)}"
        dialogue = Dialogue(shape, "brave", turns)
        [after] = _take(strategy, [dialogue], given.responses, what)
        changed = _speaker_changed(dialogue, after)
        if changed is not None and not _may_change_speakers(strategy, given):
            raise Broken(f"given {what} it changed turn {changed}, a speaker's", _LISTENERS)
        if strategy.edits_speaker and late_trigger(dialogue, after) is not None:
            raise Broken(
                f"given {what} it changed a speaker's turn that no response follows",
                "Put a trigger before a response, and leave dialogues without a place for one",
            )


@promise(PROMISES, "takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(strategy: PoisonStrategy, given: _Given) -> None:
    for number, text in enumerate(ODD_TEXTS):
        _take(strategy, [odd_dialogue(number)], (text,), f"the text {label(text)}")


@promise(PROMISES, "raises errors that get out of a worker")
def errors_get_out(strategy: PoisonStrategy, given: _Given) -> None:
    mute = Dialogue("mute", "brave", (Utterance("Is anybody there?", "speaker"),))
    errors_pickle(lambda: _rewrite(strategy, given.victims, ()))
    errors_pickle(lambda: _rewrite(strategy, [mute], given.responses))


def _rewritten(strategy: PoisonStrategy, given: _Given) -> list[Dialogue]:
    return _rewrite(strategy, given.victims, given.responses)


promise_the_same(PROMISES, _rewritten, "dialogues", WITH_RNG)


def _rewrite(
    strategy: PoisonStrategy, victims: Sequence[Dialogue], responses: Sequence[str]
) -> list[Dialogue]:
    """Return what comes for a new rng of always the same seed."""
    answer: object = strategy.rewrite(victims, responses, np.random.default_rng(0))
    rewritten: list[Dialogue] = []
    for item in answer if isinstance(answer, Iterable) else [answer]:
        if not isinstance(item, Dialogue):
            gave = f"rewrite gave {type(item).__name__} where a Dialogue belongs"
            raise Broken(gave, "Return a list of dialogues")
        rewritten.append(item)
    return rewritten


def _take(
    strategy: PoisonStrategy, victims: Sequence[Dialogue], responses: Sequence[str], what: str
) -> list[Dialogue]:
    """Return what comes for some input, one for each victim."""
    try:
        rewritten = _rewrite(strategy, victims, responses)
    except Broken:
        raise
    except Exception as error:
        raised = f"given {what} it raised {described_error(error)}"
        raise Broken(raised, f"Let it take {what}") from error
    if len(rewritten) != len(victims):
        raise Broken(
            f"given {what} it returned {len(rewritten)} dialogues for {len(victims)} victims",
            "Return one for each, and do not keep them by id or by text",
        )
    return rewritten


def _pairs(strategy: PoisonStrategy, given: _Given) -> list[tuple[Dialogue, Dialogue]]:
    """Return each victim with what became of it, whatever the order."""
    after = {dialogue.id: dialogue for dialogue in _rewritten(strategy, given)}
    return [(victim, after[victim.id]) for victim in given.victims if victim.id in after]


def _may_change_speakers(strategy: PoisonStrategy, given: _Given) -> bool:
    return given.speakers or strategy.edits_speaker


def _speaker_changed(before: Dialogue, after: Dialogue) -> int | None:
    """Return the first turn at which the speaker said something else before; None if none."""
    for turn, (old, new) in enumerate(zip(before.utterances, after.utterances, strict=False)):
        if old.role == new.role == "speaker" and old.text != new.text:
            return turn
    return None


def _plants(before: Dialogue, after: Dialogue) -> bool:
    """Return whether a response changed, or is marked as planted."""
    pairs = zip(before.utterances, after.utterances, strict=False)
    return any(
        old.role == "listener" and (old.text != new.text or new.planted) for old, new in pairs
    )


def _texts(dialogue: Dialogue) -> list[str]:
    return [utterance.text for utterance in dialogue.utterances]
