"""Candidate vectors on disk: float16 rows in a .npy file, and beside it what they belong to."""

import hashlib
import json
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from semspill._atomic import atomic_path, write_text
from semspill._progress import Progress
from semspill._read import parse_json
from semspill.corpus import Candidates
from semspill.encoders import BiEncoder
from semspill.encoders._vectors import checked_vectors
from semspill.errors import DataError, PluginError

# Texts that are encoded at once: their vectors and padded tokens are what takes memory.
_PIECE = 16384
_FORMAT = 1


@runtime_checkable
class Fingerprinted(Protocol):
    """What says which weights it has: equal fingerprints promise equal vectors."""

    @property
    def fingerprint(self) -> str:
        """A hash of the weights and of all else that decides the vectors."""


class Store:
    """The vectors of candidates in a file, made when it is missing or belongs to others.

    Args:
        path: The .npy file; a JSON file of the same name with `.json` added says what it holds.
        model: Encodes the candidates.
        candidates: Whose vectors are kept, in their order.

    Raises:
        PluginError: The model has no `fingerprint`, so stored vectors could not be identified.
    """

    def __init__(self, path: Path, model: BiEncoder, candidates: Candidates) -> None:
        if not isinstance(model, Fingerprinted):
            raise PluginError(
                f"{type(model).__name__} has no property `fingerprint`, so its vectors cannot be "
                "kept in a store; add one or give store=None."
            )
        self.path, self.model, self.texts = path, model, candidates.texts
        self.beside = path.with_name(path.name + ".json")
        digest = hashlib.sha256()
        for start in range(0, len(self.texts), _PIECE):
            digest.update(json.dumps(self.texts[start : start + _PIECE]).encode())
        self.holds: dict[str, Any] = {
            "format": _FORMAT,
            "model": f"{type(model).__qualname__} {model.fingerprint}",
            "candidates": digest.hexdigest(),
        }

    def vectors(self, progress: Progress) -> Float[np.ndarray, "candidates dim"]:
        """Return the vectors, memory-mapped for reading; they are encoded if need be.

        Args:
            progress: Wraps the iterable of pieces that are encoded.

        Raises:
            DataError: The file is not a store, was damaged, or a vector does not fit float16.
            PluginError: The model gives another number of vectors than it got texts.
        """
        if self.path.exists() and not self.beside.exists():
            raise DataError(
                f"{self.path} has no {self.beside.name} beside it, so it is no store of vectors or "
                "was not written to its end; remove it or give another path."
            )
        if not self.path.exists() or self._written() != self.holds:
            self._write(progress)
        try:
            rows: Float[np.ndarray, "candidates dim"] = np.load(self.path, mmap_mode="r")
            whole = rows.dtype == np.float16 and rows.ndim == 2 and len(rows) == len(self.texts)
        except (ValueError, EOFError):  # numpy's words for a file that was cut
            whole = False
        if not whole:
            raise DataError(
                f"{self.path} was changed after it was written; remove it to build it again."
            )
        return rows

    def _written(self) -> Any:
        try:
            return parse_json(self.beside.read_text(encoding="utf-8"))
        except ValueError:
            return None

    def _write(self, progress: Progress) -> None:
        # The words of the last vectors go first: a crash between must not leave them to new ones.
        self.beside.unlink(missing_ok=True)
        with atomic_path(self.path) as temporary, temporary.open("wb") as file:
            dim = None
            for start in progress(range(0, len(self.texts), _PIECE)):
                rows = self._encoded(self.texts[start : start + _PIECE], dim)
                if dim is None:
                    dim = rows.shape[1]
                    header = {
                        "descr": "<f2",
                        "fortran_order": False,
                        "shape": (len(self.texts), dim),
                    }
                    np.lib.format.write_array_header_1_0(file, header)
                file.write(rows.tobytes())
        write_text(self.beside, json.dumps(self.holds, indent=2) + "\n")

    def _encoded(self, texts: tuple[str, ...], dim: int | None) -> Float[np.ndarray, "texts dim"]:
        rows = checked_vectors(
            self.model, self.model.encode_responses(texts), len(texts), "responses"
        )
        same = dim in (None, rows.shape[1])
        require(self.model, same, f"responses of {dim} and responses of {rows.shape[1]}")
        with np.errstate(over="ignore"):
            small: Float[np.ndarray, "texts dim"] = rows.astype("<f2")
        if not np.isfinite(small).all():
            raise DataError(
                "A candidate's vector holds NaN, infinity or a value beyond float16 (65504), so it "
                "cannot be kept in a store; check the encoder or give store=None."
            )
        return small


def require(model: BiEncoder, is_sound: bool, got: str) -> None:
    """Raise PluginError unless a model kept its promise."""
    if not is_sound:
        raise PluginError(
            f"{type(model).__name__} gave {got}; it must give one vector each, all of one length."
        )
