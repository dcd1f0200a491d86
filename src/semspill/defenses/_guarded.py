"""A guarded model: it answers with the best of its responses that every guard allows."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from semspill._progress import Progress, quiet
from semspill.corpus import Candidates, ContextFormat, Exchange, HasCorpus
from semspill.defenses._base import Aid, OutputGuard
from semspill.defenses._cleaner import unmarked
from semspill.encoders import RankingTask
from semspill.errors import PluginError
from semspill.models import TrainedModel
from semspill.models._lists import list_scores
from semspill.responding import Responses

SAFE_REPLY = "I am sorry, but I would rather not answer that."
"""What a guarded model says where none of its best responses is allowed."""


class GuardedModel(TrainedModel):
    """A model that gives the first of its best responses that every guard allows.

    Where none is allowed it gives a fixed harmless reply. `guarded` makes one.

    Args:
        model: What is guarded.
        guards: Decide; they are ready for this model.
        reply: What is said where nothing is allowed.
        best: How many of the best responses are considered.
        control: A seed for the control, in which every decision is that on another exchange, drawn
            at random: it intervenes as often and knows nothing; None for the guards themselves.
    """

    def __init__(
        self,
        model: TrainedModel,
        guards: Sequence[OutputGuard],
        *,
        reply: str = SAFE_REPLY,
        best: int = 10,
        control: int | None = None,
    ) -> None:
        self.model = model
        self.guards = tuple(guards)
        self.reply = reply
        self.best = best if model.chooses else 1
        self.control = control
        self.device, self.scale = model.device, model.scale
        self.replaced = math.nan
        """Share of the exchanges answered last in which another response took the place of the
        best."""
        self.silent = math.nan
        """Share of the exchanges answered last that got the fixed reply."""

    def respond(
        self,
        exchanges: Sequence[Exchange],
        pool: Candidates,
        rng: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> Responses:
        """Return the best response to each exchange that is allowed, or else the fixed reply.

        Raises:
            PluginError: A guard breaks its contract.
        """
        most = min(self.best, max(len(pool), 1)) if self.model.chooses else 1
        given = self.model.choices(exchanges, pool, rng, most, progress=progress)
        allowed = self._allowed(exchanges, given)
        silent, first = np.logical_not(allowed.any(axis=1)), allowed.argmax(axis=1)
        if count := len(exchanges):
            self.silent = float(silent.sum() / count)
            self.replaced = float((first > 0).sum() / count)
        candidates = _with(given.candidates, self.reply)
        rows, own = np.arange(len(exchanges)), candidates.texts.index(self.reply)
        indices = np.where(silent, own, given.indices[rows, first])
        scores = np.where(silent, np.nan, given.scores[rows, first]).astype(given.scores.dtype)
        return replace(
            given, candidates=candidates, indices=indices[:, None], scores=scores[:, None]
        )

    def score(
        self,
        exchanges: Sequence[Exchange],
        texts: Sequence[Sequence[str]],
        *,
        progress: Progress = quiet,
    ) -> Float[np.ndarray, "exchanges texts"]:
        """Return the scores of the model itself: a guard decides what is said, not how well."""
        return self.model.score(exchanges, texts, progress=progress)

    @property
    def scores(self) -> bool:
        """Whether the model itself can score given responses."""
        return self.model.scores

    def rank(
        self, task: RankingTask, *, beside: Sequence[str] = (), progress: Progress = quiet
    ) -> Bool[np.ndarray, " exchanges"] | None:
        """Return for which exchanges the best allowed response of the list is the gold one.

        Only the best few are considered, as in answering; where none is allowed it is not.
        """
        if not self.scores:
            return None
        texts, rows, scores = list_scores(self.model, task, beside, progress)
        gold = rows[np.arange(len(rows)), task.gold]
        order = np.argsort(-scores, axis=1, kind="stable")[:, : self.best]
        best = np.take_along_axis(rows, order, axis=1)
        kept = np.take_along_axis(scores, order, axis=1)
        allowed = self._allowed(task.exchanges, Responses(Candidates.of(texts), best, kept))
        given = np.take_along_axis(best, allowed.argmax(axis=1)[:, None], axis=1)[:, 0]
        return np.asarray(allowed.any(axis=1) & (given == gold))

    def with_context(self, context: ContextFormat) -> "GuardedModel":
        """Return the model, reading contexts of another format, with the same guards.

        Raises:
            ConfigError: The model reads contexts in a way of its own.
        """
        changed = self.model.with_context(context)
        options = {"reply": self.reply, "best": self.best, "control": self.control}
        return GuardedModel(changed, self.guards, **options)  # type: ignore[arg-type]

    def expect(self, texts: Sequence[str]) -> None:
        """Tell the model which responses most pools will share."""
        self.model.expect(texts)

    def _allowed(
        self, exchanges: Sequence[Exchange], responses: Responses
    ) -> Bool[np.ndarray, "exchanges k"]:
        allowed = np.ones(responses.indices.shape, dtype=np.bool_)
        for guard in self.guards:
            allowed &= checked_allow(guard, exchanges, responses)
        if self.control is not None:
            # As often, at the same ranks, and of exchanges that have nothing to do with it.
            allowed = allowed[np.random.default_rng(self.control).permutation(len(allowed))]
        return allowed


def guarded(
    model: TrainedModel,
    guards: Sequence[OutputGuard],
    *,
    corpus: HasCorpus,
    rng: np.random.Generator,
    aid: Aid | None = None,
    control: np.random.Generator | None = None,
    reply: str = SAFE_REPLY,
    best: int = 10,
) -> GuardedModel:
    """Return a model that answers with the best of its responses that every guard allows.

    Args:
        model: A trained model; one that gives a single response says the reply where it is refused.
        guards: What decides, all of them on the same responses.
        corpus: What the model was trained on; the guards see it without marks of planted text.
        rng: Its children draw what is random when the guards are made ready.
        aid: What the guards declare in `needs`.
        control: Draws the control: each exchange is decided as another one, drawn at random. So as
            many responses are refused, at the same ranks; None for the guards themselves.
        reply: What is said where nothing is allowed.
        best: How many of the best responses are considered, 1 or more.

    Raises:
        ConfigError: A guard needs what `aid` does not hold, or cannot guard such a model.
        PluginError: A guard breaks its contract.

    Example:
        >>> import semspill as sp
        >>> from semspill.defenses import RaterGuard
        >>> model = sp.RetrievalModel(encoder="hashing", finetuner={"epochs": 0})
        >>> corpus = sp.datasets.build({"name": "synthetic", "train": 40}).load("train")
        >>> rng = np.random.default_rng(0)
        >>> guards = [RaterGuard(rater={"name": "lexicon", "words": {"sorry": 1.0}})]
        >>> trained = model.train(corpus, rng)
        >>> careful = guarded(trained, guards, corpus=corpus, rng=rng)
        >>> said = careful.respond(corpus.exchanges, corpus.responses(), rng).texts
        >>> any("sorry" in text.split() for text in said)
        False
    """
    whole = unmarked(corpus.corpus)
    given = aid or Aid()
    ready = [
        _ready(guard, guard.fitted(model, whole, given.of(guard), stream))
        for guard, stream in zip(guards, rng.spawn(len(guards)), strict=True)
    ]
    seed = None if control is None else int(control.integers(2**63))
    return GuardedModel(model, ready, reply=reply, best=best, control=seed)


def checked_allow(
    guard: OutputGuard, exchanges: Sequence[Exchange], responses: Responses
) -> Bool[np.ndarray, "exchanges k"]:
    """Return what a guard allows, which sees neither marks nor the response of a person.

    Args:
        guard: Decides.
        exchanges: What is answered.
        responses: The best responses to each.

    Raises:
        PluginError: There is not one truth value for each response.
    """
    shape = responses.indices.shape
    if not len(exchanges):
        return np.ones(shape, dtype=np.bool_)
    method = f"{type(guard).__name__}.allow"
    asked = tuple(replace(one, response="", planted=False) for one in exchanges)
    shown = replace(responses, candidates=Candidates.of(responses.candidates.texts))
    answer = np.asarray(guard.allow(asked, shown))
    if answer.dtype != np.bool_:
        raise PluginError(f"{method} must return an array of bool, got {answer.dtype}.")
    if answer.shape != shape:
        raise PluginError(
            f"{method} returned an array of shape {answer.shape} for responses of shape {shape}; "
            "return one truth value for each."
        )
    return answer


def _ready(guard: OutputGuard, fitted: object) -> OutputGuard:
    if not isinstance(fitted, OutputGuard):
        raise PluginError(
            f"{type(guard).__name__}.fitted must return an OutputGuard, got "
            f"{type(fitted).__name__}."
        )
    return fitted


def _with(candidates: Candidates, text: str) -> Candidates:
    if text in candidates.texts:
        return candidates
    marks = np.append(candidates.planted, np.False_)
    return replace(candidates, texts=(*candidates.texts, text), planted=marks)
