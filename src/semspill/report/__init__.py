"""Renderers of results: markdown, pages, figures, data frames and LaTeX."""

from semspill.report._comparison import comparison_page

__all__ = ["comparison_page"]
