"""The page a run ends in: one HTML file that explains itself and asks nothing of the network."""

from semspill.report._page._charts import charts, draw
from semspill.report._page._document import report_page

__all__ = ["charts", "draw", "report_page"]
