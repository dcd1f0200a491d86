"""The config reference: what may be written in a file, read from the models themselves."""

import re
from collections.abc import Collection, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

import semspill as sp
from reference.markdown import GENERATED, prose, table
from semspill._registry import registries
from semspill.corpus import Columns
from semspill.labellers import Labelling
from semspill.language import Generation, Lora
from semspill.responding import ApproximateSearch
from semspill.scoring import LabelledSample
from semspill.training import LanguageFinetuner

KINDS = registries()
PARTS: tuple[type[BaseModel], ...] = (
    sp.Arm,
    sp.Poisoner,
    sp.ContextFormat,
    sp.CandidateFilter,
    sp.Finetuner,
    LanguageFinetuner,
    Lora,
    Generation,
    ApproximateSearch,
    sp.SpilloverAnalyzer,
    LabelledSample,
    Labelling,
    Columns,
)
PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}
BOUNDS = {
    "gt": "over {}",
    "ge": "at least {}",
    "lt": "below {}",
    "le": "at most {}",
    "min_length": "at least {} long",
    "max_length": "at most {} long",
}
LONGEST = 120


def config_page() -> str:
    """Return docs/config.md."""
    intro = Path(__file__).with_name("config.intro.md").read_text(encoding="utf-8")
    page = [GENERATED, intro.strip(), "## ExperimentConfig", "The top level of a file."]
    page.append(_fields(sp.ExperimentConfig))
    for part in PARTS:
        page += [f"## {part.__name__}", prose(part.__doc__), _fields(part)]
    for kind, registry in KINDS.items():
        page.append(f"## {kind.capitalize()}")
        points = entry_points(group=registry.group)
        for name in sorted({p.name for p in points if p.value.startswith("semspill.")}):
            cls = registry.get(name)
            page += [f"### {kind}: `{name}`", prose(cls.__doc__), _own_fields(cls)]
            page.append(f"Citation: {cls.citation}")
    return "\n\n".join(page) + "\n"


def _own_fields(cls: type[BaseModel]) -> str:
    """Return the fields of a component; of one made from a preset, those that are its own."""
    if not cls.__module__.endswith("._presets"):
        return _fields(cls)
    generic = cls.__mro__[1].model_fields
    own = [
        name
        for name, info in cls.model_fields.items()
        if name not in generic or info.default != generic[name].default or info.is_required()
    ]
    said = "The others are those of `huggingface`, as `semspill show` lists them."
    return f"{_fields(cls, own)}\n\n{said}"


def _fields(model: type[BaseModel], names: Collection[str] | None = None) -> str:
    rows = [
        (
            f"`{name}`",
            _type(info.annotation) + _bounds(info),
            _default(info),
            info.description or "",
        )
        for name, info in model.model_fields.items()
        if names is None or name in names
    ]
    return table(["field", "type", "default", "meaning"], rows) if rows else "It has no fields."


def _type(kind: Any) -> str:
    """Return in words what a config file may hold."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _type(args[0])
    if origin is Literal:
        return " or ".join(_value(value) for value in args)
    if origin in (Union, UnionType):
        return " or ".join(_type(arg) for arg in args if arg is not NoneType)
    if origin is tuple:
        parts = [_type(arg) for arg in args if arg is not Ellipsis]
        many = f"{parts[0]}s" if args[0] in PLAIN else parts[0]
        return f"list of {many}" if Ellipsis in args else f"[{', '.join(parts)}]"
    if origin in (dict, Mapping):
        return f"table, each value {_type(args[1])}"
    for name, registry in KINDS.items():
        if isinstance(kind, type) and issubclass(kind, registry.base):
            return f"[{registry.kind}](#{name})"
    return PLAIN.get(kind) or f"[{kind.__name__}](#{kind.__name__.lower()})"


def _bounds(info: Any) -> str:
    limits = [
        words.format(getattr(rule, key))
        for rule in info.metadata
        for key, words in BOUNDS.items()
        if getattr(rule, key, None) is not None
    ]
    return "".join(f", {one}" for one in limits)


def _default(info: Any) -> str:
    if info.is_required():
        return "**required**"
    value = info.get_default(call_default_factory=True, validated_data={})
    return "left out" if value is None else _value(value)


def _value(value: Any) -> str:
    if isinstance(value, BaseModel):
        names = [name for registry in KINDS.values() if (name := registry.name_of(value))]
        given = value.model_dump(exclude_defaults=True)
        return f'`"{names[0]}"`' if names else f"`{_toml(given)}`" if given else "its defaults"
    text = _toml(value)
    return f"`{text}`" if len(text) <= LONGEST or isinstance(value, str) else f"{len(value)} items"


def _toml(value: Any) -> str:
    if isinstance(value, sp.Arm):
        return f'"{value.name}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    if isinstance(value, dict):
        parts = [f"{_key(key)} = {_toml(part)}" for key, part in value.items()]
        return "{ " + ", ".join(parts) + " }"
    if isinstance(value, BaseModel):
        return _value(value).strip("`")
    return str(value) if isinstance(value, int | float) else f'"{value}"'


def _key(key: Any) -> str:
    return str(key) if re.fullmatch("[A-Za-z0-9_-]+", str(key)) else f'"{key}"'
