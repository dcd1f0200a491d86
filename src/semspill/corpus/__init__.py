"""Dialogues, exchanges, corpora, and the pool of candidate responses."""

from semspill.corpus._candidates import CandidateFilter, Candidates
from semspill.corpus._columns import Columns
from semspill.corpus._corpus import Corpus, HasCorpus
from semspill.corpus._dialogue import Dialogue, Exchange, Role, Utterance
from semspill.corpus._format import ContextFormat, Text, TextLabels
from semspill.corpus._reading import LeftOut

__all__ = [
    "CandidateFilter",
    "Candidates",
    "Columns",
    "ContextFormat",
    "Corpus",
    "Dialogue",
    "Exchange",
    "HasCorpus",
    "LeftOut",
    "Role",
    "Text",
    "TextLabels",
    "Utterance",
]
