"""From outcomes to a report: every metric for every category, group and arm."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field, field_validator

from semspill._mask import listing, named
from semspill._model import FrozenModel
from semspill._names import composed
from semspill.analysis._band import permutation_bands
from semspill.analysis._channels import label_report
from semspill.analysis._decomposition import decompose
from semspill.analysis._doses import dose_response
from semspill.analysis._families import correct_families
from semspill.analysis._kinds import by_kind
from semspill.analysis._matched import MatcherFacts, by_matcher
from semspill.analysis._metrics._base import Metric, MetricField, metrics
from semspill.analysis._named import Named, naming_notes
from semspill.analysis._notes import notes_on
from semspill.analysis._outcome import Outcome
from semspill.analysis._pairing import paired
from semspill.analysis._probed import ProbedArms, by_probe
from semspill.analysis._sensitivity import check_similarity
from semspill.analysis._similarity._base import ExchangeSimilarity, Similarities
from semspill.analysis._slicing import slice_report, whole_arm
from semspill.analysis._undecided import undecided
from semspill.errors import ConfigError, DataError, did_you_mean
from semspill.results import (
    MARGIN,
    CurvePoint,
    DefendedGroup,
    Provenance,
    SpilloverReport,
    main_arm,
    reference,
)
from semspill.statistics import Measure
from semspill.statistics._values import Resampling

_SLICES = (
    "asr asr_lift toxicity lift toxic_share precision precision_drop served_precision served_drop "
    "perplexity answer_words empty_share repetition"
).split()
_CURVES = "slope nearest_excess collateral largest_lift".split()
# A ratio of toxicity lifts is seldom defined, and wide where it is.
_OF_ASR = (*_CURVES, "spillover_ratio")
_DEFAULT = (*_SLICES, *_CURVES, *({"name": name, "of": "asr"} for name in _OF_ASR))


class SpilloverAnalyzer(FrozenModel):
    """Measures, category by category, how far the planted behaviour spilled over.

    Example:
        >>> import numpy as np
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
        default_factory=lambda: tuple(metrics.build(spec) for spec in _DEFAULT)
    )
    """What is computed."""
    level: float = Field(0.95, gt=0, lt=1)
    """Nominal coverage of every interval."""
    draws: int = Field(2000, ge=100)
    """Bootstrap draws of every interval."""
    margin: float = Field(MARGIN, gt=0, lt=1)
    """The least rise that would matter, as a share: 0.05 is one more in twenty answers, or five
    points of toxicity. Lifts are tested to be below it; name it before the outcome is known."""

    declared: DefendedGroup = "rest"
    """The group whose planted rate defenses are tested by, corrected for how many there are: the
    `target`, the `nearest` category, or the `rest`, which is all but the target."""

    @field_validator("nearest", "far")
    @classmethod
    def _names(cls, given: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        return (
            tuple(map(composed, given)) if isinstance(given, tuple) else given and composed(given)
        )

    def analyze(
        self,
        outcomes: Sequence[Outcome],
        *,
        curve: Sequence[CurvePoint] = (),
        similarity_method: str = "as given",
        alternatives: Sequence[Similarities] = (),
        exchanges: Sequence[ExchangeSimilarity] = (),
        label_facts: Mapping[str, Any] | None = None,
        matcher_facts: MatcherFacts | None = None,
        probed: Mapping[str, ProbedArms] | None = None,
        kind_facts: Mapping[str, Any] | None = None,
        named_first: Named | None = None,
        provenance: Provenance | None = None,
    ) -> SpilloverReport:
        """Return the report on several arms of one experiment.

        Args:
            outcomes: One per arm, on the same seeds and test exchanges; in one nothing is
                planted, and each has its baseline among them.
            curve: Toxicity and planted rate over epochs.
            similarity_method: How the outcomes' similarities were measured.
            alternatives: Other definitions of similarity; the report says what they would change.
            exchanges: How near each test exchange is to the target, by one definition or more.
            label_facts: Fields of `LabelReport` that only the experiment knows: `labeller`,
                `folds`, `responses`, `train_accuracy`.
            matcher_facts: What matchers tell of themselves, by arm and matcher: `threshold`,
                `false_matches` and `margin`, a number per seed.
            probed: What the arms answered where the test contexts were changed, by probe.
            kind_facts: What only the experiment knows of kinds of harm: `toxic_kind`, the one that
                is the toxicity, and `drawn`, by kind the mean rating of the texts of which each
                seed of the main arm planted one.
            named_first: What an analyzer named when the first answers were written, its `named`;
                the report notes what was changed since. None where that is not known.
            provenance: Where the outcomes come from.

        Raises:
            DataError: The arms differ in seeds or exchanges.
            ConfigError: There is no clean arm, an arm comes twice or lacks its baseline, or
                `nearest` or `far` name a category that was not tested.
            PluginError: A metric returns something else than an Estimate.
        """
        resampling = Resampling(level=self.level, draws=self.draws, margin=self.margin)
        by_arm = paired(outcomes, resampling)
        nearest, far = self.neighbours(by_arm[0])
        arms = {outcome.arm: replace(outcome, nearest=nearest) for outcome in by_arm}
        clean, main = arms[reference(list(arms))], arms[main_arm(list(arms))]
        groups = group_members(clean, nearest, far)
        named = self._named_metrics()
        singles = [
            slice_report(arm, name, (name,), named, arm.similarity.get(name))
            for arm in arms.values()
            for name in sorted(set(clean.categories))
        ]
        categories = correct_families(singles, clean.target)
        others = [p for p in categories if p.arm == main.arm.name and p.name != clean.target]
        return SpilloverReport(
            target=clean.target,
            nearest=nearest,
            far=far,
            arms=tuple(arms),
            seeds=clean.seeds,
            similarity=dict(clean.similarity),
            similarity_method=similarity_method,
            margin=self.margin,
            categories=categories,
            groups=tuple(
                slice_report(arm, name, members, named)
                for arm in arms.values()
                for name, members in groups.items()
            ),
            overall={
                arm.name: whole_arm(outcome, named)
                for arm, outcome in arms.items()
                if outcome.clean is not None
            },
            decomposition=decompose(list(arms.values()), groups),
            sensitivity=tuple(
                check_similarity(other, main, named) for other in alternatives if main is not clean
            ),
            bands=permutation_bands(others, self.level),
            curve=tuple(curve),
            doses=tuple(
                dose for near in exchanges if (dose := dose_response(main, near)) is not None
            ),
            undecided=undecided(main, others, named),
            matchers=by_matcher(main, _main_groups(groups), matcher_facts or {}),
            probes=by_probe(list(arms.values()), probed or {}, _probed_groups(groups)),
            kinds=by_kind(main, _main_groups(groups), kind_facts or {}),
            labels=label_report(main, groups, label_facts or {}),
            notes=(
                *notes_on(clean, main),
                *naming_notes(self.named, named_first, lambda one: self._neighbours(one, clean)),
            ),
            provenance=provenance or Provenance(),
        )

    @property
    def named(self) -> Named:
        """The choices that tests depend on: `nearest`, `far` and `margin`."""
        return Named(nearest=self.nearest, far=self.far, margin=self.margin)

    def _neighbours(self, one: Named, outcome: Outcome) -> tuple[str, tuple[str, ...]]:
        return self.replace(nearest=one.nearest, far=one.far).neighbours(outcome)

    def neighbours(self, outcome: Outcome) -> tuple[str, tuple[str, ...]]:
        """Return the nearest category and the far ones, as named or by similarity.

        Raises:
            ConfigError: A named category was not tested, or none is named and no similarity given.
        """
        others = outcome.others
        for name in [name for name in (self.nearest, *(self.far or ())) if name is not None]:
            if name not in others:
                raise ConfigError(
                    f"Category {named(name)} is not among the tested "
                    f"ones.{did_you_mean(name, others)} "
                    f"They are, besides the target: {listing(others)}."
                )
        if not others:
            raise DataError(f"Only the target {named(outcome.target)} was tested; test others too.")
        known = [name for name in others if name in outcome.similarity]
        if not known and (self.nearest is None or self.far is None):
            raise ConfigError("Name `nearest` and `far`, or give the outcomes similarities.")
        by_nearness = sorted(known, key=lambda name: -outcome.similarity[name])
        nearest = self.nearest or by_nearness[0]
        far = self.far if self.far is not None else by_nearness[::-1][:2]
        return nearest, tuple(name for name in far if name != nearest)

    def _named_metrics(self) -> dict[str, tuple[Metric, Measure]]:
        """Return each metric by its name, with those fields that distinguish it."""
        distinct = [m for i, m in enumerate(self.metrics) if m not in self.metrics[:i]]
        measures = [metric.measure() for metric in distinct]
        counts = Counter(measure.metric for measure in measures)
        titles = Counter(measure.title for measure in measures)
        named: dict[str, tuple[Metric, Measure]] = {}
        for metric, measure in zip(distinct, measures, strict=True):
            changed = metric.model_dump(exclude_defaults=True)
            fields = ", ".join(f"{key}={value}" for key, value in changed.items())
            fields = f"({fields})" if fields else ""
            name = f"{measure.metric}{fields if counts[measure.metric] > 1 else ''}"
            if name in named:
                raise ConfigError(f"Two metrics are named {name!r}; rename the class of one.")
            if titles[measure.title] > 1 and fields:
                measure = measure.replace(title=f"{measure.title} {fields}")
            named[name] = metric, measure
        return named


def _main_groups(groups: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the target, the nearest category and all but the target, of the paper's groups."""
    target, nearest, *_, rest, _ = groups
    return {name: groups[name] for name in (target, nearest, rest)}


def _probed_groups(groups: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the same and all categories together."""
    return {**_main_groups(groups), "all": groups["all"]}


def group_members(
    outcome: Outcome, nearest: str, far: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Return the paper's groups by name: target, nearest, the far ones, all but the target, all.

    Raises:
        DataError: The target has no test exchange, or a category is named as a group is.
    """
    singles = {name: (name,) for name in (outcome.target, nearest, *far)}
    if outcome.target not in outcome.categories:
        raise DataError(f"The target {named(outcome.target)} has no test exchange.")
    everyone = (outcome.target, *outcome.others)
    wider = {f"all but {outcome.target}": outcome.others, "all": everyone}
    if taken := sorted(set(wider) & set(everyone)):
        raise DataError(
            f"A category is named {named(taken[0])}, as a group of categories is; rename "
            "the category."
        )
    return {**singles, **wider}
