"""The API reference: what may be imported, read from the source files without running them."""

import ast
import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reference.markdown import GENERATED, prose, table

PACKAGE = Path(__file__).parents[2] / "src" / "semspill"
ROOMS = {
    "experiment": "Configs, runs and sweeps",
    "corpus": "Dialogues and what is made of them",
    "datasets": "Where dialogues come from",
    "relabelling": "Subpopulations that nobody labelled",
    "sources": "Where planted responses come from",
    "poison": "Who is poisoned, how and how much",
    "encoders": "The models, and the towers they are made of",
    "training": "Fine-tuning",
    "responding": "Choosing a response",
    "matching": "What counts as planted",
    "probes": "What test contexts are changed to",
    "scoring": "Rating a response",
    "analysis": "From outcomes to estimates",
    "attacks": "Parts of an adversary that know more than the corpus",
    "decoding": "What a stimulus does inside a model",
    "defenses": "What is taken out of training data",
    "statistics": "Estimates and their intervals",
    "results": "What an experiment found, as values",
    "report": "Pages that compare runs",
    "testing": "Checks of plugins, assertions for pipelines",
    "errors": "What may be raised",
}
WITHIN = {"encoders": ("encoders.two_tower",), "experiment": ("experiment.executors",)}
FOUNDATION = "foundation"
INTRO = """\
# API reference

`import semspill as sp` gives the names of the last table. Each of them, and what else is public, is
described on the page of the package that defines it. Names that begin with an underscore may
change at any time. Where a component may be given, its registered name or a mapping with `name`
and its fields works as well."""


@dataclass(frozen=True)
class Definition:
    """What a file defines under a name, and the docstring that belongs to it."""

    node: ast.stmt
    doc: str | None

    @property
    def code(self) -> str:
        """The definition without body, docstring and decorators."""
        if not isinstance(self.node, ast.FunctionDef | ast.ClassDef):
            return ast.unparse(self.node)
        bare = copy.deepcopy(self.node)
        bare.body, bare.decorator_list = [ast.Expr(ast.Constant(...))], []
        return ast.unparse(bare).split(":\n    ...")[0]


def api_pages() -> dict[str, str]:
    """Return docs/api.md and the pages under docs/api/, by path."""
    top = _exports(PACKAGE)
    every = _defined(PACKAGE.rglob("*.py"))
    place_of: dict[str, str] = {}
    pages = {}
    for room, about in ROOMS.items():
        parts = [GENERATED, f"# semspill.{room}", f"{about}."]
        for package in (room, *WITHIN.get(room, ())):
            parts += [f"## semspill.{package}"] if package != room else []
            parts += _room(package, every)
            place_of |= dict.fromkeys(_exports(_place(package)), room)
        pages[f"api/{room}.md"] = _page(parts)
    rest = [name for name in [*top, "Registry"] if name not in place_of]
    parts = [GENERATED, "# The foundation", "What every component is made of."]
    for name in rest:
        parts += _section(name, every[name], every)
    pages[f"api/{FOUNDATION}.md"] = _page(parts)
    place_of |= dict.fromkeys(rest, FOUNDATION)
    return pages | {"api.md": _page(_contents(top, place_of, every))}


def _contents(top: list[str], place_of: dict[str, str], every: dict[str, Definition]) -> list[str]:
    rooms = [(f"[`semspill.{room}`](api/{room}.md)", about) for room, about in ROOMS.items()]
    rooms.append((f"[The foundation](api/{FOUNDATION}.md)", "What every component is made of"))
    names = [
        (f"[`{name}`](api/{place_of[name]}.md#{name.lower()})", _first_line(every[name].doc))
        for name in top
    ]
    return [
        *(GENERATED, INTRO, "## Packages", table(["package", "holds"], rooms)),
        *("## semspill", table(["name", "what it is"], names)),
    ]


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().split("\n\n")[0]


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _place(package: str) -> Path:
    return PACKAGE.joinpath(*package.split("."))


def _room(package: str, every: dict[str, Definition]) -> list[str]:
    place = _place(package)
    own = every | _defined((place if place.is_dir() else place.parent).rglob("*.py"))
    return [
        part
        for name in _exports(place)
        if own[name].doc  # not the verbs of a registry, which are described there
        for part in _section(name, own[name], every)
    ]


def _exports(place: Path) -> list[str]:
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    node = _defined([path])["__all__"].node
    if not isinstance(node, ast.Assign):
        raise TypeError(f"{path}: __all__ must be assigned a plain list.")
    return sorted(ast.literal_eval(node.value), key=lambda name: (name.islower(), name))


def _defined(paths: Iterable[Path]) -> dict[str, Definition]:
    names: dict[str, Definition] = {}
    for path in sorted(paths):
        names |= dict(_definitions(ast.parse(path.read_text(encoding="utf-8")).body))
    return names


def _definitions(body: Sequence[ast.stmt]) -> Iterator[tuple[str, Definition]]:
    """Yield what a module or class defines; a string after an assignment is its docstring."""
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name, Definition(node, ast.get_docstring(node))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            text = after.value if isinstance(after, ast.Expr) else None
            doc = text.value if isinstance(text, ast.Constant) else None
            yield ast.unparse(target), Definition(node, doc if isinstance(doc, str) else None)


def _section(name: str, definition: Definition, every: dict[str, Definition]) -> list[str]:
    parts = [f"## `{name}`", f"```text\n{definition.code}\n```", prose(definition.doc)]
    if isinstance(definition.node, ast.ClassDef):
        members = _members(definition.node, every)
        rows = [
            (f"`{key}`", f"`{ast.unparse(one.node.annotation)}`", _default(one.node), one.doc)
            for key, one in members.items()
            if isinstance(one.node, ast.AnnAssign) and one.doc
        ]
        parts.append(table(["field", "type", "default", "meaning"], rows) if rows else "")
        for key, one in members.items():
            if isinstance(one.node, ast.FunctionDef) and one.doc:
                called = f"{one.code.removeprefix('def ')}{_kind(one.node)}"
                parts += [f"### `{name}.{key}`", f"```text\n{called}\n```", prose(one.doc)]
    return parts


def _members(node: ast.ClassDef, every: dict[str, Definition]) -> dict[str, Definition]:
    """Return the public members, with those of private bases, which have no section."""
    inherited: dict[str, Definition] = {}
    for base in node.bases:
        private = every.get(ast.unparse(base))
        if private and isinstance(private.node, ast.ClassDef) and private.node.name.startswith("_"):
            inherited |= _members(private.node, every)
    own = dict(_definitions(node.body))
    return inherited | {key: one for key, one in own.items() if not key.startswith("_")}


def _default(node: ast.AnnAssign) -> str:
    value = node.value
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("Field", "field"):
        named = {word.arg: word.value for word in value.keywords}
        first = value.args[0] if value.args else named.get("default")
        if first is None and "default_factory" in named:
            return "new object"
        value = first
    return "" if value is None else f"`{ast.unparse(value)}`"


def _kind(node: ast.FunctionDef) -> str:
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    words_of = {"property": "a property", "cached_property": "a property, computed once"}
    words_of |= {"classmethod": "a class method", "abstractmethod": "to be implemented"}
    kinds = [words for mark, words in words_of.items() if mark in marks]
    return f"    # {', '.join(kinds)}" if kinds else ""
