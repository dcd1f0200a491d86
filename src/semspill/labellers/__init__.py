"""Labellers: which category a classifier predicts from the conversation so far."""

from semspill.labellers._base import Labeller, LabellerField, Labels, labellers
from semspill.labellers._labelling import FittedLabelling, Labelling, cross_fitted, fold_of
from semspill.labellers._logistic import ProbeLabeller, TfidfLabeller
from semspill.labellers._noisy import NoisyLabeller
from semspill.labellers._transformers import TransformersLabeller

build = labellers.build
describe = labellers.describe
get = labellers.get
name_of = labellers.name_of
names = labellers.names
origin = labellers.origin
register = labellers.register
unregister = labellers.unregister

__all__ = [
    "FittedLabelling",
    "Labeller",
    "LabellerField",
    "Labelling",
    "Labels",
    "NoisyLabeller",
    "ProbeLabeller",
    "TfidfLabeller",
    "TransformersLabeller",
    "build",
    "cross_fitted",
    "describe",
    "fold_of",
    "get",
    "labellers",
    "name_of",
    "names",
    "origin",
    "register",
    "unregister",
]
