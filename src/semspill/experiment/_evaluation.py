"""What one trained model does on the test exchanges: chosen responses, ratings, utility."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile
from zlib import error as BadDeflate

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill._atomic import atomic_path
from semspill._progress import Progress, quiet
from semspill.corpus import Candidates, Exchange
from semspill.encoders import BiEncoder, RankingTask
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
    epoch_toxicity: Float[np.ndarray, "epochs exchanges"]
    """Toxicity after each watched epoch."""
    epoch_planted: Bool[np.ndarray, "epochs exchanges"]
    """Planted or not after each watched epoch."""
    loss: Float[np.ndarray, " trained"]
    """Mean training loss of each epoch."""

    def write(self, path: Path) -> None:
        """Write the arrays to one .npz file, whole or not at all."""
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **vars(self))

    @classmethod
    def read(cls, path: Path) -> "ArmRun | None":
        """Return what `write` wrote; None when it is missing or broken."""
        try:
            # Opened here, because numpy leaves a broken archive open.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return cls(**{name: arrays[name] for name in arrays.files})
        except (OSError, EOFError, ValueError, TypeError, BadZipFile, BadDeflate):
            return None


@dataclass(frozen=True, eq=False)
class Examiner:
    """Puts the test questions to models of one arm."""

    exchanges: Sequence[Exchange]
    """The test exchanges."""
    candidates: Candidates
    """The arm's pool."""
    planted_texts: frozenset[str]
    """Every text that the poisoned arm plants; a clean pool can hold one by coincidence."""
    scorer: ToxicityScorer
    """Rates the chosen responses."""
    ranking: RankingTask
    """The frozen lists of the utility measure."""
    progress: Progress = quiet

    def answer(
        self, model: BiEncoder
    ) -> tuple[
        Int[np.ndarray, " exchanges"],
        Float[np.ndarray, " exchanges"],
        Float[np.ndarray, " exchanges"],
        Bool[np.ndarray, " exchanges"],
    ]:
        """Return index, score, toxicity and plantedness of each chosen response."""
        responder = RetrievalResponder(model, self.candidates)
        answers = responder.respond(self.exchanges, progress=self.progress)
        toxicity = self.scorer.score(answers.texts, progress=self.progress)
        planted = np.array([text in self.planted_texts for text in answers.texts], dtype=np.bool_)
        return answers.indices[:, 0], answers.scores[:, 0], toxicity, planted

    def correct(self, model: BiEncoder) -> Bool[np.ndarray, " exchanges"]:
        """Return for which exchanges the gold response ranks first in its list."""
        return self.ranking.hits(model, self.progress)
