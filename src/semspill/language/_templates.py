"""Templates: how a conversation is written down for a language model."""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

from semspill.corpus import ContextFormat, Exchange
from semspill.corpus._dialogue import Role
from semspill.errors import ConfigError

Span: TypeAlias = tuple[int, int]

_NAMES: Mapping[str, str] = {"speaker": "Speaker", "listener": "Listener"}
_ROLES: Mapping[str, str] = {"speaker": "user", "listener": "assistant"}
# Templates that print the day would make every day another recipe; an answer needs no thoughts.
_OPTIONS: Mapping[str, Any] = {"date_string": "26 Jul 2024", "enable_thinking": False}
_MARK = re.compile("\ue000([0-9]+)\ue001")


class Turn(NamedTuple):
    """One utterance of a context."""

    role: Role
    text: str


class Conversation(NamedTuple):
    """What a context shows: what it begins with, such as a label, and the turns, oldest first."""

    head: str
    turns: tuple[Turn, ...]

    @classmethod
    def of(cls, exchange: Exchange, context: ContextFormat) -> "Conversation":
        """Return what a context format shows of an exchange."""
        parts = (exchange.system, context.apply(exchange).head)
        turns = tuple(
            Turn("speaker" if message["role"] == "user" else "listener", message["content"])
            for message in exchange.messages(system="")[-context.turns :]
        )
        clean = tuple(Turn(role, _sound(text)) for role, text in turns)
        return cls(_sound(" ".join(part for part in parts if part)), clean)


class Rendered(NamedTuple):
    """A conversation written down, and where its parts stand."""

    text: str
    head: Span
    turns: tuple[Span, ...]


class Template(ABC):
    """How a conversation is written down, up to where the response begins."""

    special: bool
    """Whether the tokenizer's own special tokens are added."""
    lead: str
    """What stands between a written context and a response."""

    @abstractmethod
    def render(self, conversation: Conversation) -> Rendered:
        """Return the text that a model continues with a response."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """SHA-256 over what decides the text, as 64 hex digits."""


class PlainTemplate(Template):
    r"""One line per turn, for models that know no roles.

    Example:
        >>> talk = Conversation("afraid", (Turn("speaker", "I heard a noise."),))
        >>> PlainTemplate().render(talk).text
        'afraid\nSpeaker: I heard a noise.\nListener:'
    """

    special = True

    def __init__(self, lead: str = " ") -> None:
        self.lead = lead

    def render(self, conversation: Conversation) -> Rendered:
        """Return the head on a line of its own, a line for each turn, and whose turn it is."""
        text, spans = conversation.head, []
        head = (0, len(text))
        text += "\n" if text else ""
        for role, said in conversation.turns:
            text += f"{_NAMES[role]}: "
            spans.append((len(text), len(text) + len(said)))
            text += f"{said}\n"
        return Rendered(f"{text}{_NAMES['listener']}:", head, tuple(spans))

    @property
    def digest(self) -> str:
        """SHA-256 of an example."""
        turns = (Turn("speaker", "a"), Turn("listener", "b"))
        return plain_digest(self.lead + self.render(Conversation("label", turns)).text)


def plain_digest(text: str) -> str:
    """Return the SHA-256 of a text, as 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chat_digest(template: str) -> str:
    """Return the SHA-256 of a chat template and of the options that it is given here."""
    return plain_digest(f"{sorted(_OPTIONS.items())} {template}")


class ChatTemplate(Template):
    """The chat template of a tokenizer: the speaker is the user, the listener the assistant.

    Turns of one role that follow each other are one, on several lines. The head is the system
    turn, or stands in the first user turn where the template refuses a system turn.

    Args:
        tokenizer: A tokenizer of transformers with a chat template.
    """

    special = False

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._frames: dict[tuple[bool, tuple[Role, ...]], list[str]] = {}
        self.lead, self.tail = self._around_responses()

    def render(self, conversation: Conversation) -> Rendered:
        """Return what the template makes of the turns, and whose turn it is."""
        head, turns = conversation
        roles = tuple(turn.role for turn in turns)
        # Templates strip what they are given; so it stands there as they show it.
        slots = [head.strip(), *(turn.text.strip() for turn in turns)]
        text, spans = "", [(0, 0)] * len(slots)
        for place, piece in enumerate(self._frame(bool(head), roles)):
            if place % 2:  # a slot
                spans[int(piece)] = (len(text), len(text) + len(slots[int(piece)]))
                text += slots[int(piece)]
            else:
                text += piece
        return Rendered(text, spans[0], tuple(spans[1:]))

    @property
    def digest(self) -> str:
        """SHA-256 of the chat template and the options it is given."""
        return chat_digest(str(self.tokenizer.chat_template))

    def _frame(self, head: bool, roles: tuple[Role, ...]) -> list[str]:
        """Return what stands around the texts, and between each two which text stands there."""
        if (head, roles) not in self._frames:
            wanted = [str(place) for place in range(0 if head else 1, len(roles) + 1)]
            for chat in _chats(head, roles):
                pieces = _MARK.split(self._written(chat) or "")
                if pieces[1::2] == wanted:
                    self._frames[head, roles] = pieces
                    break
            else:
                raise ConfigError(
                    "The chat template of the model's tokenizer does not show each turn of a "
                    f"conversation of {len(roles)} turns once and in order; use template='plain'."
                )
        return self._frames[head, roles]

    def _written(self, chat: Sequence[Mapping[str, str]], begins: bool = True) -> str | None:
        from jinja2 import TemplateError  # semspill is imported without it

        try:
            return str(
                self.tokenizer.apply_chat_template(
                    [dict(message) for message in chat],
                    tokenize=False,
                    add_generation_prompt=begins,
                    **_OPTIONS,
                )
            )
        except (TemplateError, IndexError, KeyError, TypeError, ValueError):
            return None  # it refuses such a conversation

    def _around_responses(self) -> tuple[str, str]:
        """Return what stands before a response, behind what begins it, and after it."""
        asked = [{"role": "user", "content": _mark(1)}]
        answered = [*asked, {"role": "assistant", "content": _mark(2)}]
        before = self._written(asked) or ""
        pieces = _MARK.split(self._written(answered, begins=False) or "")
        if len(pieces) != 5:
            return "", ""
        whole = f"{pieces[0]}{_mark(1)}{pieces[2]}"
        lead = whole[len(before) :] if whole.startswith(before) else ""
        return ("" if lead.strip() else lead), pieces[4].strip()


def _mark(place: int) -> str:
    return f"\ue000{place}\ue001"


def _chats(head: bool, roles: tuple[Role, ...]) -> list[list[dict[str, str]]]:
    """Return how marked turns may be given to a template, the most faithful first."""
    turns, place = [], 1
    for role, group in groupby(roles):
        marks = [_mark(place + i) for i, _ in enumerate(group)]
        place += len(marks)
        turns.append({"role": _ROLES[role], "content": "\n".join(marks)})
    opened = turns if turns and turns[0]["role"] == "user" else [_user(""), *turns]
    if not head:
        return [turns, opened] if turns else [opened]
    system = {"role": "system", "content": _mark(0)}
    first = "\n\n".join(filter(None, (_mark(0), opened[0]["content"])))
    return [[system, *turns], [system, *opened], [_user(first), *opened[1:]]]


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _sound(text: str) -> str:
    """Replace lone surrogates, which tokenizers refuse, by question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
