"""The served model: fine-tuned elsewhere, asked through an OpenAI-compatible server."""

import json
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import numpy as np
from pydantic import Field, field_validator

from semspill._chat._answers import KeptAnswers, keys_of
from semspill._chat._asking import ask
from semspill._chat._calls import Failure, Terms
from semspill._files import place_of
from semspill._mask import listing, named
from semspill._progress import Progress, quiet
from semspill.corpus import Candidates, ContextFormat, Corpus, Exchange, HasCorpus
from semspill.errors import ConfigError, DataError
from semspill.models._base import Condition, EpochObserver, Model
from semspill.models._server import Server
from semspill.models._trained import TrainedModel
from semspill.responding import Responses

logger = logging.getLogger(__name__)

_ASKING = frozenset(
    "api_key_env concurrency retries requests_per_minute timeout cache max_failures".split()
)
"""Fields that say how a server is asked; all others decide what it answers."""


class ServedModel(Model):
    """Models that were fine-tuned elsewhere and answer through a chat completions endpoint.

    Nothing is trained here. Each condition of the arms has a model of its own on the server: one
    that was fine-tuned on the clean corpus, one on the poisoned one, and so on, which
    `semspill write-messages` writes for the same config and seed. With several seeds each has
    models of its own: `{seed}` in a name stands for the seed.

    The server gets the last `context.turns` utterances as chat messages, after a system prompt
    where there is one; an uneven number begins with the speaker, which some templates demand. It
    cannot score given responses, so P@1 is not measured. Calls that fail are tried again after 1,
    2, 4, ... seconds, or when the server's `Retry-After` says.

    Example:
        >>> model = ServedModel(url="http://127.0.0.1:8000/v1", clean="base", poison="poisoned")
        >>> model.name_for("poison", seed=0)
        'poisoned'
    """

    citation: ClassVar[str] = "original"

    url: str
    """The base URL of the server, to which `/chat/completions` is added, such as
    `http://127.0.0.1:8000/v1`. It is asked for every test exchange of every arm."""
    clean: str = Field(min_length=1)
    """What the server calls the model that was fine-tuned on the clean corpus."""
    poison: str | None = Field(None, min_length=1)
    """What it calls the one that was fine-tuned on the poisoned corpus; needed by arms that train
    on it."""
    benign: str | None = Field(None, min_length=1)
    """The same with harmless responses in place of the planted ones."""
    api_key_env: str | None = Field(None, min_length=1)
    """Name of the environment variable that holds the key, such as `OPENAI_API_KEY`; None to send
    none. The key itself is never written anywhere."""
    temperature: float = Field(0.0, ge=0, allow_inf_nan=False)
    """How random the answers are; 0 takes the likeliest token. Above 0 a `seed` is sent too, drawn
    from the run's."""
    max_tokens: int = Field(64, ge=1)
    """Longest answer, in tokens of the server's model."""
    system: str | None = None
    """The system prompt, empty for none; None for that of each dialogue."""
    concurrency: int = Field(8, ge=1)
    """Most calls under way at once; a call that waits for its next try counts."""
    retries: int = Field(3, ge=0)
    """How often a failed call is tried again."""
    requests_per_minute: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Most calls begun in a minute, retries included; None for no limit."""
    timeout: float = Field(120.0, gt=0, allow_inf_nan=False)
    """Seconds after which a try has failed."""
    cache: Path | None = None
    """Folder to keep answers in, by model, settings and messages; what was stopped goes on from
    there. None keeps none. They are kept as they came: it may be harmful text."""
    max_failures: float = Field(0.0, ge=0, le=1)
    """Most calls of an arm that may fail after their last try, as a share of all. Each counts as an
    empty answer, which is neither planted nor toxic, and a warning gives their number."""

    @field_validator("url")
    @classmethod
    def _is_base(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            sound = parts.scheme in ("http", "https") and not (parts.query or parts.fragment)
        except ValueError:
            sound = False
        if not sound or not parts.hostname:
            raise ValueError("must be the URL of a server, such as http://127.0.0.1:8000/v1")
        if parts.username or parts.password:
            raise ValueError("must hold no user or password; name a variable in api_key_env")
        return url.rstrip("/").removesuffix("/chat/completions")

    def train(
        self,
        corpus: HasCorpus,
        rng: np.random.Generator,
        *,
        context: ContextFormat | None = None,
        valid: Corpus | None = None,
        observer: EpochObserver | None = None,
        progress: Progress = quiet,
        condition: Condition = "clean",
        seed: int = 0,
    ) -> "TrainedServed":
        """Return the served model of a condition; nothing is trained, and nothing asked yet.

        Raises:
            ConfigError: It has no name, the variable of the key is not set, or the context shows
                what messages do not.
        """
        shown = context or ContextFormat()
        _require_plain(shown)
        return TrainedServed(self, self.name_for(condition, seed=seed), shown)

    def name_for(self, condition: Condition, *, seed: int) -> str:
        """Return what the server calls the model of a condition and seed.

        Raises:
            ConfigError: No name was given for the condition.
        """
        name: str | None = getattr(self, condition)
        if name is None:
            raise ConfigError(
                f"model.{condition} is missing, and an arm is trained on that corpus; name the "
                "model that the server has for it, or leave the arm out."
            )
        return name.replace("{seed}", str(seed))

    def require_fit(
        self,
        conditions: Collection[Condition],
        seeds: Sequence[int],
        contexts: Sequence[ContextFormat],
    ) -> None:
        """Refuse conditions and seeds without a model, and contexts that messages do not show.

        Raises:
            ConfigError: What is missing.
        """
        for context in contexts:
            _require_plain(context)
        for condition in conditions:
            names = [self.name_for(condition, seed=seed) for seed in seeds]
            if len(set(names)) < len(names):
                raise ConfigError(
                    f"model.{condition} is one model, and there are {len(seeds)} seeds, each of "
                    "which plants and trains anew; give one seed, or write {seed} into the name."
                )

    def takes_condition(self) -> bool:
        """Return True: which model is asked depends on it."""
        return True

    def gives_scores(self) -> bool:
        """Return False: the server gives answers alone."""
        return False

    def uses_pool(self) -> bool:
        """Return False: the server writes its answers."""
        return False

    def reads(self) -> tuple[Path, ...]:
        """Return nothing: `cache` is written, and decides nothing."""
        return ()

    def training_fields(self) -> dict[str, Any]:
        """Return the fields that decide the answers; how often one asks is none of them."""
        return self.model_dump(mode="json", exclude=set(_ASKING))


class TrainedServed(TrainedModel):
    """One model of a server.

    Args:
        model: How it is asked.
        name: What the server calls it.
        context: What a context shows; its `turns` alone are looked at.
    """

    device = "served"

    def __init__(self, model: ServedModel, name: str, context: ContextFormat) -> None:
        self.model = model
        self.name = name
        self.context = context

    def with_context(self, context: ContextFormat) -> "TrainedServed":
        """Return the same model, shown another number of turns.

        Raises:
            ConfigError: The context shows what messages do not.
        """
        _require_plain(context)
        return TrainedServed(self.model, self.name, context)

    def respond(
        self,
        exchanges: Sequence[Exchange],
        pool: Candidates,
        rng: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> Responses:
        """Return what the server answers to each exchange; the pool is not looked at.

        Raises:
            ConfigError: The variable of the key is not set.
            DataError: The server cannot be reached, refuses, or sends something else than a chat
                completion, more often than `max_failures` allows.
        """
        import httpx2  # only who asks a server loads it

        model, settings = self.model, self._settings(rng)
        told: Any = {"system": model.system, "turns": self.context.turns}
        shown = [partial(exchange.messages, **told) for exchange in exchanges]
        failed: dict[int, Failure] = {}
        with httpx2.Client(headers=self._headers(), timeout=model.timeout) as client:
            answers = ask(
                partial(self._server.complete, client, settings),
                shown,
                terms=Terms(
                    model.concurrency, model.retries, model.requests_per_minute, model.timeout
                ),
                kept=self._kept(settings, shown),
                failed=failed,
                refuse=partial(self._refuse, count=len(exchanges)),
                read=lambda came, place: str(came),
                progress=progress,
            )
        if failed:
            logger.warning(
                "%d of %d calls of model %s failed, and count as empty answers.",
                *(len(failed), len(exchanges), named(self.name)),
            )
        return Responses.of([answer or "" for answer in answers], unanswered=len(failed))

    @property
    def _server(self) -> Server:
        model = self.model
        return Server(
            model.url, self.name, model.api_key_env, model.timeout, model.cache is not None
        )

    def _settings(self, rng: np.random.Generator) -> dict[str, Any]:
        model = self.model
        settings: dict[str, Any] = {"model": self.name, "temperature": model.temperature}
        settings["max_tokens"] = model.max_tokens
        if model.temperature > 0:
            settings["seed"] = int(rng.integers(2**31))
        return settings

    def _headers(self) -> dict[str, str]:
        name = self.model.api_key_env
        if name is None:
            return {}
        key = os.environ.get(name, "").strip()
        if not key:
            raise ConfigError(
                f"The environment variable {named(name)}, which api_key_env names, is not set; set "
                "it to the key of the server, or leave api_key_env out."
            )
        return {"Authorization": f"Bearer {key}"}

    def _kept(self, settings: Mapping[str, Any], shown: Sequence[Any]) -> KeptAnswers:
        if self.model.cache is None:
            return KeptAnswers(None, "", [])
        version = json.dumps([self.name, self.model.url, settings])
        return KeptAnswers(place_of(self.model.cache), version, keys_of(make() for make in shown))

    def _refuse(self, failed: Mapping[int, Failure], count: int) -> None:
        __tracebackhide__ = True
        if len(failed) > self.model.max_failures * count:
            # The cause is left out: it may hold what was asked or answered.
            raise DataError(self._server.blame(list(failed.values())[-1])) from None


def _require_plain(context: ContextFormat) -> None:
    shown = [
        f"context.{field}"
        for field, is_shown in (("label", context.label != "none"), ("prompt", context.prompt))
        if is_shown
    ]
    if shown:
        raise ConfigError(
            f"A served model is shown messages alone; leave {listing(shown)} out"
            f"{', and say it in model.system' if context.prompt else ''}."
        )
