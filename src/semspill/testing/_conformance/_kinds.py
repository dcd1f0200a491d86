"""The checks of every plug point, by the name of its kind."""

from collections.abc import Iterable, Mapping
from typing import Any

from semspill._mask import named
from semspill.errors import ConfigError, did_you_mean
from semspill.testing._conformance import (
    _dataset,
    _encoder,
    _metric,
    _rater,
    _selector,
    _similarity,
    _source,
    _strategy,
)
from semspill.testing._conformance._check import Check

_KINDS: Mapping[str, Iterable[Check[Any, Any]]] = {
    "dataset": _dataset.CHECKS,
    "source": _source.CHECKS,
    "selector": _selector.CHECKS,
    "strategy": _strategy.CHECKS,
    "encoder": _encoder.CHECKS,
    "rater": _rater.CHECKS,
    "similarity": _similarity.CHECKS,
    "metric": _metric.CHECKS,
}


def checks(kind: str) -> tuple[Check[Any, Any], ...]:
    """Return the checks of a plug point, for `pytest.mark.parametrize("check", ..., ids=str)`.

    Each is called with a component: `check(Shout(most=2))`.

    Args:
        kind: `"dataset"`, `"source"`, `"selector"`, `"strategy"`, `"encoder"`, `"rater"`,
            `"similarity"` or `"metric"`.

    Raises:
        ConfigError: There is no such kind.

    Example:
        >>> "same_at_every_load" in [str(check) for check in checks("source")]
        True
    """
    if kind not in _KINDS:
        raise ConfigError(
            f"There is no kind {named(kind)} of component.{did_you_mean(kind, _KINDS)} Give one of "
            f"{', '.join(_KINDS)}."
        )
    return tuple(_KINDS[kind])
