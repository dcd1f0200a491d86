"""The probes of an experiment: what they ask, and what the arms answered."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from semspill._random import stream
from semspill.analysis._similarity._vectors import cosines
from semspill.corpus import Exchange
from semspill.experiment._cleaning import measuring_encoder
from semspill.experiment._config import ExperimentConfig
from semspill.probes import Probe, probed
from semspill.probes import probes as registry
from semspill.results import Answers


def asked(parts: Sequence[Probe], exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Return the test exchanges as probes leave them, the same ones for all seeds and arms.

    Args:
        parts: The probes.
        exchanges: The test exchanges.

    Raises:
        PluginError: A probe breaks its contract.
    """
    # One state for all, so that a control draws the same places as what it controls for.
    return probed(parts, exchanges, stream(0, "probes"))


def facts_of(parts: Sequence[Probe], exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """Return what a report tells of a probe besides numbers: its kind, phrase and reach.

    Args:
        parts: What is applied.
        exchanges: The test exchanges.
    """
    pairs = zip(exchanges, asked(parts, exchanges), strict=True)
    changed = [(old.context, old.system) != (new.context, new.system) for old, new in pairs]
    return {
        "kind": " + ".join(registry.title_of(part) for part in parts),
        "phrase": parts[0].inserts if len(parts) == 1 else None,
        "changed": float(np.mean(changed)),
    }


def phrases_near(config: ExperimentConfig) -> dict[str, float]:
    """Return the cosine between each phrase of a probe and the trigger; empty without a trigger.

    Args:
        config: The experiment. Its encoder of similarities is taken as it comes; the response tower
            reads a text as it is.
    """
    trigger = config.poisoner.strategy.trigger
    phrases = {part.inserts for parts in config.probes.values() for part in parts}
    known = sorted(phrase for phrase in phrases if phrase is not None)
    if trigger is None or not known:
        return {}
    vectors = measuring_encoder(config).encode_responses([trigger, *known])
    return dict(zip(known, cosines(vectors[:1], vectors[1:])[0].tolist(), strict=True))


def columns_under(answers: Sequence[Answers], name: str) -> dict[str, Any]:
    """Return the columns of an outcome that a probe decides, from an arm's answers by seed.

    Args:
        answers: One per seed.
        name: What the probe is called.
    """
    own = [each.probed[name] for each in answers]
    shape = (len(own), len(own[0].planted))
    ranks = [one.correct for one in own if one.correct is not None]
    ranked = len(ranks) == len(own)
    return {
        "toxicity": np.stack([one.toxicity for one in own]),
        "planted": np.stack([one.planted for one in own]),
        "correct": np.stack(ranks) if ranked else np.zeros(shape, dtype=np.bool_),
        "ranked": ranked,
        "served": None,
        "matched": {},
        "measures": {},
    }
