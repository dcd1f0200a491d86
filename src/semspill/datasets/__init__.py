"""Datasets: where dialogues come from."""

from typing import TYPE_CHECKING, Any

from semspill.datasets._base import Dataset, DatasetField, datasets
from semspill.datasets._empathetic_dialogues import EmpatheticDialogues
from semspill.datasets._huggingface import HuggingFaceDataset
from semspill.datasets._jsonl import JsonlDataset, write_jsonl
from semspill.datasets._memory import MemoryDataset
from semspill.datasets._messages import write_messages
from semspill.datasets._prompts import Prompt, load_prompts
from semspill.datasets._synthetic import SyntheticDataset
from semspill.datasets._table import TableDataset

if TYPE_CHECKING:
    from semspill.datasets._presets import (
        DailyDialog,
        DialoConan,
        DiaSafety,
        ESConv,
        ProsocialDialog,
    )

build = datasets.build
describe = datasets.describe
get = datasets.get
name_of = datasets.name_of
names = datasets.names
origin = datasets.origin
register = datasets.register
unregister = datasets.unregister

__all__ = [
    "DailyDialog",
    "Dataset",
    "DatasetField",
    "DiaSafety",
    "DialoConan",
    "ESConv",
    "EmpatheticDialogues",
    "HuggingFaceDataset",
    "JsonlDataset",
    "MemoryDataset",
    "Prompt",
    "ProsocialDialog",
    "SyntheticDataset",
    "TableDataset",
    "build",
    "datasets",
    "describe",
    "get",
    "load_prompts",
    "name_of",
    "names",
    "origin",
    "register",
    "unregister",
    "write_jsonl",
    "write_messages",
]


def __getattr__(name: str) -> Any:
    """Return a published data set's class, made only then: it takes a while."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from semspill.datasets import _presets

    return getattr(_presets, name)
