"""Datasets: where dialogues come from."""

from semspill.datasets._base import Dataset, DatasetField, datasets

__all__ = ["Dataset", "DatasetField", "datasets"]
