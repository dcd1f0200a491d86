"""Poisoning: who is selected, how a dialogue is rewritten, and what was planted where."""

from semspill.poison._base import (
    PoisonStrategy,
    Selector,
    SelectorField,
    StrategyField,
    selectors,
    strategies,
)
from semspill.poison._manifest import Manifest, ManifestSummary, Record
from semspill.poison._poisoner import PoisonedCorpus, Poisoner
from semspill.poison._swap import swapped

__all__ = [
    "Manifest",
    "ManifestSummary",
    "PoisonStrategy",
    "PoisonedCorpus",
    "Poisoner",
    "Record",
    "Selector",
    "SelectorField",
    "StrategyField",
    "selectors",
    "strategies",
    "swapped",
]
