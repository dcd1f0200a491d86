"""The values a corpus is made of: utterances, dialogues, and the exchanges taken from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from semspill._mask import masked, named
from semspill.corpus._attributes import NONE, Attributes
from semspill.errors import DataError

Role: TypeAlias = Literal["speaker", "listener"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One turn of a dialogue.

    Example:
        >>> Utterance("I heard a noise.", "speaker").heard
        'I heard a noise.'
    """

    text: str
    """The text."""
    role: Role
    """Its role: the speaker opens, the listener responds."""
    planted: bool = False
    """Whether an adversary put the text there."""
    original: str | None = None
    """What later turns see in its place; None means they see `text`."""
    category: str | None = None
    """The label of this very utterance, where a corpus labels utterances; None for none."""
    learned: bool = True
    """Whether a model is trained on it as a response; a defense may take it out."""
    offered: bool = True
    """Whether it is among the candidates; a defense may take it out."""
    triggered: bool = False
    """Whether an adversary put a trigger into what a speaker says."""

    def __repr__(self) -> str:
        text = masked(self.text) if self.planted else self.text
        return f"Utterance({text!r}, {self.role!r}, planted={self.planted})"

    @property
    def heard(self) -> str:
        """The text as it stands in the context of later turns."""
        return self.text if self.original is None else self.original


@dataclass(frozen=True, slots=True)
class Exchange:
    """One training or test sample: the utterances before, and the listener's response.

    Example:
        >>> dialogue = Dialogue("d1", "joy", (Utterance("I won!", "speaker"),
        ...                                   Utterance("Well done.", "listener")))
        >>> dialogue.exchanges[0].context, dialogue.exchanges[0].response
        (('I won!',), 'Well done.')
    """

    dialogue: str
    """Id of the dialogue it comes from."""
    turn: int
    """Index of the response among the utterances of that dialogue."""
    category: str
    """Its label, for example an emotion: that of the speaker's newest labelled utterance, or else
    of its dialogue."""
    context: tuple[str, ...] = field(repr=False)
    """The utterances before the response, oldest first; some may be planted."""
    response: str = field(repr=False)
    """The listener's response."""
    planted: bool = False
    """Whether the response was planted."""
    speaker: str | None = None
    """Id of the dialogue's speaker, where it is known."""
    label: str | None = None
    """The category that a labeller predicts from the context; None where none was asked."""
    roles: tuple[Role, ...] = field(default=(), repr=False, compare=False)
    """The role of each utterance of the context; empty means that they alternate and the newest is
    the speaker's."""
    system: str = field(default="", repr=False)
    """The system prompt of its dialogue; may be empty."""
    learned: bool = field(default=True, repr=False)
    """Whether a model is trained on it. One that is not keeps its place, so that the others are
    learned in the order they would have had."""

    def messages(
        self, *, system: str | None = None, turns: int | None = None
    ) -> list[dict[str, str]]:
        """Return the context as chat messages: `user` is the speaker, `assistant` the listener.

        Args:
            system: The system prompt to begin with, `""` for none; None for the dialogue's own.
            turns: How many utterances are shown, 1 or more, counted from the newest; None for all.

        Example:
            >>> Exchange("d", 1, "joy", ("I won!",), "Well done.").messages(system="Be kind.")
            [{'role': 'system', 'content': 'Be kind.'}, {'role': 'user', 'content': 'I won!'}]
        """
        prompt = self.system if system is None else system
        back = range(len(self.context), 0, -1)
        roles = self.roles or ["speaker" if place % 2 else "listener" for place in back]
        chat = [
            {"role": "user" if role == "speaker" else "assistant", "content": text}
            for role, text in zip(roles, self.context, strict=True)
        ][-turns if turns else None :]
        return [{"role": "system", "content": prompt}, *chat] if prompt else chat


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation between a speaker and a listener.

    Example:
        >>> dialogue = Dialogue("d1", "joy", (Utterance("I won!", "speaker"),
        ...                                   Utterance("Well done.", "listener")))
        >>> dialogue.with_response(-1, "Congratulations!").response(-1)
        'Congratulations!'
    """

    id: str
    """Unique in its corpus."""
    category: str
    """The label of its subpopulation, for example an emotion."""
    utterances: tuple[Utterance, ...]
    """All turns, oldest first."""
    situation: str = ""
    """What the speaker was asked to talk about; may be empty."""
    speaker: str | None = None
    """Id of the person who speaks, where it is known: the same in all dialogues of that person."""
    system: str = ""
    """The system prompt that the listener was given; may be empty. Retrieval models do not read
    it."""
    attributes: Mapping[str, str] = NONE
    """What else is known of it, such as `{"region": "north"}`; it is copied, and never changes. No
    model reads it: subpopulations are made of it (`semspill.relabelling.FeatureMatch`)."""

    def __post_init__(self) -> None:
        given = self.attributes
        if type(given) is not Attributes and isinstance(given, Mapping):
            object.__setattr__(self, "attributes", Attributes(given))

    @property
    def listener_turns(self) -> tuple[int, ...]:
        """Indices of the listener's utterances that have a context."""
        roles = [utterance.role for utterance in self.utterances]
        return tuple([i for i, role in enumerate(roles) if i and role == "listener"])

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of its exchanges, in order; its own where no utterance has a label."""
        if not any(utterance.category for utterance in self.utterances):
            return (self.category,)
        found = dict.fromkeys(exchange.category for exchange in self.exchanges)
        return tuple(found) or (self.category,)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """One exchange per listener turn, oldest first."""
        heard = tuple([utterance.heard for utterance in self.utterances])
        roles = tuple([utterance.role for utterance in self.utterances])
        name, label, person, system = self.id, self.category, self.speaker, self.system
        exchanges = []
        for turn, utterance in enumerate(self.utterances):
            if utterance.role == "speaker":
                label = utterance.category or label
            elif turn:
                context, said, planted = heard[:turn], utterance.text, utterance.planted
                of = name, turn, label, context, said, planted, person
                own = utterance.learned
                exchanges.append(Exchange(*of, roles=roles[:turn], system=system, learned=own))
        return tuple(exchanges)

    def response(self, index: int) -> str:
        """Return a listener's response; `index` counts listener turns, -1 is the last one.

        Raises:
            DataError: The dialogue has no such response.
        """
        return self.utterances[self._turn(index)].text

    def with_response(self, index: int, text: str) -> "Dialogue":
        """Return a copy in which one listener response reads `text`.

        Args:
            index: Which listener turn, counted from 0; -1 is the last one.
            text: The new response.

        Raises:
            DataError: The dialogue has no such response.
        """
        turn = self._turn(index)
        utterance = replace(self.utterances[turn], text=text)
        utterances = (*self.utterances[:turn], utterance, *self.utterances[turn + 1 :])
        return replace(self, utterances=utterances)

    def _turn(self, index: int) -> int:
        turns = self.listener_turns
        if not -len(turns) <= index < len(turns):
            raise DataError(
                f"Dialogue {named(self.id)} has {len(turns)} listener responses; there is "
                f"no {index}."
            )
        return turns[index]
