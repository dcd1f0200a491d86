"""The kinds of components that the command line lists, shows and completes."""

from typing import Any

import semspill  # noqa: F401  # every registry enrols itself when its package is imported
from semspill._mask import named
from semspill._registry import Registry, registries
from semspill.errors import RegistryError, did_you_mean

KINDS = registries()


def kind_of(kind: str) -> Registry[Any]:
    """Return the registry of a kind, in the singular or the plural.

    Raises:
        RegistryError: There is no such kind.
    """
    singular = {registry.kind.split()[-1]: registry for registry in KINDS.values()}
    if kind not in KINDS | singular:
        raise RegistryError(
            f"There is no kind {named(kind)}.{did_you_mean(kind, KINDS)} Kinds: {', '.join(KINDS)}."
        )
    return (KINDS | singular)[kind]
