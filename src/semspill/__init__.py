"""Measure how far behaviour planted in one subpopulation spills over to its neighbours."""

from semspill._model import Component, FrozenModel
from semspill.corpus import (
    CandidateFilter,
    Candidates,
    ContextFormat,
    Corpus,
    Dialogue,
    Exchange,
    Utterance,
)
from semspill.datasets import Dataset, datasets
from semspill.encoders import BiEncoder, Encoder, encoders
from semspill.scoring import Rater, raters
from semspill.sources import ResponseSource, sources

__all__ = [
    "BiEncoder",
    "CandidateFilter",
    "Candidates",
    "Component",
    "ContextFormat",
    "Corpus",
    "Dataset",
    "Dialogue",
    "Encoder",
    "Exchange",
    "FrozenModel",
    "Rater",
    "ResponseSource",
    "Utterance",
    "datasets",
    "encoders",
    "raters",
    "sources",
]
