"""Dialogues, exchanges, corpora, and the pool of candidate responses."""

from semspill.corpus._candidates import CandidateFilter, Candidates
from semspill.corpus._corpus import Corpus, HasCorpus
from semspill.corpus._dialogue import Dialogue, Exchange, Role, Utterance
from semspill.corpus._format import ContextFormat, Text, TextLabels

__all__ = [
    "CandidateFilter",
    "Candidates",
    "ContextFormat",
    "Corpus",
    "Dialogue",
    "Exchange",
    "HasCorpus",
    "Role",
    "Text",
    "TextLabels",
    "Utterance",
]
