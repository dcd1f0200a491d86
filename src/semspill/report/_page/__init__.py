"""The page a run ends in: one HTML file that explains itself and asks nothing of the network."""

from semspill.report._page._document import report_page
from semspill.report._page._stills import draw, stills

__all__ = ["draw", "report_page", "stills"]
