"""A dataset that comes with its package."""

from pathlib import Path

from semspill import Corpus, Dataset
from semspill.datasets import JsonlDataset


class FrontDesk(Dataset):
    """Guests of a hotel talk to its front desk about keys, noise, breakfast and thanks."""

    citation = "original"

    def load(self, split: str) -> Corpus:
        """Return `"train"` or `"test"`."""
        file = Path(__file__).with_name("front_desk.jsonl")
        return JsonlDataset(path=file, licence="CC0-1.0").load(split)
