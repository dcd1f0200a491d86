"""Commands that look components up."""

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from semspill._harmful import withheld
from semspill._mask import counted
from semspill._model import Component
from semspill._registry import Registry
from semspill.cli._app import PARTS, AsJson, app, out_console, say_json
from semspill.cli._completion import complete_kind, complete_name
from semspill.cli._kinds import KINDS, kind_of
from semspill.errors import PluginError, RegistryError

_KIND = typer.Argument(help="datasets, strategies, ...", autocompletion=complete_kind)


@app.command("list", rich_help_panel=PARTS)
def list_components(kind: Annotated[str | None, _KIND] = None, as_json: AsJson = False) -> None:
    """List the components that can be named in a config."""
    if kind is None:
        _list_kinds(as_json)
        return
    registry = kind_of(kind)
    rows = [(name, _summary(registry, name), registry.origin(name)) for name in registry.names()]
    if as_json:
        keys = ("name", "summary", "from")
        listed = [dict(zip(keys, row, strict=True)) for row in rows]
        say_json({"kind": registry.kind, "components": listed})
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "what it does", "from"):
        table.add_column(column, style="bold" if column == "name" else "")
    for row in rows:
        table.add_row(*row)
    out_console.print(table)


@app.command(rich_help_panel=PARTS)
def show(
    kind: Annotated[str, _KIND],
    name: Annotated[
        str | None,
        typer.Argument(help="Without it, the kind is listed.", autocompletion=complete_name),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a component does, its fields with units and defaults, and its citation."""
    registry = kind_of(kind)
    if name is None:
        list_components(kind, as_json)
        return
    cls = registry.get(name)
    doc = "\n".join(line.strip() for line in (cls.__doc__ or "").split("Example:")[0].splitlines())
    fields = [
        (field, _default(cls, info), " ".join((info.description or "").split()))
        for field, info in cls.model_fields.items()
    ]
    if as_json:
        keys = ("field", "default", "meaning")
        listed = [dict(zip(keys, row, strict=True)) for row in fields]
        about = {"kind": registry.kind, "name": name, "from": registry.origin(name)}
        say_json({**about, "description": doc.strip(), "fields": listed, "citation": cls.citation})
        return
    out_console.print(
        Text.assemble((name, "bold"), f" ({registry.kind}, {registry.origin(name)})\n")
    )
    from rich.markdown import Markdown  # its parser takes longer to import than all of rich

    out_console.print(Markdown(doc))
    table = Table(box=None, pad_edge=False, title="Fields", title_justify="left")
    for column in ("field", "default", "meaning"):
        table.add_column(column)
    for row in fields:
        table.add_row(*row)
    if fields:
        out_console.print()
        out_console.print(table)
    out_console.print(f"\nCitation: {cls.citation}", highlight=False)


def _list_kinds(as_json: bool) -> None:
    names = {kind: list(registry.names()) for kind, registry in KINDS.items()}
    if as_json:
        say_json(names)
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("kind", style="bold")
    table.add_column("names")
    for kind, registered in names.items():
        table.add_row(kind, ", ".join(registered))
    out_console.print(table)


def _summary(registry: Registry[Any], name: str) -> str:
    try:
        cls: type[Component] = registry.get(name)
    except (PluginError, RegistryError) as error:
        return f"cannot be used: {error}"
    return cls.summary()


def _default(cls: type[Component], info: Any) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True, validated_data={})
    if withheld(info.annotation, info.metadata, value, careful=cls.handles_harm):
        return counted(value)
    return type(value).__name__ if isinstance(value, Component) else repr(value)
