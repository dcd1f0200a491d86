"""Other definitions of similarity as a section of the page."""

import math
from typing import Any

from semspill.report._table import listed, table, with_p


def sensitivity_section(report: Any) -> str:
    """Return the section, empty when no other definition was given."""
    if not report.sensitivity:
        return ""
    agreement = [
        [
            check.name,
            check.nearest,
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
    blocks = [
        f"{_verdict(report)} Agreement is Spearman's correlation with the similarity used above, "
        f"over all categories but *{report.target}*. Arm `{report.main_arm}`.",
        table(["definition", "nearest", "agreement", "method"], agreement),
    ]
    if rows:
        names = [check.name for check in report.sensitivity]
        blocks.append(table(["metric", "as used above", *names], rows))
    return "\n\n".join(blocks)


def _verdict(report: Any) -> str:
    named = dict.fromkeys([report.nearest, *[check.nearest for check in report.sensitivity]])
    if len(named) == 1:
        return f"Every definition names {listed(list(named))} the nearest."
    return f"The definitions differ on which category is the nearest: {listed(list(named))}."
