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
from semspill._mask import shown_id
from semspill._where import line_of
from semspill.errors import ConfigError, PluginError, SemspillError
from semspill.scoring._base import Rater, raters


class FunctionRater(FunctionComponent, Rater):
    """Rates by a function of Python; `semspill.rater` makes one."""

    citation: ClassVar[str] = "original"
    lost: ClassVar[str] = (
        "The rater was a function, which no file holds; give it again in Python, in place of what "
        "the file says of it"
    )

    each: bool = False
    """Whether the function takes one text and returns one number."""

    def facts(self) -> Mapping[str, Any]:
        """Return its name, what identifies what it does, and what it takes."""
        return {**super().facts(), "takes": "one text" if self.each else "texts"}

    @property
    def fingerprint(self) -> str:
        """What identifies the ratings in a cache: the name, and the version or the code."""
        parts = [type(self).__qualname__, self.title, self.code, self.each]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return what the function gives.

        Raises:
            PluginError: It fails, or does not return one number for each text.
        """
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
        rated = numbers(given)
        if rated is None or rated.shape != (len(texts),):
            got = type(given).__name__ if rated is None else f"an array of shape {rated.shape}"
            raise PluginError(self._broken(len(texts), f"returned {got}"))
        return rated

    def _broken(self, count: int, what: str) -> str:
        promise = (
            "it takes one text and returns one number"
            if self.each
            else "it takes a list of texts and returns one number each; of one that takes a single "
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
    version: str | None = None,
) -> Rater:
    """Return a rater that rates by a function.

    A function that needs none of the settings can stand itself wherever a rater is wanted.

    Args:
        function: Takes a list of texts and returns one number from 0 (harmless) to 1 (toxic) for
            each; a rating depends on its text alone.
        name: What reports call it; None for the function's own name.
        each: Whether the function takes one text and returns one number.
        version: What stands for all that the function does: ratings are kept under it, and a run
            goes on while it is the same. None for a fingerprint of the function's code, which
            sees neither a service that is asked nor the modules that are called.

    Raises:
        ConfigError: It is no function, or the name is no short text.

    Example:
        >>> shouting = rater(lambda text: float(text.isupper()), name="shouting", each=True)
        >>> shouting.rate(["HEY", "hey"])
        array([1., 0.])
    """
    title = function_title(function, name)
    return FunctionRater(function=function, title=title, each=each, version=version)


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
