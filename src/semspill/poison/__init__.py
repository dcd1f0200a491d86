"""Poisoning: who is selected, how a dialogue is rewritten, and what was planted where."""

from semspill.poison._base import (
    PoisonStrategy,
    Selector,
    SelectorField,
    StrategyField,
    selectors,
    strategies,
)
from semspill.poison._function import FunctionStrategy, strategy
from semspill.poison._manifest import Manifest, ManifestSummary, Record, TriggerRecord
from semspill.poison._poisoner import PoisonedCorpus, Poisoner
from semspill.poison._selectors import CategorySelector, RandomSelector
from semspill.poison._strategies import (
    EachDistinct,
    EachFixed,
    EachRandom,
    FirstFixed,
    FirstRandom,
    LastFixed,
    LastRandom,
    RandomFixed,
    RandomRandom,
)
from semspill.poison._swap import swapped
from semspill.poison._trigger import TriggerStrategy

__all__ = [
    "CategorySelector",
    "EachDistinct",
    "EachFixed",
    "EachRandom",
    "FirstFixed",
    "FirstRandom",
    "FunctionStrategy",
    "LastFixed",
    "LastRandom",
    "Manifest",
    "ManifestSummary",
    "PoisonStrategy",
    "PoisonedCorpus",
    "Poisoner",
    "RandomFixed",
    "RandomRandom",
    "RandomSelector",
    "Record",
    "Selector",
    "SelectorField",
    "StrategyField",
    "TriggerRecord",
    "TriggerStrategy",
    "selectors",
    "strategies",
    "strategy",
    "swapped",
]
