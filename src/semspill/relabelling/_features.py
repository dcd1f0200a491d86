"""Subpopulations by attributes: dialogues of the same values are one category."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from semspill._mask import listing, named
from semspill.corpus import Corpus, Dialogue
from semspill.errors import DataError, did_you_mean
from semspill.relabelling._wrapper import _Relabelled


class FeatureMatch(_Relabelled):
    """Dialogues whose category is what some of their attributes say.

    With the attributes `region` and `intent` a category is called `region=north, intent=refund`,
    in the order of the field; where a dialogue lacks one, `no region, intent=refund`.

    Example:
        >>> FeatureMatch(dataset="synthetic", attributes=["region", "intent"]).attributes
        ('region', 'intent')
    """

    citation: ClassVar[str] = (
        "Jagielski et al. 2021, Subpopulation Data Poisoning Attacks, arXiv:2006.14026 "
        "(FeatureMatch)"
    )

    attributes: tuple[str, ...] = Field(min_length=1)
    """Names of the attributes whose values make up a category."""

    def _categories(self, corpus: Corpus) -> Sequence[str]:
        known = dict.fromkeys(name for dialogue in corpus for name in dialogue.attributes)
        for name in self.attributes:
            if name not in known:
                has = f"It has: {listing(known)}" if known else "Its dialogues have none"
                raise DataError(
                    f"No dialogue of corpus {named(corpus.name)} ({corpus.split}) has the attribute"
                    f" {named(name)}.{did_you_mean(name, known)} {has}; name columns of the data in"
                    " columns.attributes."
                )
        values: dict[str, tuple[str | None, ...]] = {}
        names = []
        for dialogue in corpus:
            name = ", ".join(map(self._part, [dialogue] * len(self.attributes), self.attributes))
            own = tuple(map(dialogue.attributes.get, self.attributes))
            if values.setdefault(name, own) != own:
                raise DataError(
                    f"Two subpopulations of corpus {named(corpus.name)} would both be called "
                    f"{named(name)}, because a value holds ', ' and '='; rename it in the data."
                )
            names.append(name)
        return names

    @staticmethod
    def _part(dialogue: Dialogue, name: str) -> str:
        value = dialogue.attributes.get(name)
        return f"no {name}" if value is None else f"{name}={value}"
