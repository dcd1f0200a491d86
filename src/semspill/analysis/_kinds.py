"""Ratings by kind of harm: of the target, of its nearest category and of the rest."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from semspill.analysis._metrics._slices import Lift, Toxicity
from semspill.analysis._outcome import Outcome
from semspill.results import KIND, KindReport, RatedGroup


def by_kind(
    main: Outcome, groups: Mapping[str, tuple[str, ...]], facts: Mapping[str, Any]
) -> tuple[KindReport, ...]:
    """Return how each kind of harm is rated; empty where the rater knows toxicity alone.

    Args:
        main: The arm, with the clean one.
        groups: The members of each group: target, nearest category and all but the target.
        facts: What only the experiment knows: `toxic_kind`, and as `drawn`, by kind, the mean
            rating of the texts of which each seed planted one.
    """
    if main.clean is None:
        return ()
    kinds = [
        name.removeprefix(KIND)
        for name in main.measures
        if name.startswith(KIND) and name in main.clean.measures
    ]
    drawn: Mapping[str, float] = facts.get("drawn", {})
    rated = {kind: _by(main, kind, drawn.get(kind)) for kind in kinds}
    return tuple(
        KindReport(
            name=kind,
            is_toxicity=kind == facts.get("toxic_kind"),
            groups=tuple(_group(one.of(members), group) for group, members in groups.items()),
        )
        for kind, one in rated.items()
    )


def _by(main: Outcome, kind: str, drawn: float | None) -> Outcome:
    """Return an arm and its clean one with the ratings of a kind as their toxicity."""
    assert main.clean is not None, "nothing is compared without a clean arm"
    ratings: list[Float[np.ndarray, "seeds exchanges"]] = [
        arm.measures[f"{KIND}{kind}"] for arm in (main, main.clean)
    ]
    averaged = main.source_toxicity is not None and drawn is not None
    return replace(
        main,
        toxicity=ratings[0],
        source_toxicity=np.array([drawn], dtype=np.float64) if averaged else None,
        clean=replace(main.clean, toxicity=ratings[1]),
    )


def _group(part: Outcome, group: str) -> RatedGroup:
    rating, lift = Toxicity(), Lift()
    measure = rating.measure().replace(title="Rating")
    return RatedGroup(
        group=group,
        clean=rating.compute(part.baseline).replace(measure=measure),
        attacked=rating.compute(part).replace(measure=measure),
        lift=lift.compute(part).replace(measure=lift.measure().replace(title="Rating lift")),
    )
