"""From a report to the whole page: parts in order, put into a template."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from semspill._mask import printable_in
from semspill.report._page._assets import assets
from semspill.report._page._browse import exchanges_section
from semspill.report._page._cards import (
    citations,
    config_listing,
    key_numbers,
    planted,
    provenance,
)
from semspill.report._page._charts import charts
from semspill.report._page._described import described
from semspill.report._page._harm import harm
from semspill.report._page._prose import html, inline
from semspill.report._page._sections import numbers, other_arms
from semspill.report._page._stills import data_uri, draw, stills
from semspill.report._summary import summary
from semspill.results import ExchangeTable, SpilloverReport


@dataclass(frozen=True)
class Picture:
    """The still picture of a chart, for readers without JavaScript, on paper, or who cannot see."""

    src: str
    """A data URI of an SVG."""
    alt: str
    """What the chart shows, in numbers."""
    caption: str
    """How to read it, in markdown."""


def report_page(
    report: SpilloverReport, exchanges: ExchangeTable | None, drawn: Mapping[str, str] | None = None
) -> str:
    """Return the page of one run.

    Args:
        report: What the page shows.
        exchanges: What the arms answered, to browse; None leaves that part out.
        drawn: The report's charts as SVG, `stills(draw(report))`; drawn anew when not given.
    """
    made = stills(draw(report)) if drawn is None else drawn
    pictures = {
        name: Picture(data_uri(made[name]), alt, caption)
        for name, (alt, caption) in described(report).items()
        if name in made
    }
    return render(
        "report.html.j2",
        title=f"Spillover from {report.target}",
        charts=charts(report),
        pictures=pictures,
        sections=_sections(pictures, report),
        said=summary(report),
        keys=key_numbers(report),
        numbers=numbers(report),
        similarity=_sentence(report.similarity_method),
        arms=other_arms(report),
        planted=planted(report),
        provenance=provenance(report),
        config=config_listing(report),
        citations=citations(report),
        harm=harm(report, exchanges),
        exchanges=None if exchanges is None else exchanges_section(exchanges, report.main_arm),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _sections(pictures: Mapping[str, Picture], report: SpilloverReport) -> dict[str, str]:
    """Return the headings of the page by id; what has nothing to show has none."""
    shown = {name.removesuffix("-asr") for name in pictures}
    named = {
        "summary": "Summary",
        "spillover": f"Spillover from {report.target}",
        "epochs": "Over epochs",
        "distribution": "Distribution of toxicity",
        "decomposition": "Where the lift comes from",
        "similarity": "How similarity was measured",
        "utility": "Utility",
        "groups": "Groups and categories",
        "planted": "What was planted",
        "exchanges": "Exchanges",
        "provenance": "Provenance",
        "harm": "Harm",
    }
    pictured = {"spillover", "epochs", "decomposition"}
    return {key: said for key, said in named.items() if key not in pictured - shown}


def render(
    template: str,
    *,
    title: str,
    charts: Mapping[str, Any],
    pictures: Mapping[str, Picture],
    **values: Any,
) -> str:
    """Fill a template that extends `base.html.j2`; everything but markup of our own is escaped.

    The template may call `chart(name)` for a chart with its picture, `html(text)` for markdown as
    blocks, and `inline(text)` for markdown inside a line.

    Args:
        template: Name of the template, in `templates`.
        title: Title of the page, plain text.
        charts: Plotly specs by name, for the charts that move.
        pictures: Their still pictures by name; a chart without one is left out.
        values: What else the template names.
    """
    environment = _environment()
    shown = {"charts": charts, "pictures": pictures, "html": html, "inline": inline}
    chart = environment.get_template("chart.html.j2").make_module(shown)
    return environment.get_template(template).render(
        **values,
        **shown,
        title=title,
        chart=chart.chart,  # type: ignore[attr-defined]  # a macro
        css=Markup(_text("page.css")),
        theme=Markup(_text("theme.js")),
        assets=assets({name: charts[name] for name in charts if name in pictures}),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        finalize=printable_in,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _text(name: str) -> str:
    source = files("semspill.report._page").joinpath("templates", name)
    return source.read_text(encoding="utf-8")
