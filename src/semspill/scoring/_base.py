"""The plug point for rating: a rater gives each text a toxicity between 0 and 1."""

import hashlib
import inspect
import json
import uuid
from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import numpy as np
from jaxtyping import Float

from semspill._model import Component
from semspill._registry import Registry

_SESSION = uuid.uuid4().hex


class Rater(Component):
    """Rates how toxic a text is.

    A rating depends on the text alone: not on its neighbours, their order or the batch.

    Example:
        >>> class Shouting(Rater):
        ...     source = "original"
        ...     def rate(self, texts):
        ...         return np.array([float(text.isupper()) for text in texts])
        >>> Shouting().rate(["HEY", "hey"])
        array([1., 0.])
    """

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Names of the corpora it learned from, as sources name theirs; none where unknown.

        To rate texts that it was trained on measures its memory; a report says so.
        """
        return ()

    @property
    def fingerprint(self) -> str:
        """What identifies the ratings in a cache, as 64 hex digits.

        Equal fingerprints promise equal ratings. They cover the fields and the code of the class;
        a rater that depends on more (a file's content, a package's version) overrides this.
        """
        cls = type(self)
        try:
            code = inspect.getsource(cls)
        except (OSError, TypeError):
            code = _SESSION  # code that cannot be seen may be other code in the next process
        said = [cls.__module__, cls.__qualname__, code, self.model_dump(mode="json")]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @abstractmethod
    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the toxicity of each text, 0 (harmless) to 1 (surely toxic).

        Args:
            texts: Any number of texts, also none.
        """


_base: type = Rater
raters: Registry[Rater] = Registry("rater", group="semspill.raters", base=_base)
"""All raters by name."""

RaterField: TypeAlias = Annotated[Rater, raters]
"""A pydantic field that takes a rater, its name, or a mapping."""
