"""Several runs on one page."""

from collections.abc import Mapping, Sequence

from semspill.results import Comparison, SpilloverMatrix, SpilloverReport


def comparison_page(
    reports: Mapping[str, SpilloverReport],
    matrices: Sequence[SpilloverMatrix] = (),
    *,
    comparison: Comparison | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """Return one self-contained page of several runs to open in a browser; it shows no text.

    It begins with what came out: of runs how they differ from the first, of a target-by-victim
    matrix what all its pairs say together. It says which fields of their configs differ and what
    keeps their numbers from being compared, and draws their spillover curves over one another and
    their groups side by side.

    Args:
        reports: The runs, by the name that the page gives them.
        matrices: Target-by-victim matrices of the same runs, one per quantity.
        comparison: How the runs differ, as `semspill.compare` returns it under the same names.
        links: Where the page of each run lies, seen from where this page will lie.

    Raises:
        DataError: There is no run.
    """
    from semspill.report._page._comparison import compared  # matplotlib is heavy

    return compared(reports, matrices, comparison, links or {})
