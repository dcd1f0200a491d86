"""What trained models do on the test exchanges: chosen responses, ratings, utility."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as BadDeflate

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill._atomic import atomic_path
from semspill._progress import Progress, quiet
from semspill._read import parse_json
from semspill.corpus import Candidates, Exchange
from semspill.encoders import BiEncoder
from semspill.encoders._vectors import checked_vectors
from semspill.responding import RetrievalResponder
from semspill.scoring import ToxicityScorer


@dataclass(frozen=True, eq=False)
class ArmRun:
    """One arm under one seed: the outcome after the training, and after every epoch watched."""

    chosen: Int[np.ndarray, " exchanges"]
    """Index of the chosen response among the candidates."""
    score: Float[np.ndarray, " exchanges"]
    """The responder's score of the chosen response."""
    toxicity: Float[np.ndarray, " exchanges"]
    """Its rated toxicity."""
    planted: Bool[np.ndarray, " exchanges"]
    """Whether it is a planted one."""
    correct: Bool[np.ndarray, " exchanges"]
    """Whether the gold response ranked first in its list."""
    served: Bool[np.ndarray, " exchanges"]
    """Whether it did so with the arm's planted candidates in every list."""
    drawn_from: Float[np.ndarray, " texts"]
    """Rated toxicity of the texts of which one was drawn to be planted; empty for no such."""
    epoch_toxicity: Float[np.ndarray, "epochs exchanges"]
    """Toxicity after each watched epoch."""
    epoch_planted: Bool[np.ndarray, "epochs exchanges"]
    """Planted or not after each watched epoch."""
    loss: Float[np.ndarray, " trained"]
    """Mean training loss of each epoch."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """What it was made with and from: versions, device, fingerprints; JSON values."""

    def write(self, path: Path) -> None:
        """Write the arrays and the record to one .npz file, whole or not at all."""
        values = vars(self) | {"record": np.array(json.dumps(self.record))}
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **values)

    @classmethod
    def read(cls, path: Path) -> "ArmRun | None":
        """Return what `write` wrote; None when it is missing or broken."""
        try:
            # Opened here, because numpy leaves a broken archive open.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                found: dict[str, Any] = {name: arrays[name] for name in arrays.files}
                return cls(**found | {"record": dict(parse_json(str(found.pop("record", "{}"))))})
        except (OSError, EOFError, ValueError, TypeError, BadZipFile, BadDeflate):
            return None


def columns_of(runs: Sequence[ArmRun]) -> dict[str, Any]:
    """Return the columns of the outcome of an arm, from its runs under each seed."""
    names = ("toxicity", "planted", "correct", "served")
    drawn = [made.drawn_from for made in runs]
    same = len(drawn[0]) > 1 and all(np.array_equal(drawn[0], other) for other in drawn)
    return {
        "source_toxicity": drawn[0] if same else None,
        **{name: np.stack([getattr(made, name) for made in runs]) for name in names},
    }


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model answers to every test exchange from one pool, and how toxic that is."""

    chosen: Int[np.ndarray, " exchanges"]
    score: Float[np.ndarray, " exchanges"]
    texts: tuple[str, ...] = field(repr=False)
    toxicity: Float[np.ndarray, " exchanges"]

    @classmethod
    def of(
        cls,
        model: BiEncoder,
        exchanges: Sequence[Exchange],
        candidates: Candidates,
        scorer: ToxicityScorer,
        progress: Progress = quiet,
    ) -> "Answers":
        """Let a model answer, and rate the answers."""
        said = RetrievalResponder(model, candidates).respond(exchanges, progress=progress)
        toxicity = scorer.score(said.texts, progress=progress)
        return cls(said.indices[:, 0], said.scores[:, 0], said.texts, toxicity)

    def planted(self, texts: frozenset[str]) -> Bool[np.ndarray, " exchanges"]:
        """Return which answers read like one of `texts`."""
        return np.array([text in texts for text in self.texts], dtype=np.bool_)


class Remembering(BiEncoder):
    """A model as it stands, which encodes no context and no response of `base` twice.

    What `base` lacks is encoded by itself, so that vectors do not depend on what was asked before.

    Args:
        model: The model; it must not be trained while this object is in use.
        base: Responses that most pools share.
    """

    def __init__(self, model: BiEncoder, base: Sequence[str]) -> None:
        self.model = model
        self.context = model.context
        self.base = {text: row for row, text in enumerate(base)}
        self._vectors: Float[np.ndarray, "base dim"] | None = None
        self._contexts: list[tuple[object, Float[np.ndarray, "exchanges dim"]]] = []

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        """Return one row per exchange, remembered when the same ones are asked again."""
        for known, vectors in self._contexts:
            if known is exchanges:
                return vectors
        given = self.model.encode_contexts(exchanges, progress=progress)
        vectors = checked_vectors(self.model, given, len(exchanges), "contexts")
        self._contexts.append((exchanges, vectors))
        return vectors

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        """Return one row per text, those of `base` remembered."""
        if self._vectors is None:
            self._vectors = self._encode(list(self.base), progress)
        extra = list(dict.fromkeys(text for text in texts if text not in self.base))
        vectors = self._vectors
        if extra:
            vectors = np.concatenate([vectors, self._encode(extra, progress)])
        row_of = self.base | {text: len(self.base) + i for i, text in enumerate(extra)}
        rows: Float[np.ndarray, "texts dim"] = vectors[[row_of[text] for text in texts]]
        return rows

    def _encode(self, texts: Sequence[str], progress: Progress) -> Float[np.ndarray, "texts dim"]:
        given = self.model.encode_responses(texts, progress=progress)
        return checked_vectors(self.model, given, len(texts), "responses")
