"""Results of an experiment as values: numbers with intervals and citations."""

from semspill.results._answers import Answers
from semspill.results._arms import (
    PRESETS,
    Arm,
    ArmField,
    arm_of,
    main_arm,
    reference,
    require_baselines,
)
from semspill.results._comparison import Comparison, Difference, Pairing, Role
from semspill.results._decoding import DecodedLayer, Decoding, LayerGroup
from semspill.results._defenses import (
    DefendedGroup,
    DefenseResult,
    DefensesReport,
    Detection,
    Guarding,
    Stopped,
)
from semspill.results._doses import DoseBin, DoseResponse
from semspill.results._exchanges import Answered, ExchangeTable
from semspill.results._kinds import KIND, KindReport, RatedGroup
from semspill.results._labels import Channel, LabelReport
from semspill.results._matchers import MatchedGroup, MatcherReport
from semspill.results._matrix import Cells, SpilloverMatrix
from semspill.results._note import Note
from semspill.results._pair import PairReport
from semspill.results._parts import Band, Part, PartName, Quantity, SimilarityCheck
from semspill.results._probes import Probed, ProbedGroup, ProbeReport
from semspill.results._provenance import (
    ArmRecord,
    PlantedCounts,
    PlantedSeed,
    Planting,
    Provenance,
)
from semspill.results._report import SpilloverReport
from semspill.results._slices import BINS, MARGIN, CurvePoint, SliceReport
from semspill.results._verdict import DefenseVerdict, Verdict

__all__ = [
    "BINS",
    "KIND",
    "MARGIN",
    "PRESETS",
    "Answered",
    "Answers",
    "Arm",
    "ArmField",
    "ArmRecord",
    "Band",
    "Cells",
    "Channel",
    "Comparison",
    "CurvePoint",
    "DecodedLayer",
    "Decoding",
    "DefendedGroup",
    "DefenseResult",
    "DefenseVerdict",
    "DefensesReport",
    "Detection",
    "Difference",
    "DoseBin",
    "DoseResponse",
    "ExchangeTable",
    "Guarding",
    "KindReport",
    "LabelReport",
    "LayerGroup",
    "MatchedGroup",
    "MatcherReport",
    "Note",
    "PairReport",
    "Pairing",
    "Part",
    "PartName",
    "PlantedCounts",
    "PlantedSeed",
    "Planting",
    "ProbeReport",
    "Probed",
    "ProbedGroup",
    "Provenance",
    "Quantity",
    "RatedGroup",
    "Role",
    "SimilarityCheck",
    "SliceReport",
    "SpilloverMatrix",
    "SpilloverReport",
    "Stopped",
    "Verdict",
    "arm_of",
    "main_arm",
    "reference",
    "require_baselines",
]
