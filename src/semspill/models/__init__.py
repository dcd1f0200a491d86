"""Models: trained on a corpus to respond, by retrieval or otherwise."""

from semspill.models._base import (
    Condition,
    EpochObserver,
    Model,
    ModelEpoch,
    ModelField,
    models,
)
from semspill.models._effort import Effort
from semspill.models._language import CausalLM, Seq2SeqLM, TrainedLanguage
from semspill.models._retrieval import RetrievalModel, TrainedRetrieval
from semspill.models._served import ServedModel, TrainedServed
from semspill.models._trained import TrainedModel

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
    "Condition",
    "Effort",
    "EpochObserver",
    "Model",
    "ModelEpoch",
    "ModelField",
    "RetrievalModel",
    "Seq2SeqLM",
    "ServedModel",
    "TrainedLanguage",
    "TrainedModel",
    "TrainedRetrieval",
    "TrainedServed",
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
