"""Responding: which candidate a bi-encoder answers each exchange with."""

from semspill.responding._approximate import ApproximateSearch
from semspill.responding._responder import Responses, RetrievalResponder

__all__ = ["ApproximateSearch", "Responses", "RetrievalResponder"]
