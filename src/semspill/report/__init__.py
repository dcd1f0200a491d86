"""Reports: numbers with intervals and sources, as JSON, markdown and plots."""

from semspill.report._comparison import comparison_page
from semspill.report._estimate import Estimate, Number
from semspill.report._exchanges import Answered, ExchangeTable
from semspill.report._matrix import SpilloverMatrix
from semspill.report._pair import PairReport
from semspill.report._parts import Band, Part, PartName, Quantity, SimilarityCheck
from semspill.report._report import SpilloverReport, main_arm
from semspill.report._slices import BINS, CurvePoint, SliceReport

__all__ = [
    "BINS",
    "Answered",
    "Band",
    "CurvePoint",
    "Estimate",
    "ExchangeTable",
    "Number",
    "PairReport",
    "Part",
    "PartName",
    "Quantity",
    "SimilarityCheck",
    "SliceReport",
    "SpilloverMatrix",
    "SpilloverReport",
    "comparison_page",
    "main_arm",
]
