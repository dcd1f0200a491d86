"""What an experiment found, as values: numbers with intervals and citations."""

from semspill.results._answers import Answers
from semspill.results._exchanges import Answered, ExchangeTable
from semspill.results._matrix import Cells, SpilloverMatrix
from semspill.results._pair import PairReport
from semspill.results._parts import Band, Part, PartName, Quantity, SimilarityCheck
from semspill.results._report import SpilloverReport, main_arm
from semspill.results._slices import BINS, CurvePoint, SliceReport

__all__ = [
    "BINS",
    "Answered",
    "Answers",
    "Band",
    "Cells",
    "CurvePoint",
    "ExchangeTable",
    "PairReport",
    "Part",
    "PartName",
    "Quantity",
    "SimilarityCheck",
    "SliceReport",
    "SpilloverMatrix",
    "SpilloverReport",
    "main_arm",
]
