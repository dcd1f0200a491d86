"""Checkpoints inside a training: where it stands, written now and then; importing it imports torch.

A folder of one training holds `state.pt`, where it stands, and `epoch-N.pt`, the weights after each
epoch that has ended: an observer is to hear of these again, with the model as it stood.
"""

import hashlib
import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from semspill._atomic import atomic_path, remove_temporaries

logger = logging.getLogger(__name__)

Weights: TypeAlias = dict[str, Tensor]

_FORMAT = 1


@dataclass
class State:
    """Where a training stands."""

    past: list[tuple[Any, ...]] = field(default_factory=list)
    """The epochs that have ended: number, loss, count, seconds, and what was measured."""
    place: int = 0
    """How many batches of the epoch under way have been learned from."""
    total: float = 0.0
    """The sum of their losses."""
    count: int = 0
    """How many things that sum is over."""
    seconds: float = 0.0
    """How long they took."""
    generators: list[Tensor] = field(default_factory=list)
    """The states of torch's generators; empty between two epochs."""
    weights: Weights = field(default_factory=dict)
    """The weights that are trained; empty between two epochs, whose weights lie apart."""
    optimizer: dict[str, Any] = field(default_factory=dict)
    """The state of the optimizer; empty after the last epoch."""


class Checkpoints:
    """The checkpoints of one training.

    A checkpoint that cannot be written, for lack of room, costs a warning and not the training.

    Args:
        folder: Where they lie; made when it is missing. It belongs to one training.
        fingerprint: A hash of everything that decides the training: those of another are not read.
        minutes: Least time between two that are written inside an epoch.
    """

    def __init__(self, folder: Path, fingerprint: str, minutes: float) -> None:
        self.folder = folder
        self.fingerprint = fingerprint
        self.seconds = 60 * minutes
        self.written = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time for another one."""
        return time.monotonic() - self.written >= self.seconds

    def read(self) -> State | None:
        """Return where the training stood; None where nothing that can be used was written."""
        if not self.folder.is_dir():
            return None
        remove_temporaries(self.folder, below=False)
        held = self._load("state.pt")
        if held is None:
            return None
        state = State(**held)
        if not all(self._path(number).is_file() for number, *_ in state.past):
            return None
        return state

    def epoch(self, number: int) -> Weights | None:
        """Return the weights after an epoch; None where they cannot be read."""
        weights: Weights | None = self._load(self._path(number).name)
        return weights

    def write(self, state: State) -> None:
        """Write where the training stands."""
        self._save("state.pt", vars(state))
        self.written = time.monotonic()

    def write_epoch(self, number: int, weights: Weights) -> None:
        """Write the weights after an epoch."""
        self._save(self._path(number).name, weights)

    def _path(self, number: int) -> Path:
        return self.folder / f"epoch-{number}.pt"

    def _load(self, name: str) -> Any:
        path = self.folder / name
        try:
            found = torch.load(path, map_location="cpu", weights_only=True)
            if found["format"] != _FORMAT or found["fingerprint"] != self.fingerprint:
                logger.info("%s is of another training; it is not used", path)
                return None
            return found["held"]
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever the damage is, the training begins anew
            logger.warning("%s is damaged (%s); it is not used", path, type(error).__name__)
            return None

    def _save(self, name: str, held: Any) -> None:
        whole = {"format": _FORMAT, "fingerprint": self.fingerprint, "held": held}
        try:
            with atomic_path(self.folder / name) as temporary:
                torch.save(whole, temporary)
        except (OSError, RuntimeError) as error:  # torch's own for a full disk is the latter
            logger.warning(
                "%s cannot be written (%s); the training goes on without this checkpoint",
                *(self.folder / name, type(error).__name__),
            )


def moved(module: nn.Module) -> Weights:
    """Return what training changes of a module: weights that want a gradient, and buffers."""
    known: set[int] = set()
    found = {}
    for name, value in module.state_dict(keep_vars=True).items():
        frozen = isinstance(value, nn.Parameter) and not value.requires_grad
        if isinstance(value, Tensor) and not frozen and id(value) not in known:
            known.add(id(value))  # tied weights are held once
            found[name] = value.detach()
    return found


def put_back_weights(module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Let a module hold what `moved` returned."""
    with torch.no_grad():
        for name, value in moved(module).items():
            value.copy_(weights[name])


def fingerprint_of(
    settings: Mapping[str, Any], module: nn.Module, rows: Iterable[Sequence[np.ndarray]]
) -> str:
    """Return a hash of what decides a training.

    Args:
        settings: What was chosen, as JSON.
        module: The model before its first step.
        rows: Tokens and batches.
    """
    digest = hashlib.sha256(json.dumps([torch.__version__, settings], sort_keys=True).encode())
    for arrays in rows:
        digest.update(np.array([len(array) for array in arrays], dtype=np.int64).tobytes())
        for array in arrays:
            digest.update(np.ascontiguousarray(array, dtype=np.int64).tobytes())
    for name, weight in module.named_parameters():
        digest.update(f"{name} {weight.dtype} {[*weight.shape]} {weight.requires_grad}".encode())
        flat = weight.detach().cpu().contiguous().view(-1)
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()
