"""The planted rate by every matcher: of the target, of its nearest category and of the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from semspill.analysis._metrics._slices import AsrLift, AttackSuccessRate
from semspill.analysis._outcome import Outcome
from semspill.results import MatchedGroup, MatcherReport

MatcherFacts = Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]
"""By arm and matcher `threshold`, `false_matches` and `margin`, a number per seed."""


def by_matcher(
    main: Outcome, groups: Mapping[str, tuple[str, ...]], facts: MatcherFacts
) -> tuple[MatcherReport, ...]:
    """Return what each matcher takes for planted; empty where nothing is said of matchers.

    Args:
        main: The arm, with the clean one.
        groups: The members of each group: target, nearest category and all but the target.
        facts: What only the experiment knows of the matchers.
    """
    clean = main.clean
    if clean is None:
        return ()
    return tuple(
        MatcherReport(
            name=name,
            groups=tuple(
                _group(_by(main, name), group, members) for group, members in groups.items()
            ),
            thresholds=tuple(_told(facts, main, name, "threshold")),
            false_matches=tuple(_told(facts, main, name, "false_matches")),
            margins={
                arm.arm.name: float(np.mean(margins))
                for arm in (clean, main)
                if (margins := _told(facts, arm, name, "margin"))
            },
        )
        for name in main.matched
        if name in clean.matched
    )


def _by(main: Outcome, name: str) -> Outcome:
    """Return an arm and its clean one as a matcher marks them."""
    assert main.clean is not None, "nothing is compared without a clean arm"
    clean: Bool[np.ndarray, "seeds exchanges"] = main.clean.matched[name]
    return replace(main, planted=main.matched[name], clean=replace(main.clean, planted=clean))


def _group(marked: Outcome, group: str, members: tuple[str, ...]) -> MatchedGroup:
    part, rate, lift = marked.of(members), AttackSuccessRate(), AsrLift()
    return MatchedGroup(
        group=group,
        clean=rate.compute(part.baseline).replace(measure=rate.measure()),
        attacked=rate.compute(part).replace(measure=rate.measure()),
        lift=lift.compute(part).replace(measure=lift.measure()),
    )


def _told(facts: MatcherFacts, arm: Outcome, name: str, what: str) -> Sequence[float]:
    return facts.get(arm.arm.name, {}).get(name, {}).get(what, ())
