"""A report as a whole HTML page: its sections in a template."""

from collections.abc import Mapping

from markupsafe import Markup

from semspill.report._category_table import categories_section
from semspill.report._curve_table import curve_section
from semspill.report._decomposition_table import decomposition_section
from semspill.report._defense_table import (
    cost_table,
    defense_sentences,
    effect_table,
    removed_table,
)
from semspill.report._dose_table import doses_section
from semspill.report._kind_table import kinds_section
from semspill.report._label_table import axes_table, channels_table, labels_setup
from semspill.report._markdown import (
    compared_arms,
    distribution_section,
    groups_section,
    overall_section,
)
from semspill.report._matcher_table import matchers_section
from semspill.report._page._browse import exchanges_section
from semspill.report._page._cards import (
    citations,
    config_listing,
    fingerprints,
    key_numbers,
    planted,
    provenance,
)
from semspill.report._page._charts import OWN, Chart, charts, draw
from semspill.report._page._harm import harm
from semspill.report._page._prose import html, inline
from semspill.report._page._templates import filled
from semspill.report._paired_table import paired_table
from semspill.report._phrases import choosable
from semspill.report._probe_table import probes_section
from semspill.report._sensitivity_table import sensitivity_parts
from semspill.report._summary import summary
from semspill.report._table import literal
from semspill.results import ExchangeTable, SpilloverReport


def report_page(
    report: SpilloverReport,
    exchanges: ExchangeTable | None,
    drawn: Mapping[str, Chart] | None = None,
    *,
    date: str = "",
) -> str:
    """Return the page of one run.

    Args:
        report: What the page shows.
        exchanges: What the arms answered, to browse; None leaves that part out.
        drawn: The report's charts, `charts(report, draw(report))`; drawn anew when not given.
        date: The day of the run, which the report does not hold; empty leaves it out.
    """
    shown = charts(report, draw(report)) if drawn is None else drawn
    words = summary(report, date=date)
    return filled(
        "report.html.j2",
        title=inline(words.title).striptags(),
        charts=shown,
        curves=_curves(shown, report),
        sections=_sections(shown, report),
        summary=words,
        keys=key_numbers(report),
        numbers=_numbers(report),
        defended=defense_sentences(report),
        similarity=_sentence(report.similarity_method),
        levels=_levels(report),
        planted=planted(report),
        provenance=provenance(report),
        fingerprints=fingerprints(report),
        config=config_listing(report),
        citations=citations(report),
        harm=harm(report, exchanges),
        exchanges=None if exchanges is None else exchanges_section(exchanges, report.main_arm),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _curves(
    charts: Mapping[str, Chart], report: SpilloverReport
) -> list[tuple[str, str, str, str]]:
    """Return the charts of lift against similarity, as a switch takes them: the main one first."""
    both = [("spillover-asr", "planted rate", "", ""), ("spillover", "toxicity", "", "")]
    both.sort(key=lambda one: one[0].endswith("-asr") != choosable(report))
    return both if any(name in charts for name, *_ in both) else []


def _sections(charts: Mapping[str, Chart], report: SpilloverReport) -> dict[str, str]:
    """Return the headings of the page by id; what has nothing to show has none."""
    shown = {name.removesuffix("-asr") for name in charts} - {"spillover"}
    shown |= {"spillover" for name in charts if name.startswith(OWN)}
    named = {
        "summary": "Summary",
        "findings": "Findings",
        "defenses": "Defenses",
        "spillover": "Lifts of other metrics",
        "epochs": "Over epochs",
        "distribution": "Distribution of toxicity",
        "decomposition": "Where the lift comes from",
        "dose": "What the text of a context explains",
        "matchers": "By what counts as planted",
        "probes": "What probes of the contexts did",
        "kinds": "By kind of harm",
        "labels": "What the predicted labels did",
        "similarity": "How similarity was measured",
        "groups": "Groups, with utility",
        "planted": "What was planted",
        "exchanges": "Exchanges",
        "provenance": "Provenance",
        "harm": "Harm",
    }
    pictured = {"spillover", "epochs", "decomposition", "dose", "labels", "matchers", "probes"}
    pictured |= {"defenses"}
    shown |= {"matchers"} if report.matchers else set()
    shown |= {"probes"} if report.probes else set()
    pictured |= {"kinds"}
    shown |= {"kinds"} if report.kinds else set()
    shown |= {"labels"} if report.labels else set()
    shown |= {"defenses"} if report.defenses else set()
    return {key: heading for key, heading in named.items() if key not in pictured - shown}


def _numbers(report: SpilloverReport) -> dict[str, Markup]:
    """Return the tables of each section; a section without any is empty."""
    curve = bool(report.curve)
    tables = {
        "categories": categories_section(report),
        "epochs": curve_section(report, "toxicity") if curve else "",
        "epochs-asr": curve_section(report, "asr") if curve else "",
        "distribution": distribution_section(report),
        "decomposition": decomposition_section(report),
        "dose": doses_section(report),
        "matchers": matchers_section(report),
        "probes": probes_section(report),
        "kinds": kinds_section(report),
        "labels": labels_setup(report),
        "channels": channels_table(report, every=True),
        "axes": axes_table(report),
        "effect": effect_table(report),
        "cost": cost_table(report),
        "removed": removed_table(report),
        "similarity": overall_section(report),
        "sensitivity": sensitivity_parts(report)[0],
        "definitions": sensitivity_parts(report)[1],
        "utility": groups_section(report, ("utility",), [report.main_arm], sized=False),
        "groups": groups_section(report, ("attack", "other"), [report.main_arm]),
    }
    return {
        name: html(text, f"Table of {name}", 1 if name == "sensitivity" else 0)
        for name, text in tables.items()
    }


def _levels(report: SpilloverReport) -> dict[str, Markup]:
    """Return folded tables by what they show: groups of other arms, categories of every arm."""
    main, *others = compared_arms(report)
    aspects = ("attack", "utility", "other")
    tables = {
        f"Every category, arm {arm}": paired_table(
            report, report.categories, [arm], aspects, first="category"
        )
        for arm in (main, *others)
    }
    groups = groups_section(report, aspects, others, sized=False) if others else ""
    tables = {"Groups in the other arms": groups, **tables}
    return {name: html(text, literal(name)) for name, text in tables.items() if text}
