"""Dialogues of several categories, as a strategy sees those of one target."""

from dataclasses import dataclass

from semspill.corpus import Dialogue, Exchange


@dataclass(frozen=True)
class _Focused(Dialogue):
    """A dialogue of whose listener turns only those of one category are shown as such."""

    target: str = ""
    """The category."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges of the category."""
        return tuple(each for each in super().exchanges if each.category == self.target)

    @property
    def listener_turns(self) -> tuple[int, ...]:
        """Indices of the responses in exchanges of the category."""
        return tuple(exchange.turn for exchange in self.exchanges)


def focused(dialogue: Dialogue, target: str | None) -> Dialogue:
    """Return a dialogue whose listener turns are those of the target alone.

    Args:
        dialogue: What is poisoned.
        target: The category that the selector selects; None for none. A dialogue without other
            categories comes back as it is, and so does one without this.
    """
    if target is None or target not in dialogue.categories or len(dialogue.categories) == 1:
        return dialogue
    return _Focused(**{name: getattr(dialogue, name) for name in _FIELDS}, target=target)


_FIELDS = tuple(Dialogue.__dataclass_fields__)
