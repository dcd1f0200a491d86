"""The comparison of runs, or of arms: differences from a baseline, group by group."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from semspill._mask import listing, named
from semspill._model import FrozenModel
from semspill.errors import DataError, did_you_mean
from semspill.results._format import require_format
from semspill.statistics import Estimate, Number

Role: TypeAlias = Literal["target", "nearest", "rest", "all", "category"]
"""What is compared: a single category, or the group that plays this role; `rest` is all but the
target."""


class Difference(FrozenModel):
    """One quantity in one category or group: what it is in a run, less what it is in the baseline.

    Example:
        >>> change = Estimate(value=-0.06, low=-0.1, high=-0.03, n=240, method="t", p_value=0.001)
        >>> fewer = Difference(run="defended", role="nearest", name="weary", metric="asr",
        ...                    before=0.11, after=0.05, estimate=change)
        >>> fewer.significant, fewer.missed
        (True, 0.1)
    """

    run: str
    """The run that is compared with the baseline."""
    role: Role
    """Whether it is a category or a group, and which."""
    name: str
    """The category, or the name of the group; where targets differ, the role in words."""
    metric: str
    """What is compared: `asr` (planted rate), `asr_lift`, `toxicity`, `lift` (toxicity lift) or
    `precision` (P@1)."""
    before: Number
    """Its value in the baseline: the mean over the seeds and exchanges compared."""
    after: Number
    """Its value in the run."""
    estimate: Estimate
    """`after` minus `before`, in [-1, 1], of lifts in [-2, 2], with interval and p-value. `p_holm`
    is corrected for all runs that are compared, and of a category for all categories but the target
    too; of `nearest` and `rest`, by which spillover is judged, for both."""

    @property
    def significant(self) -> bool:
        """Whether the two differ at 1 - level, corrected for all that were looked at."""
        estimate = self.estimate
        p_value = estimate.p_value if estimate.p_holm is None else estimate.p_holm
        return p_value is not None and p_value <= 1 - estimate.level

    @property
    def missed(self) -> float:
        """The largest difference, in either direction, that the interval leaves possible."""
        return max(abs(self.estimate.low), abs(self.estimate.high))


class Pairing(FrozenModel):
    """What two runs have in common, and so what their differences are free of."""

    by: Literal["seed", "exchange", "nothing"]
    """`seed`: by exchange within seed. `exchange`: the same exchanges under other seeds.
    `nothing`: not paired."""
    why: str = ""
    """Why no more than that is paired; empty where everything is."""
    seeds: tuple[int, ...]
    """The seeds of the run that count."""
    baseline_seeds: tuple[int, ...]
    """The seeds of the baseline that count."""
    dialogues: int
    """Test dialogues of the run."""
    left_out: Mapping[str, str] = {}
    """Metrics that are not compared, and why."""

    def __str__(self) -> str:
        return {
            "seed": "paired by exchange and seed",
            "exchange": "paired by exchange, not by seed",
            "nothing": "not paired",
        }[self.by]


class Comparison(FrozenModel):
    """How runs differ from a baseline, and how sure that is.

    `difference` gives one number, `sentences` what a reader should know, `to_frame` and `to_json`
    everything.
    """

    format: Literal[2] = 2
    """Version of the format of `to_json`."""
    baseline: str
    """The run that the others are compared with."""
    runs: tuple[str, ...]
    """The other runs."""
    level: float
    """Nominal coverage of the intervals."""
    pairings: Mapping[str, Pairing]
    """By run: what it has in common with the baseline."""
    differences: tuple[Difference, ...]
    """One per run, group or category, and metric."""

    def __repr__(self) -> str:
        count = len(self.differences)
        return f"<Comparison: {listing(self.runs)} against {self.baseline}, {count} differences>"

    def of(self, run: str, metric: str, *roles: Role) -> tuple[Difference, ...]:
        """Return the differences of one run and metric that play one of these roles."""
        wanted = (run, metric)
        return tuple(
            one
            for one in self.differences
            if (one.run, one.metric) == wanted and (not roles or one.role in roles)
        )

    def difference(self, name: str, metric: str = "asr", run: str | None = None) -> Difference:
        """Return one difference.

        Args:
            name: A category or group, or a role: `target`, `nearest`, `rest`, `all`.
            metric: See `Difference.metric`.
            run: The run; by default the first that is not the baseline.

        Raises:
            DataError: There is no such difference.
        """
        run = self.runs[0] if run is None else run
        if run not in self.pairings:
            raise DataError(
                f"No run is called {named(run)}.{did_you_mean(run, self.runs)} Compared with "
                f"{named(self.baseline)} are: {listing(self.runs)}."
            )
        found = self.of(run, metric)
        if not found:
            metrics = {one.metric for one in self.differences if one.run == run}
            why = self.pairings[run].left_out.get(metric, "")
            raise DataError(
                f"There is no difference of the metric {named(metric)}{why and f': {why}'}."
                f"{did_you_mean(metric, metrics)} There are: {listing(sorted(metrics))}."
            )
        for one in found:
            if name in (one.role, one.name):
                return one
        names = [one.name for one in found]
        raise DataError(
            f"There is no category or group {named(name)}.{did_you_mean(name, names)} There are: "
            f"{listing(dict.fromkeys(names))}."
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """Which run is better and how sure that is, a sentence each, in markdown."""
        from semspill.report._compared import sentences

        return sentences(self)

    def to_json(self) -> str:
        """Return everything as JSON; undefined numbers are null."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Comparison":
        """Return the comparison that `to_json` wrote.

        Raises:
            DataError: It has the format of another version of semspill.
        """
        require_format(text, "comparison")
        return cls.model_validate_json(text)

    def to_frame(self) -> Any:
        """Return the differences as a tidy pandas data frame, a row each."""
        from semspill.report._frame import comparison_frame

        return comparison_frame(self)
