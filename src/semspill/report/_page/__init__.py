"""The page of a run: one self-contained HTML file."""

from semspill.report._page._charts import charts, draw
from semspill.report._page._document import report_page

__all__ = ["charts", "draw", "report_page"]
