"""Renderers of results: markdown, pages, figures, data frames and LaTeX."""

from semspill.report._comparison import comparison_page
from semspill.report._inspect_log import to_inspect_log

__all__ = ["comparison_page", "to_inspect_log"]
