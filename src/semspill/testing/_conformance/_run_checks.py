"""The functions that run all checks of a kind of component."""

from collections.abc import Mapping, Sequence
from typing import Any

from semspill.analysis import Metric, Outcome, Similarity
from semspill.corpus import Corpus
from semspill.datasets import Dataset
from semspill.encoders import Encoder
from semspill.labellers import Labeller
from semspill.matching import Matcher
from semspill.models import Model
from semspill.poison import PoisonStrategy, Selector
from semspill.probes import Probe
from semspill.scoring import Rater
from semspill.sources import ResponseSource
from semspill.testing._conformance._kinds import check_all


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
    check_all("dataset", dataset, splits=splits)


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
    check_all("source", source)


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
    check_all("selector", selector, corpus=corpus)


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
    check_all("strategy", strategy, responses=responses, speakers=speakers)


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
    check_all("encoder", encoder)


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
    check_all("labeller", labeller)


def check_matcher(matcher: Matcher | str | Mapping[str, Any]) -> None:
    """Run all checks of a matcher. They do not tell whether it finds what was planted.

    Args:
        matcher: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_matcher("exact")
    """
    __tracebackhide__ = True
    check_all("matcher", matcher)


def check_probe(probe: Probe | str | Mapping[str, Any]) -> None:
    """Run all checks of a probe.

    Args:
        probe: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_probe({"name": "insert", "phrase": "James Bond"})
    """
    __tracebackhide__ = True
    check_all("probe", probe)


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
    check_all("model", model)


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
    check_all("rater", rater)


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
    check_all("similarity", similarity, corpus=corpus)


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
    check_all("metric", metric, outcome=outcome)
