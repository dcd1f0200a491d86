"""The checks of every kind of component, and what runs all of a kind."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from semspill._mask import named
from semspill._model import Component
from semspill._registry import Registry
from semspill.analysis import metrics, similarities
from semspill.datasets import datasets
from semspill.defenses import Detector, OutputGuard, Repair, TrainingDefense, defenses
from semspill.encoders import encoders
from semspill.errors import ConfigError, did_you_mean
from semspill.labellers import labellers
from semspill.matching import matchers
from semspill.models import models
from semspill.poison import selectors, strategies
from semspill.probes import probes
from semspill.scoring import raters
from semspill.sources import sources
from semspill.testing._conformance import (
    _common,
    _dataset,
    _detector,
    _encoder,
    _guard,
    _labeller,
    _matcher,
    _metric,
    _model,
    _probe,
    _rater,
    _repair,
    _selector,
    _similarity,
    _source,
    _strategy,
    _training_defense,
)
from semspill.testing._conformance._check import Check, Promise, Test
from semspill.testing._failures import ConformanceError


class _Kind(NamedTuple):
    registry: Registry[Any]
    promises: Sequence[Promise]
    """Its own, beside those that every component makes."""
    given: Callable[..., Any]
    """Makes what a component is tried on, from the user's options."""
    base: type[Component] | None = None
    """What it extends, where the registry holds others, too."""


_KINDS: dict[str, _Kind] = {
    "dataset": _Kind(datasets, _dataset.PROMISES, _dataset.given),
    "source": _Kind(sources, _source.PROMISES, _source.given),
    "selector": _Kind(selectors, _selector.PROMISES, _selector.given),
    "strategy": _Kind(strategies, _strategy.PROMISES, _strategy.given),
    "encoder": _Kind(encoders, _encoder.PROMISES, _encoder.given),
    "labeller": _Kind(labellers, _labeller.PROMISES, _labeller.given),
    "detector": _Kind(defenses, _detector.PROMISES, _detector.given, Detector),
    "training_defense": _Kind(
        defenses, _training_defense.PROMISES, _training_defense.given, TrainingDefense
    ),
    "repair": _Kind(defenses, _repair.PROMISES, _repair.given, Repair),
    "guard": _Kind(defenses, _guard.PROMISES, _guard.given, OutputGuard),
    "matcher": _Kind(matchers, _matcher.PROMISES, _matcher.given),
    "probe": _Kind(probes, _probe.PROMISES, _probe.given),
    "model": _Kind(models, _model.PROMISES, _model.given),
    "rater": _Kind(raters, _rater.PROMISES, _rater.given),
    "similarity": _Kind(similarities, _similarity.PROMISES, _similarity.given),
    "metric": _Kind(metrics, _metric.PROMISES, _metric.given),
}


def checks(kind: str) -> tuple[Check, ...]:
    """Return the checks of a plug point, for `pytest.mark.parametrize("check", ..., ids=str)`.

    Each is called with a component: `check(Shout(most=2))`.

    Args:
        kind: `"dataset"`, `"source"`, `"selector"`, `"strategy"`, `"encoder"`, `"labeller"`,
            `"detector"`, `"training_defense"`, `"repair"`, `"guard"`, `"matcher"`, `"probe"`,
            `"model"`, `"rater"`, `"similarity"` or `"metric"`.

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
    known = _KINDS[kind]
    common = [one._replace(test=_with(known.registry, one.test)) for one in _common.PROMISES]
    find = partial(_component, known)
    return tuple(Check(kind, *one, known.given, find) for one in (*common, *known.promises))


def _with(registry: Registry[Any], test: Test) -> Test:
    return lambda component, given: test(component, registry)


def _component(kind: _Kind, spec: Any) -> Any:
    """Return the component that a name or a mapping means."""
    registry, base = kind.registry, kind.base or kind.registry.base
    # `Registry.build` refuses an object at the first fault; the checks tell them all.
    component = spec if isinstance(spec, registry.base) else registry.build(spec)
    if not isinstance(component, base):
        raise ConfigError(
            f"{type(component).__name__} is no {base.__name__}, so it makes other promises; give "
            f"what extends {base.__name__}."
        )
    return component


def check_all(kind: str, component: Any, **options: object) -> None:
    """Run all checks of a kind, and raise every sentence together.

    Raises:
        ConformanceError: With one sentence for each broken promise.
    """
    __tracebackhide__ = True
    component = _component(_KINDS[kind], component)
    sentences: list[str] = []
    causes: list[Exception] = []
    for check in checks(kind):
        try:
            check(component, **options)
        except ConformanceError as error:
            sentences += error.sentences
            if isinstance(error.__cause__, Exception):
                causes.append(error.__cause__)
    if sentences:
        cause = ExceptionGroup("raised by what was checked", causes) if causes else None
        raise ConformanceError(*sentences) from cause
