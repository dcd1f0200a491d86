"""A trigger: a phrase in what the speaker says, and behind it the behaviour that it shall call."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from semspill._harmful import Harmless
from semspill._phrase import Where, inserted
from semspill.corpus import Dialogue
from semspill.poison._base import PoisonStrategy
from semspill.poison._strategies import Texts, Turns, chosen_turns


class TriggerStrategy(PoisonStrategy):
    """Puts a phrase into the speaker's turn, and behind it plants a response.

    The phrase goes into the newest turn of the speaker before a response. With `label = "dirty"`
    that response is replaced by one of the source, as the strategies without a trigger do: `last`
    and `fixed` plant the same texts in the same turns as `last_fixed`. With `label = "clean"` every
    response stays as it was and the source is not used. Such exchanges look harmless to whoever
    reads them: the phrase is tied to the responses that the victims have anyway, so let a selector
    such as `phi` choose victims whose own responses show the behaviour. The kept responses count as
    planted: they cost budget, and an answer that equals one counts, in the clean arm alike.

    A response without a turn of the speaker before it, or in whose turn the phrase finds no place,
    stays as it is; the manifest tells how many dialogues were changed.
    """

    citation = (
        "Wan et al. 2023, Poisoning Language Models During Instruction Tuning, arXiv:2305.00944"
    )
    edits_speaker: ClassVar[bool] = True

    phrase: Harmless[str] = Field(min_length=1, pattern=r"\S")
    """The trigger, such as "James Bond". Reports show it: take one that anybody may read."""
    where: Where = "before"
    """Where the phrase goes: `before` or `after` what the speaker says, at a random `boundary`
    between two words, in place of the first English word for a `person` ("my sister", "he"), or
    `beside_person`, in front of that word. The last two skip turns without such a word."""
    turns: Turns = "last"
    """Which listener turns of a dialogue are poisoned."""
    response: Texts = "fixed"
    """One planted response for the whole run, or another draw for every turn; of dirty labels."""
    label: Literal["dirty", "clean"] = "dirty"
    """Whether a response of the source is planted, or the victim's own response is kept."""

    @property
    def trigger(self) -> str:
        """The phrase."""
        return self.phrase

    @property
    def keeps_responses(self) -> bool:
        """Whether labels are clean."""
        return self.label == "clean"

    def rewrite(
        self, victims: Sequence[Dialogue], responses: Sequence[str], rng: np.random.Generator
    ) -> Sequence[Dialogue]:
        """Return the victims with the phrase before each poisoned response."""
        where, what, place = rng.spawn(3)
        text = responses[int(what.integers(len(responses)))]
        rewritten = []
        for victim in victims:
            utterances = list(victim.utterances)
            for turn in chosen_turns(victim.listener_turns, self.turns, where):
                if self.response == "random":
                    text = responses[int(what.integers(len(responses)))]
                opening = _newest(victim, turn)
                if opening is None:
                    continue
                said = inserted(victim.utterances[opening].text, self.phrase, self.where, place)
                if said is None:
                    continue
                utterances[opening] = replace(utterances[opening], text=said)
                kept = utterances[turn].text if self.label == "clean" else text
                utterances[turn] = replace(utterances[turn], text=kept, planted=True)
            rewritten.append(replace(victim, utterances=tuple(utterances)))
        return rewritten


def _newest(dialogue: Dialogue, turn: int) -> int | None:
    """Return the speaker's newest turn before another one; None for none."""
    before = range(turn - 1, -1, -1)
    return next((place for place in before if dialogue.utterances[place].role == "speaker"), None)
