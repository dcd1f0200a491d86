"""Other definitions of similarity as a section of the page."""

import math

from semspill.report._table import listed, literal, table, with_p
from semspill.results import SpilloverReport


def sensitivity_section(report: SpilloverReport) -> str:
    """Return the section, empty when no other definition was given."""
    return "\n\n".join(filter(None, sensitivity_parts(report)))


def sensitivity_parts(report: SpilloverReport) -> tuple[str, str]:
    """Return how far the definitions agree, and what each says of the whole arm."""
    if not report.sensitivity:
        return "", ""
    agreement = [
        [
            literal(check.name),
            literal(check.nearest),
            "not defined" if math.isnan(check.agreement) else f"{check.agreement:.2f}",
            check.method,
        ]
        for check in report.sensitivity
    ]
    main = report.overall.get(report.main_arm, {})
    rows = [
        [name, with_p(main[name]), *[with_p(c.estimates.get(name)) for c in report.sensitivity]]
        for name in main
    ]
    names = [check.name for check in report.sensitivity]
    said = (
        f"{nearest_by_definition(report)} Agreement is Spearman's correlation with the similarity "
        f"used above, over all categories but {listed([report.target])}. Arm `{report.main_arm}`."
        f"\n\n{table(['definition', 'nearest', 'agreement', 'method'], agreement)}"
    )
    return said, table(["metric", "as used above", *names], rows) if rows else ""


def nearest_by_definition(report: SpilloverReport) -> str:
    """Return which category each definition of similarity names the nearest."""
    # The analyzer may have been told which category is the nearest, whatever the similarity.
    tested = {part.name for part in report.categories} - {report.target}
    known = {name: near for name, near in report.similarity.items() if name in tested}
    own = [max(known, key=lambda name: known[name])] if known else []
    named = list(dict.fromkeys([*own, *[check.nearest for check in report.sensitivity]]))
    said = f"The definitions differ on which category is the nearest: {listed(named)}."
    if len(named) == 1:
        said = f"Every definition names {listed(named)} the nearest."
    if own == [report.nearest]:
        return said
    return f"{said} The report takes {listed([report.nearest])} as the nearest, as it was told to."
