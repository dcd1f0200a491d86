"""The plug point for rating: a rater gives each text a toxicity between 0 and 1."""

import hashlib
import json
from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float

from semspill._code import code_of
from semspill._mask import shown_id
from semspill._model import Component
from semspill._registry import Registry
from semspill.errors import did_you_mean
from semspill.scoring._files import hash_inputs


class Rater(Component):
    """Rates how toxic a text is.

    A rating depends on the text alone: not on its neighbours, their order or the batch.

    Example:
        >>> class Shouting(Rater):
        ...     citation = "original"
        ...     def rate(self, texts):
        ...         return np.array([float(text.isupper()) for text in texts])
        >>> Shouting().rate(["HEY", "hey"])
        array([1., 0.])
    """

    handles_harm: ClassVar[bool] = True

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Names of the corpora it learned from, as sources name theirs; none where unknown.

        To rate texts that it was trained on measures its memory; a report says so.
        """
        return ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of harm that `rate_kinds` rates, by name; none where toxicity is all."""
        return ()

    @property
    def toxic_kind(self) -> str | None:
        """The kind whose rating is the toxicity; None where the highest of all kinds is."""
        return None

    @property
    def fingerprint(self) -> str:
        """What identifies the ratings in a cache, as 64 hex digits.

        Equal fingerprints promise equal ratings. They cover the fields, the files that `reads`
        names, semspill's version and the code: the whole modules of the class and of the classes
        that it inherits from. A rater that depends on more (another module, a package's version)
        overrides this.
        """
        cls = type(self)
        read = self.reads()
        parts = [cls.__module__, cls.__qualname__, code_of(cls), self.model_dump(mode="json")]
        parts += [hash_inputs(read)] if read else []
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @abstractmethod
    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the toxicity of each text, 0 (harmless) to 1 (toxic).

        Args:
            texts: Any number of texts, also none.
        """

    def rate_kinds(self, texts: Sequence[str]) -> Float[np.ndarray, "texts kinds"]:
        """Return the rating of each kind of harm in one pass, 0 (harmless) to 1, a column per kind.

        Overridden together with `kinds`. The toxicity is then made of these numbers, and `rate`
        returns the same: the column of `toxic_kind`, or the highest in each row.

        Args:
            texts: Any number of texts, also none.
        """
        return np.zeros((len(texts), 0))


def overall(rater: Rater, rated: Float[np.ndarray, "texts kinds"]) -> Float[np.ndarray, " texts"]:
    """Return the toxicity that the ratings of kinds mean, of a rater that names kinds."""
    if rater.toxic_kind is None:
        return np.asarray(rated.max(axis=1))
    return np.asarray(rated[:, rater.kinds.index(rater.toxic_kind)])


def _advice(name: str) -> str:
    if did_you_mean(name, raters.names()):
        return ""
    return (
        " A classifier of the Hugging Face hub, or of a folder, is written "
        f'{{name = "transformers", model = "{shown_id(name)}", label = "..."}}, with the label '
        "whose probability is the rating."
    )


raters: Registry[Rater] = Registry("rater", group="semspill.raters", base=Rater, advise=_advice)
"""All raters by name."""

RaterField: TypeAlias = Annotated[Rater, raters]
"""A pydantic field that takes a rater, its name, or a mapping."""
