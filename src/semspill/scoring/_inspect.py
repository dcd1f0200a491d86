"""A rater that is a scorer of inspect_ai, the framework for evaluations of language models."""

import asyncio
import hashlib
import importlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._mask import described
from semspill.errors import DataError, MissingExtraError, PluginError
from semspill.scoring._base import Rater

_FIX = (
    "InspectRater needs the package inspect-ai, which is no extra, as it brings much: "
    "pip install inspect-ai"
)


class InspectRater(Rater):
    """Rates by a scorer of inspect_ai, which sees a text as the output of a model, with no target.

    A value of `C` counts as 1, `P` as 0.5, `I` and `N` as 0; numbers are taken as they are. A
    scorer that asks a model does so as inspect's own settings say, and may answer by chance.

    Example:
        >>> InspectRater(scorer="my_scorers:polite", high="harmless").high
        'harmless'
    """

    citation: ClassVar[str] = (
        "UK AI Security Institute 2024, Inspect AI: Framework for Large Language Model "
        "Evaluations, https://inspect.aisi.org.uk"
    )

    scorer: str = Field(pattern=r"^[\w.]+:\w+$")
    """The function that makes the scorer without arguments, as `package.module:function`."""
    key: str | None = None
    """Which value is the rating, where a score has several by name."""
    high: Literal["toxic", "harmless"] = "toxic"
    """What a score of 1 (or `C`) means; with `harmless` the rating is 1 minus the score."""

    @property
    def fingerprint(self) -> str:
        """What identifies the ratings: the fields, the scorer's module and the version of inspect.

        Raises:
            MissingExtraError: inspect_ai is not installed.
        """
        return hashlib.sha256(f"{super().fingerprint} {_version()}".encode()).hexdigest()

    def reads(self) -> tuple[Path, ...]:
        """Return the file of the scorer's module, where Python finds it."""
        with suppress(ImportError, ValueError):
            found = find_spec(self.scorer.partition(":")[0])
            if found is not None and found.has_location and found.origin:
                return (Path(found.origin),)
        return ()

    def unavailable(self) -> str | None:
        """Say that inspect_ai is not installed; None where it is."""
        try:
            _version()
        except MissingExtraError as error:
            return f"needs a package: {error}"
        return None

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the score of each text.

        Args:
            texts: Any number of texts, also none.

        Raises:
            MissingExtraError: inspect_ai is not installed.
            DataError: There is no such function.
            PluginError: The scorer gives no single value.
        """
        if not texts:
            return np.zeros(0)
        _version()
        # A thread of its own, as a loop may be running in this one.
        with ThreadPoolExecutor(1) as pool:
            scores = pool.submit(asyncio.run, self._scores(texts)).result()
        values = np.array([self._value(score) for score in scores], dtype=np.float64)
        return values if self.high == "toxic" else 1 - values

    async def _scores(self, texts: Sequence[str]) -> list[Any]:
        names = ("model", "scorer", "solver")
        model, scorer, solver = (importlib.import_module(f"inspect_ai.{name}") for name in names)
        score = self._factory()

        def state(number: int, text: str) -> Any:
            return solver.TaskState(
                model=model.ModelName("none/none"),
                sample_id=number,
                epoch=1,
                input="",
                messages=[model.ChatMessageAssistant(content=text)],
                output=model.ModelOutput.from_content("none", text),
            )

        states = [state(number, text) for number, text in enumerate(texts, 1)]
        return await asyncio.gather(*(score(one, scorer.Target("")) for one in states))

    def _value(self, score: Any) -> float:
        value = getattr(score, "value", None)
        if isinstance(value, Mapping) and self.key is not None:
            value = value.get(self.key)
        if not isinstance(value, str | int | float):
            raise PluginError(
                f"The scorer {self.scorer!r} gave {described(value)} as the value of a text; it "
                "must give a number or a letter, or several by name, one of which is `key`."
            )
        number: float = importlib.import_module("inspect_ai.scorer").value_to_float()(value)
        return number

    @cached_property
    def _factory(self) -> Any:
        module, _, name = self.scorer.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise DataError(
                f"The scorer {self.scorer!r} cannot be imported ({type(error).__name__}); give "
                "'package.module:function', of a module that Python finds."
            ) from error


def _version() -> str:
    try:
        return version("inspect-ai")
    except PackageNotFoundError:
        raise MissingExtraError(f"{_FIX}.") from None
