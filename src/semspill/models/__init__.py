"""Models: trained on a corpus to respond, by retrieval or otherwise."""

from semspill.models._base import EpochObserver, Model, ModelEpoch, ModelField, TrainedModel, models
from semspill.models._effort import Effort
from semspill.models._language import CausalLM, Seq2SeqLM, TrainedLanguage
from semspill.models._retrieval import RetrievalModel, TrainedRetrieval

build = models.build
describe = models.describe
get = models.get
name_of = models.name_of
names = models.names
origin = models.origin
register = models.register
unregister = models.unregister

__all__ = [
    "CausalLM",
    "Effort",
    "EpochObserver",
    "Model",
    "ModelEpoch",
    "ModelField",
    "RetrievalModel",
    "Seq2SeqLM",
    "TrainedLanguage",
    "TrainedModel",
    "TrainedRetrieval",
    "build",
    "describe",
    "get",
    "models",
    "name_of",
    "names",
    "origin",
    "register",
    "unregister",
]
