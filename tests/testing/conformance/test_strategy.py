"""Checks of poison strategies: the built-in ones pass, and each check trips on a broken one."""

from dataclasses import replace

import numpy as np
import pytest

from semspill import PoisonStrategy, strategies
from semspill.errors import DataError, RegistryError
from semspill.testing import ConformanceError
from semspill.testing._conformance._strategy import CHECKS, check_strategy

BUILT_IN = [name for name in strategies.names() if name.endswith(("_fixed", "_random"))]
COMMON = {
    "has_a_citation",
    "can_be_named",
    "comes_back_from_its_config",
    "refuses_unknown_fields",
    "never_changes",
    "pickles",
}


class TornError(ValueError):
    """Has two arguments and tells its base class of one, so a copy cannot be made."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


def heckle(talk, text="grumble", **changes):
    return replace(talk.with_response(-1, text), **changes)


def each(victims, **changes):
    return [heckle(talk, **changes) for talk in victims]


def retold(talk, turn, text):
    said = list(talk.utterances)
    said[turn] = replace(said[turn], text=text)
    return replace(talk, utterances=tuple(said))


def drop_a_turn(victims, responses, rng):
    return [replace(heckle(t), utterances=heckle(t).utterances[-2:]) for t in victims]


def swap_roles(victims, responses, rng):
    other = {"speaker": "listener", "listener": "speaker"}
    return [
        replace(t, utterances=tuple(replace(u, role=other[u.role]) for u in heckle(t).utterances))
        for t in victims
    ]


def use_up_responses(victims, responses, rng):
    planted = [heckle(talk, responses[0]) for talk in victims]
    if isinstance(responses, list):
        responses.pop()
    return planted


def sort_victims(victims, responses, rng):
    planted = each(victims)
    if isinstance(victims, list):
        victims.sort(key=lambda talk: talk.category)
    return planted


def key_by_id(victims, responses, rng):
    return list({talk.id: heckle(talk) for talk in victims}.values())


def two_at_once(victims, responses, rng):
    a, b = rng.choice(len(responses), size=2, replace=False)
    return [heckle(talk, responses[int((a, b)[i % 2])]) for i, talk in enumerate(victims)]


def answer_every_second_turn(victims, responses, rng):
    return [retold(talk, 3 if len(talk.utterances) > 3 else 1, "grumble") for talk in victims]


def take_the_first_word(victims, responses, rng):
    return [heckle(talk, responses[0].split()[0] + " grumble") for talk in victims]


def lose_empty_ones(victims, responses, rng):
    return [heckle(talk) for talk in victims if talk.response(-1)]


def tear(victims, responses, rng):
    if not responses:
        raise TornError("responses", "none")
    return each(victims)


def draw_from_nowhere(victims, responses, rng):
    return each(victims, text=str(np.random.default_rng().random()))


def draw_globally(victims, responses, rng):
    return each(victims, text=str(np.random.random()))  # noqa: NPY002  # what must not be done


def draw_and_forget(victims, responses, rng):
    np.random.random()  # noqa: NPY002  # what must not be done
    return each(victims)


def seed_globally(victims, responses, rng):
    np.random.seed(0)  # noqa: NPY002  # what must not be done
    return each(victims, text=str(np.random.random()))  # noqa: NPY002


FAULTS = {
    "loses one": (
        lambda v, r, g: each(v)[1:] or each(v),
        {"one_dialogue_per_victim": "59 came for 60 victims", "takes_the_same_dialogue_twice": ""},
    ),
    "nothing": (
        lambda v, r, g: None,
        {"one_dialogue_per_victim": "rewrite gave NoneType where a Dialogue belongs", "*": ""},
    ),
    "texts": (
        lambda v, r, g: [talk.response(-1) for talk in v],
        {"one_dialogue_per_victim": "rewrite gave str where", "*": ""},
    ),
    "backwards": (
        lambda v, r, g: each(v)[::-1],
        {"keeps_the_order": "but they came in another. Go through the victims from the first"},
    ),
    "other ids": (
        lambda v, r, g: [heckle(t, id=f"{t.id}-new") for t in v],
        {"keeps_ids": "'train-0-new' is the id of no victim. Make the new dialogue with"},
    ),
    "other category": (
        lambda v, r, g: each(v, category="joy"),
        {"keeps_category_and_situation": "the category of dialogue 'train-0' changed"},
    ),
    "other situation": (
        lambda v, r, g: each(v, situation=""),
        {"keeps_category_and_situation": "the situation of dialogue 'train-0' changed"},
    ),
    "fewer turns": (
        drop_a_turn,
        {
            "keeps_turns_and_roles": "had speaker, listener, speaker, listener and now has "
            "speaker, listener. Add, drop and swap no turn",
            "leaves_speakers_alone": "",
            "takes_any_turns": "",
        },
    ),
    "other roles": (
        swap_roles,
        {"keeps_turns_and_roles": "and now has listener, speaker, listener, speaker. Add"},
    ),
    "speakers": (
        lambda v, r, g: [retold(heckle(t), 0, "grumble") for t in v],
        {
            "leaves_speakers_alone": "turn 0 of dialogue 'train-0', a speaker's, changed",
            "takes_any_turns": "",
        },
    ),
    "as before": (
        lambda v, r, g: list(v),
        {"changes_something": "all 60 dialogues read as before. Return new dialogues"},
    ),
    "uses up": (
        use_up_responses,
        {"leaves_what_it_is_given": "the responses changed. Work on a copy: list(responses)"},
    ),
    "sorts": (
        sort_victims,
        {
            "leaves_what_it_is_given": "the victims changed. Work on a copy: list(victims)",
        },
    ),
    "by id": (
        key_by_id,
        {"takes_the_same_dialogue_twice": "it returned 2 dialogues for 3 victims. Return one for"},
    ),
    "two at once": (
        two_at_once,
        {
            "takes_one_of_each": "given one victim and one response it raised ValueError",
            "takes_odd_texts": "",
        },
    ),
    "second turn": (
        answer_every_second_turn,
        {
            "takes_any_turns": "given turns of listener, speaker, listener it changed turn 1, a "
            "speaker's",
        },
    ),
    "first word": (
        take_the_first_word,
        {"takes_odd_texts": "given the text '' it raised IndexError: list index out of range. Let"},
    ),
    "empty ones": (
        lose_empty_ones,
        {"takes_odd_texts": "given the text '' it returned 0 dialogues for 1 victims"},
    ),
    "torn error": (
        tear,
        {"errors_get_out": "its TornError is lost (TypeError: TornError.__init__() missing 1"},
    ),
    "unseeded": (
        draw_from_nowhere,
        {
            "same_rng_same_result": "but the second call gave others. Draw from the rng it is",
            "blind_to_global_seeds": "",
        },
    ),
    "global": (
        draw_globally,
        {
            "blind_to_global_seeds": "but global seeds 1 and 2 gave different ones. Draw",
            "same_rng_same_result": "",
            "leaves_global_generators_alone": "",
        },
    ),
    "global for nothing": (
        draw_and_forget,
        {"leaves_global_generators_alone": "it drew from that of numpy, or seeded it. Draw from"},
    ),
    "seeds": (
        seed_globally,
        {"leaves_global_generators_alone": "it drew from that of numpy, or seeded it"},
    ),
}


class Faulty(PoisonStrategy):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def rewrite(self, victims, responses, rng):
        return FAULTS[self.fault][0](victims, responses, rng)


class Mindful(PoisonStrategy):
    """Answers in capitals, in turns of its own choice, and is lazy about it."""

    citation = "original"

    def rewrite(self, victims, responses, rng):
        for talk in victims:
            turn = int(rng.integers(len(talk.listener_turns)))
            yield talk.with_response(turn, talk.response(turn).upper() + "!")


class Gossip(PoisonStrategy):
    """Has the speaker grumble; it declares that it changes what speakers say."""

    citation = "original"

    def rewrite(self, victims, responses, rng):
        return [retold(talk, 0, "grumble") for talk in victims]


# Whether another process can import this module hangs on how pytest was started.
HERE = [check for check in CHECKS if check.name != "same_in_another_process"]


def tripped(strategy, checks=HERE, **given):
    said = {}
    for check in checks:
        try:
            check(strategy, **given)
        except ConformanceError as error:
            [said[check.name]] = error.sentences
    return said


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_strategies_pass(name):
    check_strategy(name)


def test_a_strangers_strategy_passes():
    check_strategy(Mindful())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_strategy_trips_its_check_and_no_other(fault):
    said = tripped(Faulty(fault=fault))
    expected = FAULTS[fault][1]
    (name, piece), *_ = expected.items()
    assert piece in said[name]
    assert said[name].startswith("Faulty promises: ")
    if "*" in expected:
        assert said.keys() == {check.name for check in HERE} - COMMON - {"errors_get_out"}
    else:
        assert said.keys() == expected.keys()


def test_every_check_is_tripped_by_one():
    firsts = {next(iter(expected)) for _, expected in FAULTS.values()}
    elsewhere = {"same_in_another_process"}  # below
    assert firsts | elsewhere | COMMON == {check.name for check in CHECKS}
    assert len({check.name for check in CHECKS}) == len(list(CHECKS))


ORDERED_BY_HASH = """
from semspill import PoisonStrategy

class Hashed(PoisonStrategy):
    citation = "original"

    def rewrite(self, victims, responses, rng):
        first, *_ = {f"{text} grumble" for text in responses}
        return [talk.with_response(-1, first) for talk in victims]
"""


def test_a_strategy_that_hangs_on_the_hash_of_a_text_trips_the_other_process(tmp_path, monkeypatch):
    (tmp_path / "a_plugin_by_hash.py").write_text(ORDERED_BY_HASH)
    monkeypatch.syspath_prepend(tmp_path)
    from a_plugin_by_hash import Hashed

    said = tripped(Hashed(), CHECKS, responses=[f"grumble {i}" for i in range(10_000)])
    assert said.keys() == {"same_in_another_process"}
    assert said["same_in_another_process"] == (
        "Hashed promises: gives the same dialogues in another process; but they were others there. "
        "Strings hash differently in every process: sort what was a set, and leave hash() out."
    )


def test_one_call_says_all_that_is_broken():
    with pytest.raises(ConformanceError) as caught:
        check_strategy(Faulty(fault="global"))
    assert len(caught.value.sentences) >= 3
    assert str(caught.value).splitlines() == list(caught.value.sentences)


def test_speakers_may_change_where_it_is_declared():
    check_strategy(Gossip(), speakers=True)
    with pytest.raises(ConformanceError, match="and check it with speakers=True"):
        check_strategy(Gossip())
    assert tripped(Gossip()).keys() == {"leaves_speakers_alone", "takes_any_turns"}


def test_the_responses_are_those_given():
    class Picky(PoisonStrategy):
        """Plants only what grumbles."""

        citation = "original"

        def rewrite(self, victims, responses, rng):
            texts = [text for text in responses if "grumble" in text]
            return [heckle(talk, texts[0]) if texts else talk for talk in victims]

    said = tripped(Picky())
    assert (
        "if it waits for certain responses, give them as `responses`" in said["changes_something"]
    )
    assert tripped(Picky(), responses=["grumble"]).keys() == {"pickles"}


def test_what_is_given_wrongly_is_no_fault_of_the_strategy():
    with pytest.raises(DataError, match="got no responses to plant; give at least one, or leave"):
        check_strategy("last_fixed", responses=[])
    with pytest.raises(RegistryError, match="Did you mean 'last_fixed'"):
        check_strategy("last_fixd")


def test_a_strategy_is_given_as_a_mapping_too():
    check_strategy({"name": "each_random"}, responses=("grumble", "grumble grumble"))


def test_victims_changed_in_place_are_noticed_every_time():
    class InPlace(PoisonStrategy):
        citation = "original"

        def rewrite(self, victims, responses, rng):
            for talk in victims:
                for said in talk.utterances:
                    object.__setattr__(said, "text", said.text.upper())
            return list(victims)

    for _ in range(2):
        assert "leaves_what_it_is_given" in tripped(InPlace())
    check_strategy("last_fixed")
