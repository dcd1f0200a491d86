"""Several runs on one page."""

from collections.abc import Mapping, Sequence

from semspill.results import SpilloverMatrix, SpilloverReport


def comparison_page(
    reports: Mapping[str, SpilloverReport],
    matrices: Sequence[SpilloverMatrix] = (),
    *,
    links: Mapping[str, str] | None = None,
) -> str:
    """Return one self-contained page of several runs to open in a browser; it shows no text.

    It says which fields of their configs differ, what keeps their numbers from being compared, and
    what came out; it draws their spillover curves over one another and their groups side by side.

    Args:
        reports: The runs, by the name that the page gives them.
        matrices: Target-by-victim matrices of the same runs, one per quantity.
        links: Where the page of each run lies, seen from where this page will lie.

    Raises:
        DataError: There is no run.
    """
    from semspill.report._page._comparison import compared  # matplotlib is heavy

    return compared(reports, matrices, links or {})
