"""EmpatheticDialogues: 25 thousand conversations about 32 emotions, the paper's corpus."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import platformdirs
from pydantic import Field

from semspill._files import place_of
from semspill._progress import Progress, quiet
from semspill._tables._splits import SPLITS, require_split
from semspill.corpus import Corpus
from semspill.datasets._archive import file_of, from_archive, from_folder
from semspill.datasets._base import Dataset
from semspill.datasets._download import cached, hash_file, hub_is_offline
from semspill.errors import DataError

logger = logging.getLogger(__name__)

_NAME = "empathetic_dialogues"
_MIRRORS = (
    "https://dl.fbaipublicfiles.com/parlai/empatheticdialogues/empatheticdialogues.tar.gz",
    "http://parl.ai/downloads/empatheticdialogues/empatheticdialogues.tar.gz",
)
_DIALOGUES = {"train": 19533, "valid": 2770, "test": 2547}
_SHA256 = "56f234d77b7dd1f005fd365bb17769cfe346c3c84295b69bc069c8ccb83be03d"


class EmpatheticDialogues(Dataset):
    """Conversations about a situation with one of 32 emotions.

    A dialogue's category is the emotion, its situation what the speaker was asked to talk about,
    its `speaker` the id of that worker. Copies that write a role in its place (0 for
    speaker, 1 for listener) have no speakers.
    The text is licensed CC BY-NC 4.0. Without `path`, the official archive is downloaded once
    (28 MB) into the user's cache. A row that is not as the official files promise is refused with
    its line, never repaired.

    Example:
        >>> EmpatheticDialogues(path="empatheticdialogues.tar.gz").path.name
        'empatheticdialogues.tar.gz'
    """

    citation: ClassVar[str] = (
        "Rashkin et al. 2019, Towards Empathetic Open-domain Conversation Models: a New Benchmark "
        "and Dataset, arXiv:1811.00207"
    )

    path: Path | None = None
    """The official archive (tar.gz), or a folder that holds train.csv, valid.csv and test.csv
    directly or in `empatheticdialogues/`; None to download."""
    offline: bool = False
    """Never download: without `path`, use only what is cached. HF_HUB_OFFLINE=1 does the same."""
    cache: Path | None = None
    """Where a download is kept; None for the user's cache folder."""
    mirrors: tuple[str, ...] = Field(_MIRRORS, min_length=1)
    """Where the archive can be downloaded, in the order tried."""
    sha256: str = Field(_SHA256, pattern="^[0-9a-f]{64}$")
    """What the archive must hash to, as 64 hex digits. A download is always compared, a file given
    as `path` only by `semspill data verify`."""

    def load(self, split: str) -> Corpus:
        """Return `"train"`, `"valid"` or `"test"`.

        Raises:
            DataError: The split or the file does not exist, the archive is damaged or another
                one, a row is malformed, or the download fails.
        """
        require_split(split, _NAME)
        path = self._place()
        dialogues = (from_folder if path.is_dir() else from_archive)(path, split)
        logger.info("read %d dialogues of %s from %s", len(dialogues), split, path)
        return Corpus(dialogues, name=_NAME, split=split, licence="CC BY-NC 4.0")

    def fetch(self, *, progress: Progress = quiet) -> str | None:
        """Download the archive if it is not there, and say where it lies.

        Args:
            progress: Wraps the pieces of the download.

        Raises:
            DataError: The download fails, or is not allowed, or `path` lacks something.
        """
        place = self._place(progress)
        if place.is_dir():
            for split in SPLITS:
                file_of(place, split)
        return str(place)

    def departures(self, splits: Mapping[str, Corpus]) -> tuple[str, ...]:
        """Compare the archive's hash and the dialogues of each split with the official ones.

        Args:
            splits: What `load` returned, by the name of the split.
        """
        place, differences = self._place(), []
        if place.is_file() and (digest := hash_file(place)) != self.sha256:
            differences.append(f"{place} is not the official archive: its sha256 is {digest}.")
        for split, corpus in splits.items():
            if len(corpus) != _DIALOGUES[split]:
                differences.append(
                    f"Split {split!r} has {len(corpus)} dialogues; the official one has "
                    f"{_DIALOGUES[split]}."
                )
        return tuple(differences)

    def unavailable(self) -> str | None:
        """Say what must be downloaded; None where nothing."""
        if self.path is not None or self._cached.is_file():
            return None
        return "needs a download of 28 MB: semspill data fetch empathetic_dialogues"

    @property
    def _cached(self) -> Path:
        cache = self.cache or Path(platformdirs.user_cache_dir("semspill")) / "datasets"
        return place_of(cache) / "empatheticdialogues.tar.gz"

    def _place(self, progress: Progress = quiet) -> Path:
        if self.path is not None:
            place = place_of(self.path)
            if not os.path.exists(place):  # unlike Path.exists, it never raises
                raise DataError(
                    f"EmpatheticDialogues is not at {place}; give 'path' as the official archive "
                    "or its unpacked folder, or leave it out to download."
                )
            return place
        return cached(
            self._cached,
            self.mirrors,
            self.sha256,
            offline=self.offline or hub_is_offline(),
            progress=progress,
        )
