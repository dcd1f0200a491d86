"""Commands that look components up."""

from typing import Annotated, Any

import typer
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from semspill._model import Component
from semspill._registry import Registry
from semspill.analysis import metrics, similarities
from semspill.cli._app import app, out_console
from semspill.datasets import datasets
from semspill.encoders import encoders
from semspill.errors import PluginError, RegistryError, did_you_mean
from semspill.poison import selectors, strategies
from semspill.scoring import raters
from semspill.sources import sources

KINDS: dict[str, Registry[Any]] = {
    "datasets": datasets,
    "sources": sources,
    "selectors": selectors,
    "strategies": strategies,
    "encoders": encoders,
    "raters": raters,
    "similarities": similarities,
    "metrics": metrics,
}


@app.command("list")
def list_components(
    kind: Annotated[str | None, typer.Argument(help="datasets, strategies, ...")] = None,
) -> None:
    """List the components that can be named in a config."""
    table = Table(box=None, pad_edge=False)
    if kind is None:
        table.add_column("kind", style="bold")
        table.add_column("names")
        for name, registry in KINDS.items():
            table.add_row(name, ", ".join(registry.names()))
    else:
        registry = _registry(kind)
        for column in ("name", "what it does", "from"):
            table.add_column(column, style="bold" if column == "name" else "")
        for name in registry.names():
            table.add_row(name, _summary(registry, name), registry.origin(name))
    out_console.print(table)


@app.command()
def show(
    kind: Annotated[str, typer.Argument(help="datasets, strategies, ...")],
    name: Annotated[str | None, typer.Argument(help="Without it, the kind is listed.")] = None,
) -> None:
    """Show what a component does, its fields with units and defaults, and its source."""
    registry = _registry(kind)
    if name is None:
        list_components(kind)
        return
    cls = registry.get(name)
    out_console.print(
        Text.assemble((name, "bold"), f" ({registry.kind}, {registry.origin(name)})\n")
    )
    doc = (cls.__doc__ or "").split("Example:")[0]
    out_console.print(Markdown("\n".join(line.strip() for line in doc.splitlines())))
    table = Table(box=None, pad_edge=False, title="Fields", title_justify="left")
    for column in ("field", "default", "meaning"):
        table.add_column(column)
    for field, info in cls.model_fields.items():
        table.add_row(field, _default(info), " ".join((info.description or "").split()))
    if cls.model_fields:
        out_console.print()
        out_console.print(table)
    out_console.print(f"\nSource: {cls.source}", markup=False, highlight=False)


def _registry(kind: str) -> Registry[Any]:
    plural = {name.removesuffix("s"): name for name in KINDS}
    plural |= {"strategy": "strategies", "similarity": "similarities"}
    name = plural.get(kind, kind)
    if name not in KINDS:
        raise RegistryError(
            f"There is no kind {kind!r}.{did_you_mean(kind, KINDS)} Kinds: {', '.join(KINDS)}."
        )
    return KINDS[name]


def _summary(registry: Registry[Any], name: str) -> str:
    try:
        cls: type[Component] = registry.get(name)
    except (PluginError, RegistryError) as error:
        return f"cannot be used: {error}"
    return cls.summary()


def _default(info: Any) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    return type(value).__name__ if isinstance(value, Component) else repr(value)
