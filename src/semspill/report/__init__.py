"""Reports: numbers with intervals and sources, as JSON, markdown and plots."""

from semspill.report._estimate import Estimate, Number
from semspill.report._report import SpilloverReport
from semspill.report._slices import BINS, CurvePoint, SliceReport

__all__ = ["BINS", "CurvePoint", "Estimate", "Number", "SliceReport", "SpilloverReport"]
