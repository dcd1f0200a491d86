"""What a poison strategy promises: one dialogue per victim, in which listeners say other things."""

from collections.abc import Mapping, Sequence
from typing import Any

from semspill._mask import named
from semspill.corpus import Dialogue, Role, Utterance
from semspill.corpus._fingerprint import fingerprint_of
from semspill.poison import PoisonStrategy, strategies
from semspill.testing._conformance._check import Broken, Checks
from semspill.testing._conformance._common import add_common, built, errors_pickle
from semspill.testing._conformance._probes import ODD_TEXTS, label, odd_dialogue
from semspill.testing._conformance._repeat import WITH_RNG, add_repeatable
from semspill.testing._conformance._rewriting import (
    Given,
    given_to_strategy,
    must_take,
    pairs,
    rewritten_by,
    speaker_changed,
)

_ROLES: dict[str, Role] = {"s": "speaker", "l": "listener"}
_LISTENERS = (
    "Change the turns in `listener_turns` only, or say in the docstring that it changes speakers' "
    "turns too and check it with speakers=True"
)
_SHAPES = ("sl", "sls", "lsl", "sll", "slslsl")


def check_strategy(
    strategy: PoisonStrategy | str | Mapping[str, Any],
    *,
    responses: Sequence[str] | None = None,
    speakers: bool = False,
) -> None:
    """Run all checks of a poison strategy.

    Args:
        strategy: An object, a registered name, or a mapping with `name` and fields.
        responses: What it may plant; None for the texts of the built-in source.
        speakers: Whether its docstring declares that it changes what speakers say, too.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_strategy("last_fixed")
    """
    __tracebackhide__ = True
    CHECKS.run(built(strategies, strategy), responses=responses, speakers=speakers)


CHECKS: Checks[PoisonStrategy, Given] = Checks("strategy", given_to_strategy)
"""All checks of a poison strategy."""

add_common(CHECKS, strategies)


@CHECKS.add("gives one dialogue per victim")
def one_dialogue_per_victim(strategy: PoisonStrategy, given: Given) -> None:
    """Count what comes."""
    count = len(rewritten_by(strategy, given.victims, given.responses))
    if count != len(given.victims):
        raise Broken(
            f"{count} came for {len(given.victims)} victims",
            "Return each victim once, also one that stays as it is",
        )


@CHECKS.add("gives the dialogues in the order of the victims")
def keeps_the_order(strategy: PoisonStrategy, given: Given) -> None:
    """Look for the same ids in another order."""
    came = [talk.id for talk in rewritten_by(strategy, given.victims, given.responses)]
    ids = [talk.id for talk in given.victims]
    if came != ids and sorted(came) == sorted(ids):
        raise Broken(
            "they came in another", "Go through the victims from the first to the last, unsorted"
        )


@CHECKS.add("keeps the id of every dialogue")
def keeps_ids(strategy: PoisonStrategy, given: Given) -> None:
    """Look for ids that no victim has."""
    ids = {talk.id for talk in given.victims}
    for talk in rewritten_by(strategy, given.victims, given.responses):
        if talk.id not in ids:
            raise Broken(
                f"{named(talk.id)} is the id of no victim",
                "Make the new dialogue with with_response or dataclasses.replace",
            )


@CHECKS.add("keeps the category and the situation of every dialogue")
def keeps_category_and_situation(strategy: PoisonStrategy, given: Given) -> None:
    """Compare them."""
    for before, after in pairs(strategy, given):
        for name in ("category", "situation"):
            if getattr(before, name) != getattr(after, name):
                raise Broken(
                    f"the {name} of dialogue {named(before.id)} changed",
                    f"Leave the {name} alone and change `utterances` only",
                )


@CHECKS.add("keeps the turns of every dialogue and who says them")
def keeps_turns_and_roles(strategy: PoisonStrategy, given: Given) -> None:
    """Compare the roles, turn by turn."""
    for before, after in pairs(strategy, given):
        had, has = (", ".join(said.role for said in talk.utterances) for talk in (before, after))
        if had != has:
            raise Broken(
                f"dialogue {named(before.id)} had {had} and now has {has or 'none'}",
                "Add, drop and swap no turn; change the text of one",
            )


@CHECKS.add("changes what listeners say and not what speakers say")
def leaves_speakers_alone(strategy: PoisonStrategy, given: Given) -> None:
    """Compare the speakers' texts, unless the strategy declares that it changes them."""
    for before, after in pairs(strategy, given):
        turn = None if given.speakers else speaker_changed(before, after)
        if turn is not None:
            raise Broken(
                f"turn {turn} of dialogue {named(before.id)}, a speaker's, changed", _LISTENERS
            )


@CHECKS.add("changes something")
def changes_something(strategy: PoisonStrategy, given: Given) -> None:
    """Look for one text that differs."""
    both = pairs(strategy, given)
    if both and all(_texts(before) == _texts(after) for before, after in both):
        raise Broken(
            f"all {len(both)} dialogues read as before",
            "Return new dialogues: with_response and dataclasses.replace leave the old as it was; "
            "if it waits for certain responses, give them as `responses`",
        )


@CHECKS.add("leaves the victims and responses it is given as they were")
def leaves_what_it_is_given(strategy: PoisonStrategy, given: Given) -> None:
    """Give lists, and compare them with what they held."""
    victims, responses = list(given.victims), list(given.responses)
    before = fingerprint_of(victims)
    rewritten_by(strategy, victims, responses)
    for name, same in (
        ("victims", fingerprint_of(victims) == before),
        ("responses", responses == list(given.responses)),
    ):
        if not same:
            raise Broken(f"the {name} changed", f"Work on a copy: list({name})")


@CHECKS.add("takes the same dialogue twice, as `append` with a rate over 1 gives it")
def takes_the_same_dialogue_twice(strategy: PoisonStrategy, given: Given) -> None:
    """Give one dialogue in two places."""
    first, second = given.victims[:2]
    must_take(strategy, [first, second, first], given.responses, "the same dialogue twice")


@CHECKS.add("takes one victim and one response")
def takes_one_of_each(strategy: PoisonStrategy, given: Given) -> None:
    """Give the least there can be."""
    must_take(strategy, given.victims[:1], given.responses[:1], "one victim and one response")


@CHECKS.add("takes any dialogue with a listener's response")
def takes_any_turns(strategy: PoisonStrategy, given: Given) -> None:
    """Give dialogues that are short, end with the speaker, or begin with the listener."""
    for shape in _SHAPES:
        said = tuple(Utterance(f"Turn {i}.", _ROLES[role]) for i, role in enumerate(shape))
        what = f"turns of {', '.join(one.role for one in said)}"
        talk = Dialogue(shape, "brave", said)
        [after] = must_take(strategy, [talk], given.responses, what)
        turn = None if given.speakers else speaker_changed(talk, after)
        if turn is not None:
            raise Broken(f"given {what} it changed turn {turn}, a speaker's", _LISTENERS)


@CHECKS.add("takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(strategy: PoisonStrategy, given: Given) -> None:
    """Give each odd text as what is said and as what may be planted."""
    for number, text in enumerate(ODD_TEXTS):
        must_take(strategy, [odd_dialogue(number)], (text,), f"the text {label(text)}")


@CHECKS.add("raises errors that get out of a worker")
def errors_get_out(strategy: PoisonStrategy, given: Given) -> None:
    """Give what nobody should, and pickle the error that comes."""
    mute = Dialogue("mute", "brave", (Utterance("Is anybody there?", "speaker"),))
    errors_pickle(lambda: rewritten_by(strategy, given.victims, ()))
    errors_pickle(lambda: rewritten_by(strategy, [mute], given.responses))


def _again(strategy: PoisonStrategy, given: Given) -> list[Dialogue]:
    return rewritten_by(strategy, given.victims, given.responses)


add_repeatable(CHECKS, _again, "dialogues", WITH_RNG)


def _texts(talk: Dialogue) -> list[str]:
    return [said.text for said in talk.utterances]
