"""Scoring: from texts to toxicity between 0 and 1."""

from semspill.scoring._base import Rater, RaterField, raters
from semspill.scoring._coherence import Coherence
from semspill.scoring._detoxify import DetoxifyRater
from semspill.scoring._function import FunctionRater, rater
from semspill.scoring._garak import GarakRater
from semspill.scoring._inspect import InspectRater
from semspill.scoring._lexicon import LexiconRater
from semspill.scoring._profanity import ProfanityRater
from semspill.scoring._quality import KindQuality, LabelledSample, RaterQuality, assess_rater
from semspill.scoring._scorer import Ratings, ToxicityScorer
from semspill.scoring._transformers import TransformersRater

__all__ = [
    "Coherence",
    "DetoxifyRater",
    "FunctionRater",
    "GarakRater",
    "InspectRater",
    "KindQuality",
    "LabelledSample",
    "LexiconRater",
    "ProfanityRater",
    "Rater",
    "RaterField",
    "RaterQuality",
    "Ratings",
    "ToxicityScorer",
    "TransformersRater",
    "assess_rater",
    "rater",
    "raters",
]
