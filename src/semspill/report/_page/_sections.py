"""The numbers of a report's page as tables, by section."""

from markupsafe import Markup

from semspill.report._category_table import categories_section
from semspill.report._curve_table import curve_section
from semspill.report._decomposition_table import decomposition_section
from semspill.report._markdown import distribution_section, groups_section, overall_section
from semspill.report._page._prose import html
from semspill.report._sensitivity_table import sensitivity_parts
from semspill.report._table import literal
from semspill.results import SpilloverReport


def numbers(report: SpilloverReport) -> dict[str, Markup]:
    """Return the tables of each section; a section without any is empty."""
    curve = bool(report.curve)
    said = {
        "categories": categories_section(report),
        "epochs": curve_section(report, "toxicity") if curve else "",
        "epochs-asr": curve_section(report, "asr") if curve else "",
        "distribution": distribution_section(report),
        "decomposition": decomposition_section(report),
        "similarity": overall_section(report),
        "sensitivity": sensitivity_parts(report)[0],
        "definitions": sensitivity_parts(report)[1],
        "utility": groups_section(report, ("utility",), sized=False),
        "groups": groups_section(report, ("attack", "other")),
    }
    return {
        name: html(text, f"Table of {name}", 1 if name == "sensitivity" else 0)
        for name, text in said.items()
    }


def other_arms(report: SpilloverReport) -> dict[str, Markup]:
    """Return the table of categories of every arm but the main one."""
    return {
        arm: html(categories_section(report, arm), f"Categories, arm {literal(arm)}")
        for arm in (each.name for each in report.arms)
        if arm != report.main_arm
    }
