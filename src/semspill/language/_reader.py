"""From exchanges and responses to token ids, and back to texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Int

from semspill.corpus import ContextFormat, Exchange
from semspill.errors import ConfigError, DataError
from semspill.language._settings import Kind
from semspill.language._templates import (
    ChatTemplate,
    Conversation,
    PlainTemplate,
    Rendered,
    Span,
    Template,
    _sound,
)

_BATCH = 4096


@dataclass(frozen=True, eq=False)
class Reader:
    """A tokenizer with the template that contexts are written in."""

    tokenizer: Any = field(repr=False)
    """A fast tokenizer of transformers."""
    template: Template
    """How a context is written down."""
    kind: Kind
    """Whether an encoder reads contexts."""

    @classmethod
    def of(cls, tokenizer: Any, template: str, kind: Kind) -> "Reader":
        """Return a reader by the name of a template: auto, plain or chat.

        Raises:
            ConfigError: The tokenizer has no fast form, no end token, or no chat template where
                one is wanted.
        """
        if not getattr(tokenizer, "is_fast", False):
            raise ConfigError(
                "The model's tokenizer has no fast form, which tells where in a text its tokens "
                "stand; take a model with a tokenizer.json."
            )
        chats = bool(getattr(tokenizer, "chat_template", None))
        if template == "chat" and not chats:
            raise ConfigError(
                "template='chat' was asked for and the model's tokenizer has no chat template; "
                "use 'auto' or 'plain'."
            )
        if chats and template != "plain":
            reader = cls(tokenizer, ChatTemplate(tokenizer), kind)
        else:
            reader = cls(tokenizer, PlainTemplate("" if kind == "seq2seq" else " "), kind)
        if reader.end is None:
            raise ConfigError(
                "The model's tokenizer has no end token, so no response would ever end; take a "
                "model whose tokenizer has one."
            )
        return reader

    @cached_property
    def end(self) -> int | None:
        """The token that ends a response: what ends a turn in the chat template, or a text."""
        if isinstance(self.template, ChatTemplate) and self.template.tail:
            ids = self._ids([self.template.tail])[0]
            if ids:
                return ids[0]
        eos = self.tokenizer.eos_token_id
        return None if eos is None else int(eos)

    @property
    def stops(self) -> frozenset[int]:
        """The tokens after which nothing is generated."""
        return frozenset({self.end, self.tokenizer.eos_token_id} - {None})

    @property
    def pad(self) -> int:
        """What fills short rows; always masked, so any token will do where there is none."""
        pad = self.tokenizer.pad_token_id
        return 0 if pad is None else int(pad)

    def prompts(
        self, exchanges: Sequence[Exchange], context: ContextFormat, most: int
    ) -> list[Int[np.ndarray, " tokens"]]:
        """Return the ids of each context, at most `most`.

        What is too long loses the oldest tokens of the conversation, and marks of turns of which
        none is left; then what stands before the conversation loses its end.

        Raises:
            ConfigError: The template alone has more tokens.
        """
        talks = [Conversation.of(exchange, context) for exchange in exchanges]
        found: list[Int[np.ndarray, " tokens"] | None] = [None] * len(talks)
        waiting = list(range(len(talks)))
        while waiting:
            written = [self.template.render(talks[place]) for place in waiting]
            later = []
            tokens = self._with_offsets([one.text for one in written])
            for place, one, (ids, ends) in zip(waiting, written, tokens, strict=True):
                excess = len(ids) + len(self._around[0]) + len(self._around[1]) - most
                if excess > 0 and _drops_a_turn(one, ends, excess):
                    head, turns = talks[place]
                    talks[place] = Conversation(head, turns[1:])
                    later.append(place)
                else:
                    found[place] = self._framed(_shortened(one, ids, ends, excess, most))
            waiting = later
        return [ids for ids in found if ids is not None]

    def responses(self, texts: Sequence[str], most: int) -> list[Int[np.ndarray, " tokens"]]:
        """Return the ids of each response with its end token, at most `most`."""
        rows = self._ids([self.template.lead + _sound(text) for text in texts])
        return [np.array([*ids[: most - 1], self.end], dtype=np.int64) for ids in rows]

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of a response's ids."""
        decoded = self.tokenizer.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(decoded).strip()

    @cached_property
    def _around(self) -> tuple[list[int], list[int]]:
        """The special tokens before and after a context."""
        if not self.template.special:
            return [], []
        bare = self._ids(["a"])[0]
        full = self.tokenizer("a", add_special_tokens=True)["input_ids"]
        start = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
        return full[:start], full[start + len(bare) :] if self.kind == "seq2seq" else []

    def _framed(self, ids: list[int]) -> Int[np.ndarray, " tokens"]:
        before, after = self._around
        return np.array([*before, *ids, *after], dtype=np.int64)

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [ids for ids, _ in self._with_offsets(texts)]

    def _with_offsets(self, texts: Sequence[str]) -> Iterator[tuple[list[int], list[int]]]:
        """Yield the ids of each text, and where in it each of them ends."""
        backend = self.tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        for start in range(0, len(texts), _BATCH):
            chunk = list(texts[start : start + _BATCH])
            for one in backend.encode_batch(chunk, add_special_tokens=False):
                yield one.ids, [end for _, end in one.offsets]


def _drops_a_turn(written: Rendered, ends: list[int], excess: int) -> bool:
    """Return whether all of the oldest turn goes, and another one is left."""
    return len(written.turns) > 1 and excess >= len(_inside(ends, written.turns[0]))


def _shortened(
    written: Rendered, ids: list[int], ends: list[int], excess: int, most: int
) -> list[int]:
    if excess <= 0:
        return ids
    oldest = _inside(ends, written.turns[0]) if written.turns else []
    head = _inside(ends, written.head)
    kept = len(oldest) - min(len(oldest), 1)
    gone = oldest[: min(excess, kept)]
    if (rest := excess - len(gone)) > 0:
        if rest > len(head):
            raise ConfigError(
                f"The context format allows {most} tokens and the template alone takes "
                f"{most + rest - len(head)}; raise context.max_tokens, or use template='plain'."
            )
        gone = [*gone, *head[len(head) - rest :]]
    dropped = set(gone)
    return [token for place, token in enumerate(ids) if place not in dropped]


def _inside(ends: list[int], span: Span) -> list[int]:
    """Return which tokens end inside a span of the text."""
    start, stop = span
    return [place for place, end in enumerate(ends) if start < end <= stop]


def require_texts(lists: Sequence[Sequence[str]]) -> int:
    """Return how many texts each list has.

    Raises:
        DataError: They have different numbers of them.
    """
    sizes = {len(row) for row in lists}
    if len(sizes) > 1:
        raise DataError(
            f"Each exchange needs as many responses to score; got lists of {min(sizes)} to "
            f"{max(sizes)}."
        )
    return sizes.pop() if sizes else 0
