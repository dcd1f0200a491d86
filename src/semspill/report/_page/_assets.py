"""What makes the charts of a page move: their data, plotly itself and the page's script."""

import base64
import gzip
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from semspill._mask import printable_in


def assets(charts: Mapping[str, Mapping[str, Any]]) -> Markup:
    """Return the elements that end a page with charts; nothing for a page without.

    Args:
        charts: Plotly figures as plain dictionaries, by name.
    """
    if not charts:
        return Markup("")
    return Markup(
        '<script type="application/json" id="charts">{}</script>\n'
        '<script type="text/plain" id="plotly">{}</script>\n'
        "<script>\n{}</script>\n"
    ).format(
        htmlsafe_json_dumps(printable_in(charts), separators=(",", ":"), allow_nan=False),
        _plotly(),
        template("page.js"),
    )


def packed(text: str) -> str:
    """Return a text as the base64 of its gzip: equal texts give equal bytes.

    Example:
        >>> gzip.decompress(base64.b64decode(packed("grumble"))).decode()
        'grumble'
    """
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode("ascii")


def template(name: str) -> Markup:
    """Return a file of this package that goes into the page as it is."""
    found = files("semspill.report._page").joinpath("templates", name)
    return Markup(found.read_text(encoding="utf-8"))


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return packed(get_plotlyjs())
