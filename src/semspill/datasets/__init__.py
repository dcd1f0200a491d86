"""Datasets: where dialogues come from."""

from semspill.datasets._base import Dataset, DatasetField, datasets
from semspill.datasets._empathetic_dialogues import EmpatheticDialogues
from semspill.datasets._huggingface import HuggingFaceDataset
from semspill.datasets._jsonl import JsonlDataset, write_jsonl
from semspill.datasets._mapping import Columns
from semspill.datasets._synthetic import SyntheticDataset

__all__ = [
    "Columns",
    "Dataset",
    "DatasetField",
    "EmpatheticDialogues",
    "HuggingFaceDataset",
    "JsonlDataset",
    "SyntheticDataset",
    "datasets",
    "write_jsonl",
]
