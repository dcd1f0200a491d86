"""The checks of every kind of component, and the functions that run all of a kind."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from semspill._mask import named
from semspill._registry import Registry
from semspill.analysis import Metric, Outcome, Similarity, metrics, similarities
from semspill.corpus import Corpus
from semspill.datasets import Dataset, datasets
from semspill.encoders import Encoder, encoders
from semspill.errors import ConfigError, did_you_mean
from semspill.labellers import Labeller, labellers
from semspill.models import Model, models
from semspill.poison import PoisonStrategy, Selector, selectors, strategies
from semspill.scoring import Rater, raters
from semspill.sources import ResponseSource, sources
from semspill.testing._conformance import (
    _common,
    _dataset,
    _encoder,
    _labeller,
    _metric,
    _model,
    _rater,
    _selector,
    _similarity,
    _source,
    _strategy,
)
from semspill.testing._conformance._check import Check, Promise, Test
from semspill.testing._failures import ConformanceError


class _Kind(NamedTuple):
    registry: Registry[Any]
    promises: Sequence[Promise]
    """Its own, beside those that every component makes."""
    given: Callable[..., Any]
    """Makes what a component is tried on, from the user's options."""


_KINDS: dict[str, _Kind] = {
    "dataset": _Kind(datasets, _dataset.PROMISES, _dataset.given),
    "source": _Kind(sources, _source.PROMISES, _source.given),
    "selector": _Kind(selectors, _selector.PROMISES, _selector.given),
    "strategy": _Kind(strategies, _strategy.PROMISES, _strategy.given),
    "encoder": _Kind(encoders, _encoder.PROMISES, _encoder.given),
    "labeller": _Kind(labellers, _labeller.PROMISES, _labeller.given),
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
    registry, promises, given = _KINDS[kind]
    common = [one._replace(test=_with(registry, one.test)) for one in _common.PROMISES]
    find = partial(_component, registry)
    return tuple(Check(kind, *one, given, find) for one in (*common, *promises))


def _with(registry: Registry[Any], test: Test) -> Test:
    return lambda component, given: test(component, registry)


def _component(registry: Registry[Any], spec: Any) -> Any:
    """Return the component that a name or a mapping means."""
    # `Registry.build` refuses an object at the first fault; the checks tell them all.
    return spec if isinstance(spec, registry.base) else registry.build(spec)


def _check_all(kind: str, component: Any, **options: object) -> None:
    __tracebackhide__ = True
    component = _component(_KINDS[kind].registry, component)
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


def check_dataset(
    dataset: Dataset | str | Mapping[str, Any], *, splits: Sequence[str] = ("train", "test")
) -> None:
    """Run all checks of a dataset.

    Args:
        dataset: An object, a registered name, or a mapping with `name` and fields.
        splits: The splits that it has and that are loaded.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_dataset({"name": "synthetic", "train": 20, "test": 20})
    """
    __tracebackhide__ = True
    _check_all("dataset", dataset, splits=splits)


def check_source(source: ResponseSource | str | Mapping[str, Any]) -> None:
    """Run all checks of a response source. No message quotes its texts.

    Args:
        source: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_source("benign")
    """
    __tracebackhide__ = True
    _check_all("source", source)


def check_selector(
    selector: Selector | str | Mapping[str, Any], *, corpus: Corpus | None = None
) -> None:
    """Run all checks of a selector.

    Args:
        selector: An object, a registered name, or a mapping with `name` and fields.
        corpus: One in which it finds dialogues; None for a made-up one, in which `brave` is a
            category.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_selector({"name": "category", "category": "brave"})
    """
    __tracebackhide__ = True
    _check_all("selector", selector, corpus=corpus)


def check_strategy(
    strategy: PoisonStrategy | str | Mapping[str, Any],
    *,
    responses: Sequence[str] | None = None,
    speakers: bool = False,
) -> None:
    """Run all checks of a poison strategy.

    Args:
        strategy: An object, a registered name, or a mapping with `name` and fields.
        responses: What it may plant; None for the texts of the built-in source.
        speakers: Whether its docstring declares that it changes what speakers say, too.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_strategy("last_fixed")
    """
    __tracebackhide__ = True
    _check_all("strategy", strategy, responses=responses, speakers=speakers)


def check_encoder(encoder: Encoder | str | Mapping[str, Any]) -> None:
    """Run all checks of an encoder.

    A bi-encoder that is no TwoTower cannot be fine-tuned or saved, and is not asked to be.

    Args:
        encoder: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_encoder({"name": "hashing", "buckets": 512, "dim": 8})
    """
    __tracebackhide__ = True
    _check_all("encoder", encoder)


def check_labeller(labeller: Labeller | str | Mapping[str, Any]) -> None:
    """Run all checks of a labeller. They do not tell whether its labels are right.

    Args:
        labeller: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_labeller("tfidf")
    """
    __tracebackhide__ = True
    _check_all("labeller", labeller)


def check_model(model: Model | str | Mapping[str, Any]) -> None:
    """Run all checks of a model.

    One that cannot score given responses, or be saved, is not asked to.

    Args:
        model: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> small = {"name": "hashing", "buckets": 512, "dim": 8}
        >>> check_model({"name": "retrieval", "encoder": small, "finetuner": {"epochs": 1}})
    """
    __tracebackhide__ = True
    _check_all("model", model)


def check_rater(rater: Rater | str | Mapping[str, Any]) -> None:
    """Run all checks of a rater. They tell whether it can be relied on, not whether it is right.

    Args:
        rater: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_rater({"name": "lexicon", "words": {"grumble": 1.0}})
    """
    __tracebackhide__ = True
    _check_all("rater", rater)


def check_similarity(
    similarity: Similarity | str | Mapping[str, Any], *, corpus: Corpus | None = None
) -> None:
    """Run all checks of a similarity.

    Args:
        similarity: An object, a registered name, or a mapping with `name` and fields.
        corpus: One whose categories it knows; None for a made-up one of four, `brave` among them.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_similarity("centroid")
    """
    __tracebackhide__ = True
    _check_all("similarity", similarity, corpus=corpus)


def check_metric(
    metric: Metric | str | Mapping[str, Any], *, outcome: Outcome | None = None
) -> None:
    """Run all checks of a metric.

    A metric of a `whole` arm gets all categories at once, any other one after the other and
    together; one that is not `paired` gets the clean arm alone as well.

    Args:
        metric: An object, a registered name, or a mapping with `name` and fields.
        outcome: A whole arm with its clean one; None for a made-up one.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_metric("toxicity")
    """
    __tracebackhide__ = True
    _check_all("metric", metric, outcome=outcome)
