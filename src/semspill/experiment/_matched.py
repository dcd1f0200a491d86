"""What the matchers of an experiment find among the answers of an arm."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from semspill._random import stream
from semspill.matching import (
    ExactMatcher,
    Given,
    Matcher,
    Matches,
    matchers,
    matches_of,
    plain,
)
from semspill.results import Answers

PLAIN: tuple[Matcher, ...] = (ExactMatcher(),)
"""What counts as planted where nothing is said; a report tells nothing of it."""


def applied(parts: tuple[Matcher, ...]) -> tuple[Matcher, ...]:
    """Return the matchers that are applied: `exact` among them, by which texts are masked."""
    return parts if PLAIN[0] in parts else (*parts, *PLAIN)


def called(parts: Sequence[Matcher]) -> tuple[str, ...]:
    """Return what matchers are called: their names, with those fields that tell two of one apart.

    Example:
        >>> from semspill.matching import NearMatcher
        >>> called([ExactMatcher(), NearMatcher(), NearMatcher(threshold=0.9)])
        ('exact', 'near', 'near(threshold=0.9)')
    """
    names = [matchers.title_of(part) for part in parts]
    counts = Counter(names)
    return tuple(
        name if counts[name] == 1 else f"{name}{_changed(part)}"
        for name, part in zip(names, parts, strict=True)
    )


def _changed(part: Matcher) -> str:
    changed = part.model_dump(mode="json", exclude_defaults=True)
    fields = ", ".join(f"{name}={value}" for name, value in changed.items())
    return f"({fields})" if fields else ""


def found_by(parts: Sequence[Matcher], given: Given, seed: int) -> dict[str, Matches]:
    """Return what each matcher finds, by what it is called.

    Args:
        parts: The matchers.
        given: What they look at.
        seed: The training seed; all arms and epochs of one draw alike.

    Raises:
        ConfigError: The model does not give what a matcher needs.
        PluginError: A matcher breaks its contract.
    """
    return {
        name: matches_of(part, given, stream(seed, "matching"))
        for name, part in zip(called(parts), parts, strict=True)
    }


def facts_of(found: Mapping[str, Matches]) -> dict[str, dict[str, float]]:
    """Return what matchers tell of themselves, as JSON: threshold, false matches, mean margin."""
    facts: dict[str, dict[str, float]] = {}
    for name, one in found.items():
        margin = None if one.margin is None else float(np.mean(one.margin))
        told = {"threshold": one.threshold, "false_matches": one.false_matches, "margin": margin}
        facts[name] = {key: value for key, value in told.items() if value is not None}
    return facts


def told_by_seed(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, tuple[float, ...]]]:
    """Return the same of an arm under several seeds: a number of each that tells one.

    Args:
        records: The record of the arm under each seed.
    """
    told: dict[str, dict[str, tuple[float, ...]]] = {}
    for record in records:
        for name, facts in record.get("matchers", {}).items():
            own = told.setdefault(name, {})
            for key, value in facts.items():
                own[key] = (*own.get(key, ()), value)
    return told


def remarked(answers: Answers, planted: Collection[str]) -> Answers:
    """Return answers marked by `exact` for what was planted; the cache shares clean arms.

    Args:
        answers: What was answered; its texts must not be masked.
        planted: What was planted.
    """
    known = frozenset(map(plain, planted))
    said = {*answers.texts, *chain.from_iterable(answers.epoch_texts)}
    marks = {text: plain(text) in known for text in said}
    epochs = [[marks[text] for text in texts] for texts in answers.epoch_texts]
    return replace(
        answers,
        planted=np.array([marks[text] for text in answers.texts], dtype=np.bool_),
        epoch_planted=np.array(epochs, np.bool_).reshape(len(epochs), len(answers.texts)),
    )
