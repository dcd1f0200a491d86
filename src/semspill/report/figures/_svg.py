"""A figure as SVG for a page: in the page's colours and fonts, with a hover text on every mark."""

import io
import re
from xml.etree import ElementTree

from matplotlib.figure import Figure

from semspill._mask import printable
from semspill.report.figures._style import COLOURS, HouseFigure, Mark, root

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_BARE = dict.fromkeys(("Creator", "Date", "Format", "Type"))
"""Metadata of the file, left out."""
_THEME = {
    "#ffffff": "paper", "#000000": "ink", "#b0b0b0": "grid", "#666666": "muted",
    **{colour.lower(): f"c{place}" for place, colour in enumerate(COLOURS) if place != 4},
}  # fmt: skip
"""Variables of the page's style sheet that stand for the colours of the house."""
_FONT = re.compile(r"font-family: [^;]*(; )?")
_COLOUR = re.compile("#[0-9a-f]{6}")
_LEVEL = re.compile(r"rotate\(-?0 [^)]*\)")
_LONG = re.compile(r"(\.\d\d)\d+")
_GEOMETRY = ("d", "x", "y", "width", "height", "transform")
_RADIUS = 6.0
"""Reach of a point, in units of the picture, some 1/72 inch."""


def inline_svg(figure: Figure, name: str, label: str, *, spoken: bool = True) -> str:
    """Return a figure as an element of a page; equal figures give equal text.

    Its ids begin with its name, its colours are variables of the page's style sheet, its type is
    that of the page. Over each mark lies an element of class `mark`.

    Args:
        figure: The figure, settled.
        name: What no other picture of the page is called.
        label: What the picture shows, for a reader who hears the page.
        spoken: Whether marks hold their texts and names; else they are in the order of those of
            another picture of the same figure, which does.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=_BARE)
    svg = ElementTree.fromstring(buffer.getvalue())
    svg.attrib = {
        "viewBox": svg.attrib["viewBox"], "role": "img", "aria-label": printable(label),
    }  # fmt: skip
    svg.remove(next(part for part in svg if part.find(f"{_SVG}style") is not None))
    for element in svg.iter():
        element.tag = element.tag.removeprefix(_SVG)
        element.text, element.tail = (text and text.strip() for text in (element.text, None))
        element.attrib = _themed(element, name)
    height = figure.bbox.height * 72 / figure.dpi
    if isinstance(figure, HouseFigure):
        svg.extend(_over(mark, height, spoken=spoken) for mark in figure.marks)
    return ElementTree.tostring(svg, encoding="unicode")


def _themed(element: ElementTree.Element, name: str) -> dict[str, str]:
    """Return the attributes of an element: short, in the page's colours, with ids of its own."""
    attributes = dict(element.attrib)
    if element.tag == "g":
        attributes.pop("id", None)
    for key in ("id", "clip-path", _LINK):
        if key in attributes and element.tag != "image":
            attributes[key] = re.sub(r"^(url\(#|#|)", rf"\g<1>{name}-", attributes[key])
    if _LINK in attributes:
        attributes["href"] = attributes.pop(_LINK)
    for key in _GEOMETRY:
        if key in attributes:
            attributes[key] = _LONG.sub(r"\1", _LEVEL.sub("", " ".join(attributes[key].split())))
    if "style" in attributes:
        attributes["style"] = _COLOUR.sub(_variable, _FONT.sub("", attributes["style"]))
    return {key: value for key, value in attributes.items() if value}


def _variable(colour: re.Match[str]) -> str:
    known = _THEME.get(colour[0])
    return f"var(--{known})" if known else colour[0]


def _over(mark: Mark, height: float, *, spoken: bool) -> ElementTree.Element:
    """Return what lies over a mark: a circle around a point, or a rectangle."""
    wide, high = mark.size
    corners = mark.axes.transData.transform([(mark.x, mark.y), (mark.x + wide, mark.y + high)])
    (left, one), (right, two) = corners * 72 / root(mark.axes).dpi
    if wide:
        element = ElementTree.Element("rect", {"class": "mark"})
        box = {"x": left, "y": height - max(one, two), "width": right - left}
        box["height"] = abs(two - one)
    else:
        element = ElementTree.Element("circle", {"class": "mark"})
        box = {"cx": left, "cy": height - one, "r": _RADIUS}
    element.attrib |= {key: f"{value:.1f}" for key, value in box.items()}
    if spoken:
        element.set("data-name", printable(mark.name))
        ElementTree.SubElement(element, "title").text = printable(mark.text)
    return element
