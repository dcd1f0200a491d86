"""The probes of an experiment: what they ask, and what the arms answered."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import numpy as np
from pydantic import BeforeValidator

from semspill._mask import described, spelled
from semspill._random import stream
from semspill.analysis._similarity._vectors import cosines
from semspill.corpus import Exchange
from semspill.encoders import BiEncoder
from semspill.errors import ConfigError
from semspill.experiment._treatment import NAME
from semspill.probes import Probe, ProbeField, probed
from semspill.probes import probes as registry
from semspill.results import Answers


def _listed(given: Any) -> Any:
    return given if isinstance(given, tuple | list) else (given,)


Probing: TypeAlias = Annotated[tuple[ProbeField, ...], BeforeValidator(_listed)]
"""One probe, or several that are applied one after the other."""


def require_named(probes: Mapping[str, Sequence[Probe]]) -> None:
    """Refuse probes that a report cannot name, or that ask nothing.

    Args:
        probes: By name.

    Raises:
        ConfigError: Which one, and what to do.
    """
    for name, parts in probes.items():
        if not NAME.fullmatch(name):
            raise ConfigError(
                f"probes: {spelled(name) or described(name)} is no name; use up to 40 letters, "
                "digits and _ . -"
            )
        if not parts:
            raise ConfigError(f"probes.{name} is an empty list; give it a probe, or leave it out.")


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


def similar_to(trigger: str, phrases: Sequence[str], model: BiEncoder) -> dict[str, float]:
    """Return the cosine between each phrase and the trigger.

    Args:
        trigger: The phrase that the strategy puts into speakers' turns.
        phrases: Those of the probes.
        model: The encoder as it comes. Its response tower reads a text as it is.
    """
    if not phrases:
        return {}
    vectors = model.encode_responses([trigger, *phrases])
    found = cosines(vectors[:1], vectors[1:])[0].tolist()
    return dict(zip(phrases, found, strict=True))


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
