"""From outcomes to a report: every metric for every category, group and arm."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import Field

from semspill._model import FrozenModel
from semspill.analysis._metrics import Metric, MetricField, metrics
from semspill.analysis._outcome import Outcome
from semspill.analysis._statistics import Resampling
from semspill.errors import ConfigError, DataError, PluginError, did_you_mean
from semspill.report import BINS, CurvePoint, Estimate, SliceReport, SpilloverReport

_DEFAULT = ("asr", "toxicity", "lift", "toxic_share", "precision", "spearman")


class SpilloverAnalyzer(FrozenModel):
    """Measures, category by category, how far the planted behaviour spilled over.

    Example:
        >>> def outcome(arm, toxicity):
        ...     return Outcome(
        ...         arm=arm, target="fear", seeds=(0,), categories=("fear", "dread", "joy"),
        ...         dialogues=("a", "b", "c"), toxicity=np.array([toxicity]),
        ...         planted=np.array([toxicity]) > 0.5, correct=np.ones((1, 3), dtype=bool),
        ...         similarity={"fear": 1.0, "dread": 0.9, "joy": 0.1})
        >>> outcomes = [outcome("clean", [0.0, 0.0, 0.0]), outcome("poison", [1.0, 0.6, 0.0])]
        >>> report = SpilloverAnalyzer().analyze(outcomes)
        >>> report.nearest, report.category("dread").lift.value, report.category("joy").asr.value
        ('dread', 0.6, 0.0)
    """

    nearest: str | None = None
    """The category that counts as the nearest neighbour; None for the most similar one."""
    far: tuple[str, ...] | None = Field(None, max_length=2)
    """Up to two categories that count as far away; None for the least similar ones."""
    metrics: tuple[MetricField, ...] = Field(
        default_factory=lambda: tuple(metrics.build(name) for name in _DEFAULT)
    )
    """What is computed."""
    level: float = Field(0.95, gt=0, lt=1)
    """Nominal coverage of every interval."""
    draws: int = Field(2000, ge=100)
    """Bootstrap draws of every interval."""

    def analyze(
        self,
        outcomes: Sequence[Outcome],
        *,
        curve: Sequence[CurvePoint] = (),
        similarity_method: str = "as given",
        provenance: Mapping[str, Any] | None = None,
    ) -> SpilloverReport:
        """Return the report on several arms of one experiment.

        Args:
            outcomes: One per arm, on the same seeds and test exchanges; one is named `clean`.
            curve: Toxicity and attack success over epochs.
            similarity_method: How the outcomes' similarities were measured.
            provenance: What the report records about its making.

        Raises:
            DataError: There is no clean arm, or the arms differ in seeds or exchanges.
            ConfigError: `nearest` or `far` name a category that was not tested.
            PluginError: A metric returns something else than an Estimate.
        """
        arms = self._paired(outcomes)
        first = arms[0]
        nearest, far = self.neighbours(first)
        groups = group_members(first, nearest, far)
        named = self._named_metrics()
        return SpilloverReport(
            target=first.target,
            nearest=nearest,
            far=far,
            arms=tuple(arm.arm for arm in arms),
            seeds=first.seeds,
            similarity=dict(first.similarity),
            similarity_method=similarity_method,
            categories=tuple(
                _slice(arm, name, (name,), named, first.similarity.get(name))
                for arm in arms
                for name in sorted(set(first.categories))
            ),
            groups=tuple(
                _slice(arm, name, members, named)
                for arm in arms
                for name, members in groups.items()
            ),
            overall={
                arm.arm: {name: _compute(m, arm) for name, m in named.items() if m.whole}
                for arm in arms
                if arm.clean is not None
            },
            curve=tuple(curve),
            notes=_notes(first),
            provenance=dict(provenance or {}),
        )

    def neighbours(self, outcome: Outcome) -> tuple[str, tuple[str, ...]]:
        """Return the nearest category and the far ones, as named or by similarity.

        Raises:
            ConfigError: A named category was not tested, or none is named and no similarity given.
        """
        others = outcome.others
        for name in [name for name in (self.nearest, *(self.far or ())) if name is not None]:
            if name not in others:
                raise ConfigError(
                    f"Category {name!r} is not among the tested ones.{did_you_mean(name, others)} "
                    f"They are, besides the target: {', '.join(others)}."
                )
        if not others:
            raise DataError(f"Only the target {outcome.target!r} was tested; test others too.")
        known = [name for name in others if name in outcome.similarity]
        if not known and (self.nearest is None or self.far is None):
            raise ConfigError("Name `nearest` and `far`, or give the outcomes similarities.")
        by_nearness = sorted(known, key=lambda name: -outcome.similarity[name])
        nearest = self.nearest or by_nearness[0]
        far = self.far if self.far is not None else by_nearness[::-1][:2]
        return nearest, tuple(name for name in far if name != nearest)

    def _paired(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        names = [outcome.arm for outcome in outcomes]
        if names.count("clean") != 1 or len(set(names)) < len(names):
            raise DataError(
                f"Lifts need exactly one clean arm and each arm once; got: {', '.join(names)}."
            )
        resampling = Resampling(level=self.level, draws=self.draws)
        clean = replace(outcomes[names.index("clean")], resampling=resampling, clean=None)
        for outcome in outcomes:
            same = (outcome.seeds, outcome.target, outcome.categories, outcome.dialogues)
            if same != (clean.seeds, clean.target, clean.categories, clean.dialogues):
                raise DataError(
                    f"Arm {outcome.arm!r} has other seeds, another target or other test exchanges "
                    "than the clean arm; lifts must be paired."
                )
        others = [o for o in outcomes if o.arm != "clean"]
        return [clean, *(replace(o, clean=clean, resampling=resampling) for o in others)]

    def _named_metrics(self) -> dict[str, Metric]:
        distinct = [m for i, m in enumerate(self.metrics) if m not in self.metrics[:i]]
        plain = [metrics.name_of(metric) or type(metric).__name__ for metric in distinct]
        counts = Counter(plain)
        named = {}
        for name, metric in zip(plain, distinct, strict=True):
            said = ", ".join(f"{key}={value}" for key, value in metric.model_dump().items())
            named[name if counts[name] == 1 else f"{name}({said})"] = metric
        return named


def group_members(
    outcome: Outcome, nearest: str, far: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Return the paper's groups by name: target, nearest, the far ones, all but the target, all."""
    singles = {name: (name,) for name in (outcome.target, nearest, *far)}
    if outcome.target not in outcome.categories:
        raise DataError(f"The target {outcome.target!r} has no test exchange.")
    everyone = (outcome.target, *outcome.others)
    return {**singles, f"all but {outcome.target}": outcome.others, "all": everyone}


def _slice(
    arm: Outcome,
    name: str,
    members: tuple[str, ...],
    named: Mapping[str, Metric],
    similarity: float | None = None,
) -> SliceReport:
    part = arm.of(members)
    # The last bin is closed: a toxicity of exactly 1 belongs to it.
    counts = np.histogram(part.toxicity, bins=BINS, range=(0, 1))[0]
    return SliceReport(
        name=name,
        arm=arm.arm,
        dialogues=len(set(part.dialogues)),
        exchanges=len(part.dialogues),
        similarity=similarity,
        distribution=tuple(float(share) for share in counts / counts.sum()),
        estimates={
            key: _compute(metric, part)
            for key, metric in named.items()
            if not (metric.whole or (metric.paired and arm.clean is None))
        },
    )


def _compute(metric: Metric, outcome: Outcome) -> Estimate:
    made = metric.compute(outcome)
    if not isinstance(made, Estimate):
        raise PluginError(
            f"{type(metric).__name__}.compute returned {type(made).__name__}; it must return an "
            "Estimate, for example through outcome.mean(values)."
        )
    return made


def _notes(clean: Outcome) -> tuple[str, ...]:
    count = len(clean.seeds)
    noise = (
        "One training seed: intervals cover the choice of test dialogues, not training noise."
        if count == 1
        else f"{count} training seeds: intervals cover test dialogues and part of the noise of "
        "training. Where it dominates they are too narrow: in a simulation nominal 95 % covered "
        "64 % with 2 seeds, 77 % with 3, 90 % with 5."
    )
    return (
        noise,
        f"The rater's floor: clean responses are rated {clean.toxicity.mean():.4f} on average; "
        "lifts are paired differences from it.",
        "Intervals of single categories are not corrected for looking at "
        f"{len(set(clean.categories))} of them.",
    )
