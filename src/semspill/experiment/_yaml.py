"""YAML by the core schema of YAML 1.2: no tags, no duplicate keys, no recursion."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from semspill._read import RepeatedKeyError, UnreadableError, reason

# What YAML 1.2 reads unquoted as something else than text; YAML 1.1 also had 1:30, yes and dates.
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_INT = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?\.inf|\.nan)", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_TEXT = "tag:yaml.org,2002:str"
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str, *, deepest: int) -> Any:
    """Return what a YAML document holds, by the core schema of YAML 1.2; keys are text.

    Args:
        text: The document. An alias in it is the very object that it stands for.
        deepest: How deep it may be nested.

    Raises:
        UnreadableError: It is not YAML, is nested deeper, or uses tags or merge keys.

    Example:
        >>> parse_yaml("{a: yes, b: 1:30, c: [2, true]}", deepest=5)
        {'a': 'yes', 'b': '1:30', 'c': [2, True]}
    """
    document = _Document(deepest)
    try:
        for event in yaml.parse(text, Loader=_YAML):
            document.take(event)
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(f"{error.problem}{_line(error.problem_mark)}") from None
    except yaml.YAMLError:
        raise UnreadableError("it holds a character that YAML does not allow") from None
    return document.value


@dataclass
class _Open:
    """A list or mapping whose end has not come yet."""

    is_mapping: bool
    anchor: str | None = None
    parts: list[Any] = field(default_factory=list)
    """Its items, or its values."""
    keys: dict[str, None] = field(default_factory=dict)
    """Of a mapping: one as long as its value has not come, or one more than there are values."""

    @property
    def wants_key(self) -> bool:
        return self.is_mapping and len(self.keys) == len(self.parts)


class _Document:
    """Builds one value from YAML's events, without recursion."""

    def __init__(self, deepest: int) -> None:
        self._deepest = deepest
        self._open = [_Open(is_mapping=False)]
        self._anchors: dict[str, Any] = {}

    @property
    def value(self) -> Any:
        top = self._open[0].parts
        return top[0] if top else None

    def take(self, event: yaml.Event) -> None:
        """Take the next event of the document."""
        where, inside = _line(event.start_mark), self._open[-1]
        if isinstance(event, yaml.DocumentStartEvent) and inside.parts:
            raise UnreadableError(f"a second document begins{where}")
        if isinstance(event, yaml.NodeEvent) and inside.wants_key:
            inside.keys[_key(event, inside.keys, where)] = None
        elif isinstance(event, yaml.ScalarEvent):
            self._add(_scalar(event, where), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._named(event.anchor, where), None)
        elif isinstance(event, yaml.CollectionStartEvent):
            _require_plain(event.implicit, where)
            if len(self._open) > self._deepest:
                raise UnreadableError(f"it is nested more than {self._deepest} deep")
            self._open.append(_Open(isinstance(event, yaml.MappingStartEvent), event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._open.pop()
            pairs = zip(done.keys, done.parts, strict=done.is_mapping)
            self._add(dict(pairs) if done.is_mapping else done.parts, done.anchor)

    def _named(self, anchor: str | None, where: str) -> Any:
        if anchor is None or anchor not in self._anchors:
            raise UnreadableError(f"an alias stands for nothing{where}")
        return self._anchors[anchor]

    def _add(self, value: Any, anchor: str | None) -> None:
        self._open[-1].parts.append(value)
        if anchor is not None:
            self._anchors[anchor] = value


def _key(event: yaml.Event, before: Mapping[str, None], where: str) -> str:
    if not isinstance(event, yaml.ScalarEvent):
        raise UnreadableError(f"a key is not text{where}")
    key: str = event.value
    if key == "<<":
        raise UnreadableError(f"the merge key << is not read{where}; write the fields out")
    if key in before:
        raise RepeatedKeyError(key, where)
    return key


def _scalar(event: yaml.ScalarEvent, where: str) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # in quotes, or with a tag
        _require_plain(event.implicit[1] or event.tag == _TEXT, where)
        return text
    if _LEADING_ZERO.fullmatch(text):
        raise UnreadableError(
            f"a number begins with 0{where}; write it without, or in quotes if it is a name"
        )
    try:
        return _plain(text)
    except ValueError as error:
        raise UnreadableError(f"{reason(error)}{where}") from None


def _plain(text: str) -> Any:
    """Return what a text without quotes stands for."""
    if text.lower() in _WORDS and text in (text.lower(), text.title(), text.upper()):
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "", 1)) if _SPECIAL.fullmatch(text) else text


def _require_plain(plain: bool, where: str) -> None:
    if not plain:
        raise UnreadableError(f"a tag that begins with ! stands{where}; write plain values")


def _line(mark: Any) -> str:
    return f" on line {mark.line + 1}" if mark is not None else ""
