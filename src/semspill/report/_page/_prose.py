"""Markdown as HTML: scrolling tables, ordered headings, no raw HTML."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from semspill._mask import printable

_INTERVAL = re.compile(
    r" (\[-?[\dinfa.]+(?:, | (?:lower )?to )-?[\dinfa.]+(?: lower| higher)?\])(,?)"
)
_UNIT = re.compile(r"(?<=\d) %")
_LONG = 48
"""Cells of more characters may break into lines."""


def html(text: str, label: str = "Table", shift: int = 0) -> Markup:
    """Return markdown as blocks of HTML.

    Args:
        text: The markdown.
        label: What a screen reader calls its tables; a heading before a table is added.
        shift: By how many levels headings are lowered.

    Example:
        >>> print(html("### <b>"))
        <h3>&lt;b&gt;</h3>
    """
    tokens = _parser().parse(printable(text))
    heading, named = "", Counter[str]()
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{int(token.tag[1]) + shift}"
        if before is not None and before.type == "heading_open":
            heading = f": {token.content}"
        if token.type == "table_open":
            named[heading] += 1  # no two regions may go by one name
            again = f", {named[heading]}" if named[heading] > 1 else ""
            token.meta["label"] = label + heading + again
    _mark_heads(tokens)
    return _set(_parser().renderer.render(tokens, _parser().options, {}))


def inline(text: str) -> Markup:
    """Return markdown as HTML inside a line.

    Example:
        >>> print(inline("in *fear*"))
        in <em>fear</em>
    """
    return _set(_parser().renderInline(printable(text)))


def _set(markup: str) -> Markup:
    """Step intervals back behind their numbers, and keep a number with its unit."""
    markup = _INTERVAL.sub(r' <span class="ci">\1\2</span>', markup)
    return Markup(_UNIT.sub("\N{NO-BREAK SPACE}%", markup))


def _mark_heads(tokens: Sequence[Token]) -> None:
    """Say what heads what: columns, and the first cell of each row; let long cells break."""
    first = False
    for token, after in zip_longest(tokens, tokens[1:]):
        if token.type == "th_open":
            token.attrs = {"scope": "col"}
        elif token.type == "tr_open":
            first = True
        elif token.type == "td_open":
            token.attrs = {}
            if first:
                token.tag, token.attrs = "th", {"scope": "row"}
            if after is not None and len(after.content) > _LONG:
                token.attrs["class"] = "long"
        elif token.type == "td_close":
            token.tag, first = ("th" if first else "td"), False


@cache
def _parser() -> MarkdownIt:
    parser = (
        MarkdownIt("commonmark", {"html": False})
        .enable("table")
        .disable(["link", "image", "autolink"])
    )
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return parser


def _table_open(_self: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    label = escape(tokens[index].meta["label"])
    # A region that scrolls must be reached by keyboard.
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table>\n'
