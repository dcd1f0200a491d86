"""The retrieval model: a fine-tuned bi-encoder answers with the best of the candidates."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from semspill._progress import Progress, quiet
from semspill.corpus import (
    CandidateFilter,
    Candidates,
    ContextFormat,
    Corpus,
    Exchange,
    HasCorpus,
    TextLabels,
)
from semspill.encoders import BiEncoder, Encoder, EncoderField, RankingTask, encoders
from semspill.errors import ConfigError
from semspill.models._base import EpochObserver, Model, ModelEpoch
from semspill.models._effort import Effort
from semspill.models._encodings import CachedEncodings
from semspill.models._trained import TrainedModel
from semspill.responding import ApproximateSearch, Responses, RetrievalResponder
from semspill.training import Begin, Epoch, Finetuner


class TrainedRetrieval(TrainedModel):
    """A bi-encoder that answers with the candidate whose vector has the largest dot product.

    Give it a bi-encoder of your own, and return it from `Model.train`.

    Args:
        model: Encodes contexts and responses; it must not be trained while this object is used.
        search: Searches a part of the pool only, through faiss; None searches all of it.
        store: Folder in which the vectors of the candidates lie while they are searched, as
            float16; None holds them in memory as float32.
    """

    def __init__(
        self,
        model: BiEncoder,
        *,
        search: ApproximateSearch | None = None,
        store: str | Path | None = None,
    ) -> None:
        self.model = model
        self.search = search
        self.store = None if store is None else Path(store)
        self._cached = CachedEncodings(model)
        self._judged: dict[int, tuple[RankingTask, Any]] = {}

    def respond(
        self,
        exchanges: Sequence[Exchange],
        pool: Candidates,
        rng: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> Responses:
        """Return the best candidate of each exchange; of equal scores the lowest index wins."""
        return self.choices(exchanges, pool, rng, 1, progress=progress)

    def choices(
        self,
        exchanges: Sequence[Exchange],
        pool: Candidates,
        rng: np.random.Generator,
        k: int,
        *,
        progress: Progress = quiet,
    ) -> Responses:
        """Return the best `k` candidates of each exchange; see `RetrievalResponder.respond`."""
        if self.store is None:
            responder = RetrievalResponder(self._cached, pool, search=self.search)
            return responder.respond(exchanges, k, progress=progress)
        self.store.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.store) as folder:
            path = Path(folder) / "candidates.npy"
            responder = RetrievalResponder(self.model, pool, search=self.search, store=path)
            return responder.respond(exchanges, k, progress=progress)

    def score(
        self,
        exchanges: Sequence[Exchange],
        texts: Sequence[Sequence[str]],
        *,
        progress: Progress = quiet,
    ) -> Float[np.ndarray, "exchanges texts"]:
        """Return the dot product of each context with each of its responses."""
        lists = {id(row): row for row in texts}.values()
        distinct = list(dict.fromkeys(text for row in lists for text in row))
        place = {text: row for row, text in enumerate(distinct)}
        contexts = self._cached.encode_contexts(exchanges, progress=progress)
        responses = self._cached.encode_responses(distinct, progress=progress)
        if texts and all(row is texts[0] for row in texts):  # one list for all: one product
            columns = responses[[place[text] for text in texts[0]]]
            return np.asarray(contexts @ columns.T, dtype=np.float32)
        rows = [[place[text] for text in row] for row in texts]
        scores = [responses[row] @ context for row, context in zip(rows, contexts, strict=True)]
        return np.array(scores, dtype=np.float32).reshape(len(texts), -1)

    def rank(
        self, task: RankingTask, *, beside: Sequence[str] = (), progress: Progress = quiet
    ) -> Bool[np.ndarray, " exchanges"]:
        """Return for which exchanges the gold response ranks first; see `TrainedModel.rank`."""
        if id(task) not in self._judged:
            self._judged[id(task)] = task, task.judged(self._cached, progress)
        judged = self._judged[id(task)][1]
        return task.hits_beside(self._cached, beside, judged, progress)

    def with_context(self, context: ContextFormat) -> "TrainedRetrieval":
        """Return the same weights, reading contexts of another format.

        Raises:
            ConfigError: The bi-encoder has no `with_context`.
        """
        changed = getattr(self.model, "with_context", None)
        if changed is None:
            raise ConfigError(f"{type(self.model).__name__} has no method `with_context`.")
        return self.with_model(changed(context))

    def with_model(self, model: BiEncoder) -> "TrainedRetrieval":
        """Return what answers in the same way with another bi-encoder; nothing cached is shared.

        Args:
            model: Encodes contexts and responses.
        """
        trained = TrainedRetrieval(model, search=self.search, store=self.store)
        trained.device, trained.scale = self.device, self.scale
        return trained

    def expect(self, texts: Sequence[str]) -> None:
        """Encode these responses together, and only once."""
        self._cached.expect(texts)

    def save(self, folder: str | Path) -> None:
        """Write the bi-encoder.

        Raises:
            ConfigError: The bi-encoder has no `save`, or responses begin with predicted labels.
        """
        save = getattr(self.model, "save", None)
        if save is None:
            raise ConfigError(f"{type(self.model).__name__} has no method `save`.")
        save(folder)


class RetrievalModel(Model):
    """A bi-encoder, fine-tuned by in-batch softmax, that chooses among the training responses.

    Example:
        >>> RetrievalModel(encoder="hashing").epoch_count()
        3
    """

    citation = (
        "Rashkin et al. 2019, Towards Empathetic Open-domain Conversation Models: a New Benchmark "
        "and Dataset, arXiv:1811.00207 (retrieval by a bi-encoder)"
    )

    encoder: EncoderField = Field(default_factory=lambda: encoders.build("hashing"))
    """The bi-encoder that is fine-tuned."""
    finetuner: Finetuner = Finetuner()
    """How it is trained."""
    candidates: CandidateFilter = CandidateFilter()
    """Which training responses enter the pool."""
    search: ApproximateSearch | None = None
    """Search a part of the pool only, through the extra `faiss`; null searches all of it."""
    store: Path | None = None
    """Folder in which the vectors of the candidates lie while they are searched, as float16; null
    holds them in memory as float32."""

    def train(
        self,
        corpus: HasCorpus,
        rng: np.random.Generator,
        *,
        context: ContextFormat | None = None,
        response_labels: TextLabels | None = None,
        valid: Corpus | None = None,
        begins: Sequence[Begin] = (),
        observer: EpochObserver | None = None,
        progress: Progress = quiet,
    ) -> TrainedRetrieval:
        """Return the fine-tuned model; see `Finetuner.finetune`."""
        last: list[TrainedRetrieval] = []

        def watch(epoch: Epoch) -> None:
            last[:] = [self._trained(epoch.model)]
            if observer is not None:
                observer(
                    ModelEpoch(epoch.number, last[0], epoch.loss, epoch.precision, epoch.seconds)
                )

        model = self.finetuner.finetune(
            self.encoder,
            corpus,
            rng,
            context=context,
            response_labels=response_labels,
            valid=valid,
            begins=begins,
            observer=watch,
            progress=progress,
        )
        # What the last epoch has encoded need not be encoded again.
        return last[0] if last and self.finetuner.keep == "last" else self._trained(model)

    def load(self, folder: str | Path) -> TrainedRetrieval:
        """Return the model that `TrainedRetrieval.save` wrote.

        Raises:
            DataError: The folder does not hold a saved bi-encoder.
        """
        from semspill.encoders.two_tower import load_biencoder  # torch is heavy

        return self._trained(load_biencoder(folder))

    def _trained(self, model: BiEncoder) -> TrainedRetrieval:
        from semspill._device import device_name  # torch is heavy

        trained = TrainedRetrieval(model, search=self.search, store=self.store)
        trained.device = device_name(self.finetuner.device)
        trained.scale = self.finetuner.logit_scale(model)
        return trained

    def pool_filter(self) -> CandidateFilter:
        """Return `candidates`."""
        return self.candidates

    def training_fields(self) -> dict[str, Any]:
        """Return all fields but `candidates`."""
        return self.model_dump(mode="json", exclude={"candidates"})

    def epoch_count(self) -> int:
        """Return the finetuner's epochs."""
        return self.finetuner.epochs

    def effort(self, exchanges: int) -> Effort | None:
        """Return the finetuner's steps and the loss of guessing; None without epochs."""
        steps = self.finetuner.step_count(exchanges)
        if not steps:
            return None
        return Effort(
            steps=steps,
            fewest=self.encoder.fewest_steps,
            guessing=self.finetuner.guessing_loss(exchanges),
            advice="raise model.finetuner.epochs or lower model.finetuner.batch_size",
        )

    def reads(self) -> tuple[Path, ...]:
        """Return nothing: `store` is written, and decides nothing."""
        return ()

    def needs_validation(self) -> bool:
        """Return whether the finetuner keeps the best epoch."""
        return self.finetuner.keep == "best"

    def shows_response_labels(self) -> bool:
        """Return True: candidates and training responses are read after their labels."""
        return True

    def takes_steps(self) -> bool:
        """Return True: the finetuner takes them."""
        return True

    def similarity_encoder(self) -> Encoder:
        """Return `encoder`."""
        return self.encoder
