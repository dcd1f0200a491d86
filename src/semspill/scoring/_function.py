"""Raters that are functions of Python."""

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from semspill._arrays import numbers
from semspill._functions import FunctionComponent, function_title
from semspill._harmful import Harmless
from semspill._mask import shown_id
from semspill._where import line_of
from semspill.errors import ConfigError, PluginError, SemspillError
from semspill.scoring._base import Rater, overall, raters


class FunctionRater(FunctionComponent, Rater):
    """Rates by a function of Python; `semspill.rater` makes one."""

    citation: ClassVar[str] = "original"
    lost: ClassVar[str] = (
        "The rater was a function, which no file holds; give it again in Python, in place of what "
        "the file says of it"
    )

    each: bool = False
    """Whether the function takes one text and returns one number."""
    columns: Harmless[tuple[str, ...]] = ()
    """The kinds of harm that it rates, a number each; none for the toxicity alone."""
    toxic: str | None = None
    """The kind that is the toxicity; None for the highest of all."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of harm that it rates."""
        return self.columns

    @property
    def toxic_kind(self) -> str | None:
        """The kind that is the toxicity; None for the highest of all."""
        return self.toxic

    def facts(self) -> Mapping[str, Any]:
        """Return its name, what identifies what it does, and what it takes."""
        kinds = {"kinds": self.columns, "toxic": self.toxic} if self.columns else {}
        return {**super().facts(), "takes": "one text" if self.each else "texts", **kinds}

    @property
    def fingerprint(self) -> str:
        """What identifies the ratings in a cache: the name, and the version or the code."""
        parts: list[Any] = [type(self).__qualname__, self.title, self.code, self.each]
        parts += [self.columns, self.toxic] if self.columns else []
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return what the function gives.

        Raises:
            PluginError: It fails, or does not return one number for each text.
        """
        return overall(self, self.rate_kinds(texts)) if self.columns else self._asked(texts)

    def rate_kinds(self, texts: Sequence[str]) -> Float[np.ndarray, "texts kinds"]:
        """Return what the function gives for each kind.

        Raises:
            PluginError: It fails, or does not return one number for each text and kind.
        """
        return self._asked(texts) if self.columns else super().rate_kinds(texts)

    def _asked(self, texts: Sequence[str]) -> np.ndarray:
        texts = list(texts)
        try:
            given = [self.function(text) for text in texts] if self.each else self.function(texts)
        except SemspillError:
            raise
        except Exception as error:
            # The message of the cause may quote a text, so it stays with the cause.
            raised = f"raised {type(error).__name__}{line_of(error)}"
            said = self._broken(len(texts), raised)
            if not isinstance(error, TypeError | AttributeError):
                said = (
                    f"The rater {self.title!r} {raised} for {len(texts)} texts; mend it, or what "
                    "it asks, and rate again."
                )
            raise PluginError(said) from error
        if name := _awaitable(given):
            raise PluginError(
                f"The rater {self.title!r} returned {name} for {len(texts)} texts; raters are "
                "synchronous: give a plain function, in which asyncio.run may call an async one."
            )
        rated, wide = numbers(given), [len(self.columns)] * bool(self.columns)
        if rated is not None and not texts:
            rated = rated.reshape(0, *wide)
        if rated is None or rated.shape != (len(texts), *wide):
            got = type(given).__name__ if rated is None else f"an array of shape {rated.shape}"
            raise PluginError(self._broken(len(texts), f"returned {got}"))
        return rated

    def _broken(self, count: int, what: str) -> str:
        number = f"{len(self.columns)} numbers" if self.columns else "one number"
        promise = (
            f"it takes one text and returns {number}"
            if self.each
            else f"it takes a list of texts and returns {number} each; of one that takes a single "
            "text make semspill.rater(function, each=True)"
        )
        return f"The rater {self.title!r} {what} for {count} texts; {promise}."


def _awaitable(given: object) -> str:
    """Return what an async function gave, in words; empty where it was none."""
    several = isinstance(given, list) and bool(given)
    found = given if isinstance(given, list) else [given]
    if not all(map(inspect.isawaitable, found)) or not found:
        return ""
    for one in found:
        if inspect.iscoroutine(one):
            one.close()  # or Python would warn that nobody awaited it
    return "coroutines" if several else "a coroutine"


def rater(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    each: bool = False,
    kinds: Sequence[str] = (),
    toxic_kind: str | None = None,
    version: str | None = None,
) -> Rater:
    """Return a rater that rates by a function.

    A function that needs none of the settings can stand itself wherever a rater is wanted.

    Args:
        function: Takes a list of texts and returns one number from 0 (harmless) to 1 (toxic) for
            each; a rating depends on its text alone.
        name: What reports call it; None for the function's own name.
        each: Whether the function takes one text and returns one number.
        kinds: Kinds of harm: the function then returns a number for each of them, in this order,
            of each text.
        toxic_kind: The kind that is the toxicity; None for the highest of all.
        version: What stands for all that the function does: ratings are kept under it, and a run
            goes on while it is the same. None for a fingerprint of the function's code, which
            sees neither a service that is asked nor the modules that are called.

    Raises:
        ConfigError: It is no function, the name is no short text, `kinds` is no list of different
            names, or `toxic_kind` is none of them.

    Example:
        >>> shouting = rater(lambda text: float(text.isupper()), name="shouting", each=True)
        >>> shouting.rate(["HEY", "hey"])
        array([1., 0.])
    """
    title, columns = function_title(function, name), tuple(kinds)
    if isinstance(kinds, str) or len(set(columns)) < len(columns):
        raise ConfigError(
            "kinds must be a list of different names, one for each number that the function gives."
        )
    if toxic_kind is not None and toxic_kind not in columns:
        raise ConfigError(
            "toxic_kind must be one of the kinds; name it among them, or leave it out."
        )
    return FunctionRater(
        function=function,
        title=title,
        each=each,
        version=version,
        columns=columns,
        toxic=toxic_kind,
    )


def _take(given: object) -> FunctionRater | None:
    _refuse_pipeline(given)
    if isinstance(given, type) or not callable(given):
        return None
    return FunctionRater(function=given, title=function_title(given, None))


def _refuse_pipeline(given: Any) -> None:
    """Refuse a pipeline of transformers with the line that has semspill load its model."""
    kind = type(given)
    if not kind.__module__.startswith("transformers.pipelines"):
        return
    config = getattr(getattr(given, "model", None), "config", None)
    labels = list((getattr(config, "id2label", None) or {}).values())
    model = shown_id(getattr(config, "_name_or_path", None) or "")
    label = next((name for name in labels if str(name).lower() in _TOXIC), "...")
    choice = "" if label != "..." else f", where label is one of {', '.join(map(str, labels))}"
    raise ConfigError(
        f"The rater is a {kind.__name__}, whose weights have no fingerprint; write "
        f'{{"name": "transformers", "model": "{model}", "label": "{label}"}}{choice}. Weights of '
        'your own go to a folder first: pipeline.save_pretrained("my-rater")'
    )


_TOXIC = {"toxic", "toxicity", "hate", "offensive", "hateful", "abusive"}
"""Labels that can only mean the toxic class."""

raters.accept(_take, FunctionRater, "function")
