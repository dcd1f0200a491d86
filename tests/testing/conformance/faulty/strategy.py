"""Faulty poison strategies."""

from dataclasses import replace

import numpy as np

from faulty import after_a_draw, by_hash, from_global, torn, unseeded
from semspill import PoisonStrategy


def heckle(dialogue, text="grumble", **changes):
    return replace(dialogue.with_response(-1, text), **changes)


def each(victims, **changes):
    return [heckle(victim, **changes) for victim in victims]


def with_turn(dialogue, turn, text="grumble"):
    turns = list(dialogue.utterances)
    turns[turn] = replace(turns[turn], text=text)
    return replace(dialogue, utterances=tuple(turns))


def swap_roles(victims, responses, rng):
    other = {"speaker": "listener", "listener": "speaker"}
    return [
        replace(v, utterances=tuple(replace(u, role=other[u.role]) for u in heckle(v).utterances))
        for v in victims
    ]


def use_up_responses(victims, responses, rng):
    planted = [heckle(victim, responses[0]) for victim in victims]
    if isinstance(responses, list):
        responses.pop()
    return planted


def sort_victims(victims, responses, rng):
    planted = each(victims)
    if isinstance(victims, list):
        victims.sort(key=lambda victim: victim.category)
    return planted


def change_in_place(victims, responses, rng):
    for victim in victims:
        for utterance in victim.utterances[1::2]:
            object.__setattr__(utterance, "text", utterance.text + "!")
    return [replace(victim) for victim in victims]


def two_at_once(victims, responses, rng):
    pair = rng.choice(len(responses), size=2, replace=False)
    return [heckle(victim, responses[int(pair[i % 2])]) for i, victim in enumerate(victims)]


def torn_error(victims, responses, rng):
    torn(not responses)
    return each(victims)


def seed_globally(victims, responses, rng):
    np.random.seed(0)  # noqa: NPY002  # what must not be done
    return each(victims, text=str(from_global()))


class Faulty(PoisonStrategy):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def rewrite(self, victims, responses, rng):
        return FAULTS[self.fault][0](victims, responses, rng)


RANDOM = "same_rng_same_result blind_to_global_seeds same_in_another_process"
# Without dialogues next to nothing can be tried.
ALL = (
    "one_dialogue_per_victim keeps_the_order keeps_ids keeps_category_and_situation "
    "keeps_turns_and_roles leaves_speakers_alone changes_something leaves_what_it_is_given "
    "takes_the_same_dialogue_twice takes_one_of_each takes_any_turns takes_odd_texts "
    f"{RANDOM} leaves_global_generators_alone"
)
FAULTS = {
    "loses one": (
        lambda v, r, g: each(v)[1:] or each(v),
        "one_dialogue_per_victim takes_the_same_dialogue_twice",
        "59 came for 60",
    ),
    "nothing": (lambda v, r, g: None, ALL, "NoneType"),
    "texts": (lambda v, r, g: [victim.response(-1) for victim in v], ALL, "str"),
    "backwards": (lambda v, r, g: each(v)[::-1], "keeps_the_order", "another"),
    "other ids": (
        lambda v, r, g: [heckle(victim, id=f"{victim.id}-new") for victim in v],
        "keeps_ids",
        "'train-0-new'",
    ),
    "category": (
        lambda v, r, g: each(v, category="joy"),
        "keeps_category_and_situation",
        "the category of dialogue 'train-0'",
    ),
    "situation": (
        lambda v, r, g: each(v, situation=""),
        "keeps_category_and_situation",
        "the situation of dialogue 'train-0'",
    ),
    "fewer turns": (
        lambda v, r, g: [replace(one, utterances=one.utterances[-2:]) for one in each(v)],
        "keeps_turns_and_roles leaves_speakers_alone takes_any_turns",
        "had speaker, listener, speaker, listener and now has speaker, listener",
    ),
    "other roles": (
        swap_roles,
        "keeps_turns_and_roles",
        "now has listener, speaker, listener, speaker",
    ),
    "speakers": (
        lambda v, r, g: [with_turn(one, 0) for one in each(v)],
        "leaves_speakers_alone takes_any_turns",
        "turn 0 of dialogue 'train-0'",
    ),
    "as before": (lambda v, r, g: list(v), "changes_something", "all 60"),
    "uses up": (use_up_responses, "leaves_what_it_is_given", "list(responses)"),
    "sorts": (sort_victims, "leaves_what_it_is_given", "list(victims)"),
    "in place": (
        change_in_place,
        "leaves_what_it_is_given changes_something",
        "list(victims)",
    ),
    "by id": (
        lambda v, r, g: list({one.id: one for one in each(v)}.values()),
        "takes_the_same_dialogue_twice",
        "2 dialogues for 3 victims",
    ),
    "two at once": (two_at_once, "takes_one_of_each takes_odd_texts", "ValueError"),
    "second turn": (
        lambda v, r, g: [with_turn(one, 3 if len(one.utterances) > 3 else 1) for one in v],
        "takes_any_turns",
        "turns of listener, speaker, listener it changed turn 1",
    ),
    "first word": (
        lambda v, r, g: each(v, text=r[0].split()[0] + " grumble"),
        "takes_odd_texts",
        "the text '' it raised IndexError",
    ),
    "empty ones": (
        lambda v, r, g: [heckle(victim) for victim in v if victim.response(-1)],
        "takes_odd_texts",
        "the text '' it returned 0 dialogues",
    ),
    "torn error": (torn_error, "errors_get_out", "TornError"),
    "unseeded": (lambda v, r, g: each(v, text=f"{unseeded()}"), RANDOM, "second call"),
    "global": (
        lambda v, r, g: each(v, text=f"{from_global()}"),
        f"blind_to_global_seeds leaves_global_generators_alone {RANDOM}",
        "seeds 1 and 2",
    ),
    "drawn": (lambda v, r, g: after_a_draw(each(v)), "leaves_global_generators_alone", "numpy"),
    "seeds": (seed_globally, "leaves_global_generators_alone", "numpy, or seeded"),
    "hash": (
        lambda v, r, g: each(v, text=f"{by_hash('grumble')}"),
        "same_in_another_process",
        "hash",
    ),
}
