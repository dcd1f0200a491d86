"""The API reference: what may be imported, read from the source files without running them."""

import ast
import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reference.markdown import MADE, prose, table

PACKAGE = Path(__file__).parents[2] / "src" / "semspill"
ROOMS = (
    *("experiment", "corpus", "datasets", "sources", "poison", "encoders", "encoders.two_tower"),
    *("training", "responding", "scoring", "analysis", "report", "testing", "errors"),
)
INTRO = """\
# API reference

`import semspill as sp` gives the names of the first section. Each of them, and what else is
public, is described under the package that defines it. Names that begin with an underscore may
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


def api_page() -> str:
    """Return docs/api.md."""
    top = _exports(PACKAGE)
    page = [MADE, INTRO, "## semspill", ", ".join(f"[`{n}`](#{n.lower()})" for n in top)]
    every = _defined(PACKAGE.rglob("*.py"))
    shown: set[str] = set()
    for room in ROOMS:
        place = PACKAGE.joinpath(*room.split("."))
        own = _defined((place if place.is_dir() else place.parent).rglob("*.py"))
        names = _exports(place)
        page.append(f"## semspill.{room}")
        for name in names:
            page += _section(name, own[name], every)
        shown |= set(names)
    page.append("## The foundation")
    for name in [*top, "Registry"]:
        if name not in shown:
            page += _section(name, every[name], every)
    return "\n\n".join(part for part in page if part) + "\n"


def _exports(place: Path) -> list[str]:
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    node = _defined([path])["__all__"].node
    if not isinstance(node, ast.Assign):
        raise TypeError(f"{path}: __all__ must be assigned a plain list.")
    return sorted(ast.literal_eval(node.value), key=lambda name: (name.islower(), name))


def _defined(paths: Iterable[Path]) -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    for path in sorted(paths):
        found |= dict(_definitions(ast.parse(path.read_text(encoding="utf-8")).body))
    return found


def _definitions(body: Sequence[ast.stmt]) -> Iterator[tuple[str, Definition]]:
    """Yield what a module or class defines; a string after an assignment is its docstring."""
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name, Definition(node, ast.get_docstring(node))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            said = after.value if isinstance(after, ast.Expr) else None
            doc = said.value if isinstance(said, ast.Constant) else None
            yield ast.unparse(target), Definition(node, doc if isinstance(doc, str) else None)


def _section(name: str, found: Definition, every: dict[str, Definition]) -> list[str]:
    parts = [f"### `{name}`", f"```text\n{found.code}\n```", prose(found.doc)]
    if isinstance(found.node, ast.ClassDef):
        members = _members(found.node, every)
        rows = [
            (f"`{key}`", f"`{ast.unparse(one.node.annotation)}`", _default(one.node), one.doc)
            for key, one in members.items()
            if isinstance(one.node, ast.AnnAssign) and one.doc
        ]
        parts.append(table(["field", "type", "default", "meaning"], rows) if rows else "")
        for key, one in members.items():
            if isinstance(one.node, ast.FunctionDef) and one.doc:
                called = f"{one.code.removeprefix('def ')}{_kind(one.node)}"
                parts += [f"#### `{name}.{key}`", f"```text\n{called}\n```", prose(one.doc)]
    return parts


def _members(node: ast.ClassDef, every: dict[str, Definition]) -> dict[str, Definition]:
    """Return the public members, with those of private bases, which have no section."""
    found: dict[str, Definition] = {}
    for base in node.bases:
        known = every.get(ast.unparse(base))
        if known and isinstance(known.node, ast.ClassDef) and known.node.name.startswith("_"):
            found |= _members(known.node, every)
    own = dict(_definitions(node.body))
    return found | {key: one for key, one in own.items() if not key.startswith("_")}


def _default(node: ast.AnnAssign) -> str:
    value = node.value
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("Field", "field"):
        named = {word.arg: word.value for word in value.keywords}
        first = value.args[0] if value.args else named.get("default")
        if first is None and "default_factory" in named:
            return "made anew"
        value = first
    return "" if value is None else f"`{ast.unparse(value)}`"


def _kind(node: ast.FunctionDef) -> str:
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    said = {"property": "a property", "cached_property": "a property, computed once"}
    said |= {"classmethod": "a class method", "abstractmethod": "to be implemented"}
    kept = [words for mark, words in said.items() if mark in marks]
    return f"    # {', '.join(kept)}" if kept else ""
