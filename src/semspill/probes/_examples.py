"""Example exchanges in front of a context, for models that learn from them as they read."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pydantic import Field

from semspill.corpus import Corpus, Exchange, Role
from semspill.errors import DataError
from semspill.probes._base import Probe, roles_of


class ExamplesProbe(Probe):
    """Puts example exchanges in front of every context, as earlier turns: few-shot.

    Models read as many turns and tokens as their context shows: raise `context.turns` and
    `context.max_tokens`, or the examples are cut off first. Put other probes behind it in a list.

    Example:
        >>> asked = Exchange("d1", 1, "joy", ("I won!",), "Well done.")
        >>> probe = ExamplesProbe(examples=[("My dog died.", "I am so sorry.")])
        >>> probe.apply([asked], np.random.default_rng(0))[0].context
        ('My dog died.', 'I am so sorry.', 'I won!')
    """

    citation = "Brown et al. 2020, Language Models are Few-Shot Learners, arXiv:2005.14165"

    examples: tuple[tuple[str, str], ...] = Field(min_length=1, repr=False)
    """What a speaker says and what the listener answers, the first one first; `draw_examples` draws
    them from a corpus."""

    def apply(self, exchanges: Sequence[Exchange], rng: np.random.Generator) -> Sequence[Exchange]:
        """Return the exchanges with the examples as earlier turns."""
        turns = tuple(text for pair in self.examples for text in pair)
        before: tuple[Role, ...] = ("speaker", "listener") * len(self.examples)
        return [
            replace(one, context=(*turns, *one.context), roles=(*before, *roles_of(one)))
            for one in exchanges
        ]


def draw_examples(corpus: Corpus, count: int, rng: np.random.Generator) -> ExamplesProbe:
    """Return a probe with the first exchanges of dialogues that are drawn from a corpus.

    Give it the clean training corpus: what is planted is passed over.

    Args:
        corpus: Where the examples come from.
        count: How many.
        rng: Draws the dialogues.

    Raises:
        DataError: Fewer dialogues begin with one turn of the speaker and a clean response.
    """
    firsts = (dialogue.exchanges[0] for dialogue in corpus if dialogue.exchanges)
    known = [one for one in firsts if len(one.context) == 1 and not one.planted]
    if not 0 < count <= len(known):
        raise DataError(
            f"{count} examples were asked for, and {len(known)} dialogues of the corpus begin with "
            "a turn of the speaker and a clean response; ask for 1 up to that many."
        )
    drawn = rng.choice(len(known), count, replace=False)
    return ExamplesProbe(examples=[(known[i].context[0], known[i].response) for i in drawn])
