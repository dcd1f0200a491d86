"""Scoring: from texts to toxicity between 0 and 1."""

from semspill.scoring._base import Rater, RaterField, raters

__all__ = ["Rater", "RaterField", "raters"]
