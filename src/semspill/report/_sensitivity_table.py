"""Other definitions of similarity as a section of the page."""

import math

from semspill.report._phrases import measures
from semspill.report._table import listed, literal, table, with_p
from semspill.results import SpilloverReport


def sensitivity_section(report: SpilloverReport) -> str:
    """Return the section, empty when no other definition was given."""
    return "\n\n".join(filter(None, sensitivity_parts(report)))


def sensitivity_parts(report: SpilloverReport) -> tuple[str, str]:
    """Return how far the definitions agree, and what each says of the whole arm."""
    checks = report.sensitivity
    if not checks:
        return "", ""
    agreement = [
        [
            literal(check.name),
            literal(check.nearest),
            "not defined" if math.isnan(check.agreement) else f"{check.agreement:.2f}",
            check.method,
        ]
        for check in checks
    ]
    main = report.overall.get(report.main_arm, {})
    rows = [
        [literal(m.title), with_p(main[name]), *[with_p(c.estimates.get(name)) for c in checks]]
        for name, m in measures(main).items()
    ]
    names = [check.name for check in checks]
    intro = (
        f"{nearest_by_definition(report)} Agreement is Spearman's correlation with the similarity "
        f"used above, over all categories but {listed([report.target])}. Arm `{report.main_arm}`."
        f"\n\n{table(['definition', 'nearest', 'agreement', 'method'], agreement)}"
    )
    return intro, table(["metric", "as used above", *names], rows) if rows else ""


def nearest_by_definition(report: SpilloverReport) -> str:
    """Return which category each definition of similarity names the nearest."""
    # The nearest category may have been named by hand, whatever the similarity.
    tested = {part.name for part in report.categories} - {report.target}
    known = {name: near for name, near in report.similarity.items() if name in tested}
    own = [max(known, key=lambda name: known[name])] if known else []
    named = list(dict.fromkeys([*own, *[check.nearest for check in report.sensitivity]]))
    verdict = f"The definitions differ on which category is the nearest: {listed(named)}."
    if len(named) == 1:
        verdict = f"Every definition names {listed(named)} the nearest."
    if own == [report.nearest]:
        return verdict
    return f"{verdict} The report takes {listed([report.nearest])}, which was named by hand."
