"""The kinds of components that the command line lists, shows and completes."""

from typing import Any

from semspill._mask import named
from semspill._registry import Registry
from semspill.analysis import metrics, similarities
from semspill.datasets import datasets
from semspill.encoders import encoders
from semspill.errors import RegistryError, did_you_mean
from semspill.poison import selectors, strategies
from semspill.scoring import raters
from semspill.sources import sources

KINDS: dict[str, Registry[Any]] = {
    "datasets": datasets,
    "sources": sources,
    "selectors": selectors,
    "strategies": strategies,
    "encoders": encoders,
    "raters": raters,
    "similarities": similarities,
    "metrics": metrics,
}


def kind_of(kind: str) -> Registry[Any]:
    """Return the registry of a kind, in the singular or the plural.

    Raises:
        RegistryError: There is no such kind.
    """
    plural = {name.removesuffix("s"): name for name in KINDS}
    plural |= {"strategy": "strategies", "similarity": "similarities"}
    name = plural.get(kind, kind)
    if name not in KINDS:
        raise RegistryError(
            f"There is no kind {named(kind)}.{did_you_mean(kind, KINDS)} Kinds: {', '.join(KINDS)}."
        )
    return KINDS[name]
