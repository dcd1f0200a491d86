"""The Jinja templates of the pages, and their static assets."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from semspill._mask import printable_in
from semspill.report._page._prose import html, inline


def resource(name: str) -> str:
    """Return the text of a file in `templates`."""
    source = files("semspill.report._page").joinpath("templates", name)
    return source.read_text(encoding="utf-8")


def filled(template: str, **values: Any) -> Markup:
    """Fill a template; everything but markup of our own is escaped.

    The template may call `html(text)` for markdown as blocks, `inline(text)` for markdown inside a
    line, and `resource(name)` for a style sheet or a script.

    Args:
        template: Its name, in `templates`.
        values: What it names.
    """
    return Markup(_environment().get_template(template).render(**values))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(resource),
        autoescape=True,
        finalize=printable_in,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "html": html,
        "inline": inline,
        "resource": lambda name: Markup(resource(name)),
    }
    return environment
