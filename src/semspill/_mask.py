"""Output in place of values that may be harmful text or terminal control sequences."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sized
from numbers import Integral, Real
from typing import Any

_LONGEST_NAME = 40
_CODE = re.compile(r"[a-z0-9][a-z0-9_./-]{0,39}")
_HUB_ID = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_MOST_WORDS = 4
_MOST_NAMES = 40
_MOST_NUMBERS = 10
# What a terminal obeys, breaks lines at or reorders by, and halves of surrogate pairs, which no
# encoding has. Line breaks and tabs stay.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")


def masked(text: str) -> str:
    """Return a description of a text that does not show it.

    Example:
        >>> masked("grumble")
        '[masked: 7 characters, sha256 02b3da21]'
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"[masked: {len(text)} characters, sha256 {digest[:8]}]"


def printable(text: str) -> str:
    r"""Return a text in which control characters and halves of surrogate pairs are spelled out.

    Example:
        >>> print(printable("\x1b[31mred"))
        \x1b[31mred
    """
    return _OBEYED.sub(lambda match: ascii(match[0])[1:-1], text)


def printable_in(value: Any) -> Any:
    r"""Return a value with every string in its dicts and lists printable, for a page.

    Example:
        >>> printable_in({"calm": ["\x07"], "n": 1})
        {'calm': ['\\x07'], 'n': 1}
    """
    if isinstance(value, str):
        # Markup stays markup, and was made printable before.
        return printable(value) if type(value) is str else value
    if isinstance(value, Mapping):
        return {printable_in(key): printable_in(held) for key, held in value.items()}
    return [printable_in(held) for held in value] if isinstance(value, list | tuple) else value


def unquoted(error: Exception) -> str:
    """Return what a parser says of a file, without what it quotes or shows of it.

    Example:
        >>> unquoted(ValueError("expected ',' but found 'grumble'"))
        "expected ',' but found '...'"
    """
    text = str(getattr(error, "problem", None) or error)
    mark = getattr(error, "problem_mark", None)
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return " ".join(_QUOTED.sub(_without_words, text).split()) + place


def _without_words(quoted: re.Match[str]) -> str:
    return "'...'" if any(map(str.isalnum, quoted[0])) else quoted[0]


def described(value: object) -> str:
    """Return type and size of a value for a message, since the value itself may be harmful text.

    Numbers, None, True and False are no text and are shown.

    Example:
        >>> [described(value) for value in (0.5, "grumble", ["a", "b"], {"a": 1}, print)]
        ['0.5', 'a string of 7 characters', 'a list of 2 strings', 'a dict of 1 entry', \
'a builtin_function_or_method']
    """
    if _plain(value):
        return _number(value)
    if isinstance(value, str):
        return f"a string of {_count(len(value), 'character')}"
    name = printable(type(value).__name__)[:_LONGEST_NAME]
    kind = f"a{'n' if name[:1].lower() in 'aeiou' else ''} {name}"
    if isinstance(value, list | tuple | set | frozenset):
        numbers = len(value) <= _MOST_NUMBERS and all(map(_plain, value))
        return f"[{', '.join(map(_number, value))}]" if numbers else f"{kind} of {_items(value)}"
    if isinstance(value, Mapping):
        return f"{kind} of {_count(len(value), 'entry', 'entries')}"
    columns = getattr(value, "columns", None)
    if isinstance(columns, Sized) and not isinstance(value, type):
        return f"{kind} of {_count(len(columns), 'column')}"
    shape = getattr(value, "shape", None)
    return f"{kind} of shape {shape}" if isinstance(shape, tuple) else kind


def named(name: object) -> str:
    """Return a name from data, such as a category or an id, quoted; described where it is long.

    Example:
        >>> named("calm"), named("a whole sentence instead of a name")
        ("'calm'", 'a string of 34 characters')
    """
    return repr(name) if isinstance(name, str) and is_name(name) else described(name)


def spelled(name: object, *, careful: bool = False) -> str | None:
    """Return a name that code or a config chose, quoted; None for what may be a text instead.

    Args:
        name: Such as the name of a field or of a component.
        careful: Whether it stands where harmful words are expected, so that any name may be one.

    Example:
        >>> spelled("no_such_field"), spelled("You grumble."), spelled("grumble", careful=True)
        ("'no_such_field'", None, None)
    """
    is_code = isinstance(name, str) and not careful and _CODE.fullmatch(name)
    return repr(name) if is_code else None


def shown_id(name: str) -> str:
    """Return an id of the hub or a name of code as it is, `...` for what may be a text instead.

    Example:
        >>> shown_id("unitary/toxic-bert"), shown_id("bert-base-uncased"), shown_id("You grumble.")
        ('unitary/toxic-bert', 'bert-base-uncased', '...')
    """
    return name if _CODE.fullmatch(name) or _HUB_ID.fullmatch(name) else "..."


def listing(names: Iterable[object]) -> str:
    """Return names from data, such as categories, in a row; long ones and many are counted.

    Example:
        >>> listing(["calm", "glad", "a whole sentence instead of a name"])
        'calm, glad and 1 more'
    """
    texts = [str(name) for name in names]
    shown = [name for name in texts if is_name(name)][:_MOST_NAMES]
    more = len(texts) - len(shown)
    if not shown:
        return f"{more} that are no short names" if more else "none"
    return ", ".join(shown) + (f" and {more} more" if more else "")


def counted(value: Any, where: str = "") -> str:
    """Return how many words or texts a value holds, with a hash to compare them.

    Args:
        value: A text, or a list, tuple, set or mapping of texts.
        where: Where they stand, if that is worth saying.

    Example:
        >>> counted([["grumble", 1.0]]), counted("You grumble.", " in config.json")
        ('1 word (sha256 6e63d86f)', '1 text in config.json (sha256 8c682dd8)')
    """
    digest = hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()[:8]
    several = isinstance(value, Collection) and not isinstance(value, str | bytes)
    noun = "text" if any(len(text.split()) > 1 for text in strings_in(value)) else "word"
    return f"{_count(len(value) if several else 1, noun)}{where} (sha256 {digest})"


def strings_in(value: object) -> Iterable[str]:
    """Yield every string in a value of lists, tuples, sets and mappings, however deep."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, Mapping):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set | frozenset):
            waiting += part


def is_name(name: str) -> bool:
    """Return whether a name from data is short enough to be one, and no sentence."""
    return len(name) <= _LONGEST_NAME and len(name.split()) <= _MOST_WORDS


def _plain(value: object) -> bool:
    return value is None or isinstance(value, Real)


def _number(value: object) -> str:
    if value is None or isinstance(value, bool):
        return str(value)
    if not isinstance(value, Integral):
        return repr(float(value))  # type: ignore[arg-type]  # a real number
    bits = int(value).bit_length()
    return str(int(value)) if bits <= 64 else f"a number of {bits} bits"


def _items(values: Collection[object]) -> str:
    kinds = {type(value).__name__ for value in values}
    kind = kinds.pop() if len(kinds) == 1 else "item"
    return _count(len(values), {"str": "string"}.get(kind, printable(kind)[:_LONGEST_NAME]))


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"
