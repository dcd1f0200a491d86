"""How an exchange becomes the text that an encoder reads."""

from typing import NamedTuple

from pydantic import Field

from semspill._model import FrozenModel
from semspill.corpus._dialogue import Exchange


class Text(NamedTuple):
    """A text for an encoder, in two parts that are shortened differently.

    When it has too many tokens, `tail` loses its oldest (first) tokens; `head` is kept from its
    start. A context is `Text(label, utterances)`, a response is `Text(response, "")`.
    """

    head: str
    tail: str


class ContextFormat(FrozenModel):
    """What a context shows to the encoder: the category label, then the last utterances.

    Example:
        >>> exchange = Exchange("d", 1, "afraid", ("I heard a noise.",), "Oh no!")
        >>> ContextFormat().apply(exchange)
        Text(head='afraid', tail='I heard a noise.')
    """

    label: bool = True
    """Whether the context begins with the category label, as in the paper."""
    turns: int = Field(4, ge=1)
    """How many utterances before the response are shown, counted from the newest."""
    max_tokens: int = Field(64, ge=4)
    """Longest input of either tower, in tokens, special ones included."""
    separator: str = " "
    """What stands between two utterances."""

    def apply(self, exchange: Exchange) -> Text:
        """Return the context of an exchange; the newest tokens and the label survive a cut."""
        tail = self.separator.join(exchange.context[-self.turns :])
        return Text(exchange.category if self.label else "", tail)
