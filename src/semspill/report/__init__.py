"""Reports to read: markdown, pages, figures, frames and LaTeX of what an experiment found."""

from semspill.report._comparison import comparison_page

__all__ = ["comparison_page"]
