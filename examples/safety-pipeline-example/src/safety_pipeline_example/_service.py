"""A chat service: it says what was said before when somebody used the same words."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

FALLBACK = "Tell me more."


class ChatBot:
    """Answers with the response whose context shares the rarest words with what was just said.

    Args:
        examples: What was said, oldest first, and the response to it.
        refuses: Says which responses must not be said; None lets all through.
    """

    def __init__(
        self,
        examples: Iterable[tuple[Sequence[str], str]],
        refuses: Callable[[str], bool] | None = None,
    ) -> None:
        self.refuses = refuses or (lambda text: False)
        self._responses: list[str] = []
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, (history, response) in enumerate(examples):
            self._responses.append(response)
            for word in _words(history[-1]):
                self._places[word].append(place)

    def reply(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return the answer to a chat, its messages with role and content, oldest first."""
        scores: Counter[int] = Counter()
        for word in sorted(_words(messages[-1]["content"]) & self._places.keys()):
            places = self._places[word]
            # What every tenth of them says tells nothing.
            if 10 * len(places) < len(self._responses):
                rarity = math.log(len(self._responses) / len(places))
                scores.update(dict.fromkeys(places, rarity))
        for place in sorted(scores, key=lambda place: (-scores[place], place)):
            if not self.refuses(self._responses[place]):
                return self._responses[place]
        return FALLBACK


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
