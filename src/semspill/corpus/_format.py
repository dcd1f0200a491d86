"""How an exchange becomes the text that an encoder reads."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from semspill._model import FrozenModel
from semspill.corpus._dialogue import Exchange
from semspill.errors import DataError


class Text(NamedTuple):
    """A text for an encoder, in two parts that are shortened differently.

    When it has too many tokens, `tail` loses its oldest (first) tokens; `head` is kept from its
    start. A context is `Text(label, utterances)`, a response is `Text(response, "")`; that head may
    begin with a label of the response.
    """

    head: str
    tail: str


class ContextFormat(FrozenModel):
    """What a context shows to the encoder: the last utterances, after a category label if asked.

    Example:
        >>> exchange = Exchange("d", 1, "afraid", ("I heard a noise.",), "Oh no!")
        >>> ContextFormat().apply(exchange)
        Text(head='', tail='I heard a noise.')
        >>> ContextFormat(label="gold").apply(exchange)
        Text(head='afraid', tail='I heard a noise.')
        >>> ContextFormat(label="gold", prompt="Be kind.").apply(exchange).head
        'Be kind. afraid'
    """

    label: Literal["gold", "predicted", "none"] = "none"
    """What the context begins with: no label (`none`); the category that a labeller predicts from
    the conversation so far (`predicted`, as in EmpatheticDialogues' own code); or the true category
    of the dialogue (`gold`), which no deployed model knows."""
    turns: int = Field(4, ge=1)
    """How many utterances before the response are shown, counted from the newest."""
    max_tokens: int = Field(64, ge=4)
    """Longest input of either tower, in tokens, special ones included."""
    separator: str = " "
    """What stands between two utterances."""
    prompt: str = ""
    """A text that every context begins with, before the label; it counts towards `max_tokens`."""

    @model_serializer(mode="wrap")
    def _as_before_prompts(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Keys and digests of what was stored before the field existed stay as they are.
        fields: dict[str, Any] = dump(self)
        if not self.prompt:
            fields.pop("prompt", None)
        return fields

    def apply(self, exchange: Exchange) -> Text:
        """Return the context of an exchange; the newest tokens and the label survive a cut.

        Raises:
            DataError: The label is to be predicted, and the exchange has no prediction.
        """
        tail = self.separator.join(exchange.context[-self.turns :])
        if self.label == "predicted" and exchange.label is None:
            raise DataError(
                "The context is to show a predicted label and the exchange has none; label its "
                "corpus first, for example with semspill.labellers.Labelling."
            )
        shown = {"gold": exchange.category, "predicted": exchange.label, "none": ""}[self.label]
        return Text(" ".join(part for part in (self.prompt, shown) if part), tail)


@runtime_checkable
class TextLabels(Protocol):
    """What gives a text a label, by that text alone; `Labelling.fit` returns one."""

    @property
    def fingerprint(self) -> str:
        """A hash: equal ones promise equal labels."""

    def of_texts(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the label of each text."""
