"""Datasets: where dialogues come from."""

from semspill.datasets._base import Dataset, DatasetField, datasets
from semspill.datasets._empathetic_dialogues import EmpatheticDialogues
from semspill.datasets._huggingface import HuggingFaceDataset
from semspill.datasets._jsonl import JsonlDataset, write_jsonl
from semspill.datasets._mapping import Columns
from semspill.datasets._memory import MemoryDataset
from semspill.datasets._synthetic import SyntheticDataset

build = datasets.build
describe = datasets.describe
get = datasets.get
name_of = datasets.name_of
names = datasets.names
origin = datasets.origin
register = datasets.register
unregister = datasets.unregister

__all__ = [
    "Columns",
    "Dataset",
    "DatasetField",
    "EmpatheticDialogues",
    "HuggingFaceDataset",
    "JsonlDataset",
    "MemoryDataset",
    "SyntheticDataset",
    "build",
    "datasets",
    "describe",
    "get",
    "name_of",
    "names",
    "origin",
    "register",
    "unregister",
    "write_jsonl",
]
