"""Which columns of a table hold a dialogue: named, or found under their usual names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import Field

from semspill._mask import listing
from semspill._model import FrozenModel
from semspill.corpus._dialogue import Role
from semspill.errors import DataError, did_you_mean

Row: TypeAlias = Mapping[str, Any]
Shape: TypeAlias = Literal["pairs", "list", "turns"]

_ROLES: dict[str, Role | Literal["system"]] = {
    **dict.fromkeys(
        ("speaker", "user", "human", "customer", "client", "caller", "patient", "seeker"),
        "speaker",
    ),
    **dict.fromkeys(
        (
            *("listener", "assistant", "gpt", "bot", "chatbot", "model", "agent", "support"),
            *("operator", "counselor", "counsellor", "therapist"),
        ),
        "listener",
    ),
    **dict.fromkeys(("system", "developer"), "system"),
}
# Usual names, the likelier first.
_CONTEXT = ("context", "prompt", "question", "instruction", "input")
_RESPONSE = ("response", "completion", "answer", "output", "reply")
_MESSAGES = ("messages", "conversations", "conversation", "utterances", "turns", "dialogue")
_ID = ("dialogue_id", "dialog_id", "conversation_id", "conv_id", "session_id", "thread_id", "id")
INDEX = (
    *("turn", "turn_id", "turn_index", "turn_idx", "turn_number", "utterance_idx", "utterance_id"),
    *("utterance_index", "message_index", "index", "idx", "position", "sequence", "seq"),
    *("timestamp", "created_at", "sent_at", "datetime", "time", "date"),
)
TEXT = ("text", "content", "utterance", "value", "message")
ROLE = ("role", "speaker", "from", "author", "sender")
LABEL = ("category", "label", "emotion", "intent", "topic", "class")

_SHAPES = (
    "Name columns.context and columns.response (one text each), columns.messages (a list of "
    "turns), or columns.id, columns.role and columns.text (one row per turn)."
)


class Columns(FrozenModel):
    """The names of the columns that make up a dialogue.

    A table has one of three shapes. Pairs: a row is an exchange, the text of `context` and that of
    `response`; it is a dialogue of its own, unless `index` is named: then the rows of one `id` are
    the exchanges of one dialogue. List: a row is a dialogue, and `messages` is the list of its
    turns: texts, or mappings with a text and a role. Turns: a row is one turn, with `text`, `role`
    and the `id` of its dialogue. The columns say which it is; those that are not named are looked
    for under their usual names.

    Example:
        >>> Columns(category="emotion", roles={"system": "drop"}).category
        'emotion'
    """

    category: str = "category"
    """Column of the category label, one per dialogue; in the mappings of a list, also the key of
    a turn's own label. A dot leads into a cell, here and below: `prompt.text`, `turns.0`."""
    category_names: dict[str, str] = Field(default={})
    """What categories are called, such as `{ 0 = "none", 1 = "anger" }`; the others keep their
    names."""
    category_list: Literal["single", "first", "drop"] = "single"
    """What becomes of a dialogue whose category is a list of several: `single` refuses it, as
    `on_error` says, `first` takes the first, `drop` leaves the dialogue out."""
    context: str | None = None
    """Pairs: column of the text that is responded to; None for `context`, `prompt`, `question`,
    `instruction` or `input`."""
    response: str | None = None
    """Pairs: column of the response; None for `response`, `completion`, `answer`, `output` or
    `reply`."""
    messages: str | None = None
    """List: column of the list of turns, which may be JSON in a text; None for `messages`,
    `conversations`, `conversation`, `utterances`, `turns` or `dialogue`."""
    text: str | None = None
    """Turns: column of the text; list: key of the text. None for `text`, `content`, `utterance`,
    `value` or `message`."""
    role: str | None = None
    """Turns: column of the role; list: key of the role. None for `role`, `speaker`, `from`,
    `author` or `sender`. Without one, speaker and listener alternate, the speaker first."""
    id: str | None = None
    """Column of the dialogue's id. Turns, and pairs with an `index`: None for `dialogue_id`,
    `conversation_id`, `conv_id`, `session_id`, `thread_id` or `id`; otherwise None numbers the
    dialogues."""
    index: str | None = None
    """Column of the place of a turn, or of a pair, in its dialogue: a number or a time in ISO 8601.
    Pairs: None makes every row a dialogue. Turns: None for `turn`, `turn_id`, `turn_index`,
    `utterance_idx`, `index`, `position`, `timestamp`, `created_at` or the like, and without one for
    the order of the rows, if those of a dialogue stand together."""
    turn_category: str | None = None
    """Column, in a list key, of a turn's own label: an exchange then has that of the speaker's
    newest labelled turn. Where the turns of a list are texts, a column with a list of as many
    labels. None for none, and in a list for `category`."""
    turn_labels: Literal["keep", "first", "last"] = "keep"
    """Whether turns keep labels of their own, or the dialogue has that of the speaker's `first` or
    `last` labelled turn."""
    merge: Literal[" ", "\n"] | None = None
    """What joins turns that follow one another in one role, which become one; None leaves them
    apart."""
    situation: str | None = None
    """Column of the situation; None for none."""
    speaker: str | None = None
    """Column of the id of the person who speaks, the same in all dialogues of that person; with
    turns, read where the speaker first speaks. None for none."""
    system: str | None = None
    """Column of the system prompt; None for none but the turn of that role."""
    attributes: tuple[str, ...] = ()
    """Columns that become attributes of the dialogue, such as `["region", "intent"]`, each under
    its name; of a column that holds mappings, each of their keys. With turns, the rows of a
    dialogue must agree; an empty cell is no attribute."""
    roles: dict[str, Literal["speaker", "listener", "system", "drop"]] = Field(default={})
    """What a role means, for names of your own: `{ guest = "speaker", host = "listener" }`. A
    `system` turn, which stands first, becomes the system prompt; `{ system = "drop" }` leaves it
    out. Known are speaker, user, human, customer, client, caller, patient, seeker; listener,
    assistant, gpt, bot, chatbot, model, agent, support, operator, counselor, counsellor,
    therapist; system, developer."""
    substitute: dict[str, str] = Field(default={})
    """What is replaced in every text, for example `{ _comma_ = "," }`."""
    json_text: str | None = None
    """Column whose text is the row, an object in JSON; a row without that column is taken as it
    is. None for none."""

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    def named(self) -> dict[str, str]:
        """The columns that are named, by field."""
        found = {field: getattr(self, field) for field in _NAMED}
        return {field: column for field, column in found.items() if column is not None}

    @property
    def known_roles(self) -> dict[str, str]:
        """What each role means: the usual ones, and those of `roles`."""
        return {**_ROLES, **self.roles}


_NAMED = (
    *("category", "context", "response", "messages", "text", "role", "id", "index"),
    *("turn_category", "situation", "speaker", "system", "json_text"),
)


class Found(NamedTuple):
    """The columns of a table, none left to be found, and its shape."""

    shape: Shape
    columns: Columns


def find(columns: Columns, names: Sequence[str], first: Row, *, quote: bool = True) -> Found:
    """Return the shape of a table, and columns in which all that it needs are named.

    Args:
        columns: Those that are named.
        names: The columns that the table has.
        first: Its first row.
        quote: Whether messages may show `names`; not where they may be text.

    Raises:
        DataError: A column that is named is not there, or none holds the dialogues.
    """
    # Where a header is missing, the first row stands in its place.
    known = quote or any(name in names for name in {*USUAL, columns.category})
    shown = f" It has: {listing(names)}." if known else f" It has {len(names)} others."
    shape = _shape(columns, names, first)
    if shape is None:
        raise DataError(f"{_unknown(names)} {_SHAPES}{shown}")
    fields = [*_FIELDS[shape].items(), *([("id", _ID)] if is_grouped(shape, columns) else [])]
    settled = columns.replace(
        **{field: getattr(columns, field) or _first(usual, names) for field, usual in fields}
    )
    for field, column in _needed(settled, shape, first):
        if column is None:
            raise DataError(f"No column is known to be columns.{field}. {_SHAPES}{shown}")
        if column not in names:
            near = _near(field, column, names) if known else ""
            raise DataError(
                f"The data has no column {column!r}, which columns.{field} names.{near}{shown}"
            )
    return Found(shape, settled)


def is_grouped(shape: Shape, columns: Columns) -> bool:
    """Return whether several rows make up a dialogue."""
    return shape == "turns" or (shape == "pairs" and columns.index is not None)


def _unknown(names: Sequence[str]) -> str:
    """Return what is not found, where no shape fits."""
    halves = [(field, _first(usual, names)) for field, usual in _FIELDS["pairs"].items()]
    for (field, found), (other, _) in (halves, halves[::-1]):
        if found is not None:
            return f"Column {found!r} is columns.{field}, and none is known to be columns.{other}."
    return "No column is known to hold the dialogues."


def _shape(columns: Columns, names: Sequence[str], first: Row) -> Shape | None:
    """Return the shape that the named columns tell, or else those that are there."""
    if columns.messages is not None:
        return "list"
    if columns.context is not None or columns.response is not None:
        return "pairs"
    if columns.index is not None or columns.text in names:
        return "turns"
    if any(_is_list(first.get(name)) for name in _MESSAGES):
        return "list"
    for shape in ("pairs", "turns"):
        if all(_first(usual, names) for usual in _FIELDS[shape].values()):
            return shape
    return None


def _needed(columns: Columns, shape: Shape, first: Row) -> Iterator[tuple[str, str | None]]:
    """Yield the columns that a table must have, by the field that names each."""
    needed = [field for field in _FIELDS[shape] if field != "role" or columns.index is None]
    optional = ["id", "situation", "speaker", "system"]
    if shape == "turns":
        optional += ["role", "turn_category"]
    if is_grouped(shape, columns):
        needed, optional = [*needed, "id"], [*optional, "index"]
    for field in dict.fromkeys([*needed, *optional]):
        column = getattr(columns, field)
        if field in needed or column is not None:
            yield field, column
    for place, column in enumerate(columns.attributes):
        yield f"attributes[{place}]", column
    if columns.category in first or not _labels_turns(columns, shape, first):
        yield "category", columns.category


def _labels_turns(columns: Columns, shape: Shape, first: Row) -> bool:
    """Return whether the turns have labels of their own."""
    if shape != "list" or isinstance(first.get(columns.turn_category or ""), (list, tuple)):
        return columns.turn_category is not None
    held = first.get(columns.messages or "")
    key = columns.turn_category or columns.category
    turns = held if isinstance(held, (list, tuple)) else ()
    return any(isinstance(turn, Mapping) and key in turn for turn in turns)


_FIELDS: dict[Shape, dict[str, tuple[str, ...]]] = {
    "list": {"messages": _MESSAGES},
    "pairs": {"context": _CONTEXT, "response": _RESPONSE},
    "turns": {"id": _ID, "role": ROLE, "text": TEXT},
}
USUAL_OF = {field: usual for fields in _FIELDS.values() for field, usual in fields.items()}
USUAL = {*_CONTEXT, *_RESPONSE, *_MESSAGES, *_ID, *TEXT, *ROLE, *LABEL}


def _first(usual: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in usual if name in names), None)


def _is_list(value: object) -> bool:
    text = value.lstrip() if isinstance(value, str) else ""
    return isinstance(value, (list, tuple)) or text.startswith("[")


def _near(field: str, column: str, names: Sequence[str]) -> str:
    labels = [name for name in LABEL if name in names]
    if field == "category" and labels:
        return f" Did you mean {' or '.join(map(repr, labels))}?"
    return did_you_mean(column, names)
