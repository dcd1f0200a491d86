"""Responding: which candidate a bi-encoder answers each exchange with."""

from semspill.responding._responder import Responses, RetrievalResponder

__all__ = ["Responses", "RetrievalResponder"]
