"""Finished runs compared: from folders, or from the reports that `run` returned."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from semspill._mask import listing, named
from semspill.analysis import Outcome, compare_outcomes
from semspill.errors import ConfigError, DataError, did_you_mean
from semspill.experiment.store._answers import columns_of
from semspill.experiment.store._read import read_outcomes, read_report, sweep_folders
from semspill.results import Comparison, SpilloverReport

Run: TypeAlias = str | Path | SpilloverReport
"""A finished run: its folder, or what `run` returned."""


def compare(
    *runs: Run,
    labels: Sequence[str] | None = None,
    baseline: str | None = None,
    level: float = 0.95,
) -> Comparison:
    """Return how runs differ from a baseline, group by group, and how sure that is.

    Runs on the same test exchanges are paired by exchange, and by seed where they share two seeds
    or all; others are not, and `Comparison.pairings` says why. The main arm of each is compared.

    Args:
        runs: Folders of finished runs, or reports that `run` returned; the folder of a sweep stands
            for all its variants.
        labels: What the runs are called; by default the names of their folders, and `A`, `B` and
            so on for reports.
        baseline: Which of them the others are compared with; by default the first.
        level: Nominal coverage of the intervals.

    Raises:
        ConfigError: There are fewer than two runs, or the labels do not fit them.
        DataError: A folder is no finished run, or a report was read from JSON, which holds no
            answers.
    """
    return comparison_of(labelled(runs, labels, baseline), level)


def comparison_of(
    runs: Mapping[str, Run],
    level: float = 0.95,
    reports: Mapping[str, SpilloverReport] | None = None,
) -> Comparison:
    """Return how runs differ from the first of them.

    Args:
        runs: The runs by label.
        level: Nominal coverage of the intervals.
        reports: Their reports, where those were read before.
    """
    found = {label: _report(run) for label, run in runs.items()} if reports is None else reports
    return compare_outcomes(
        {label: _main_outcome(runs[label], report) for label, report in found.items()},
        fingerprints={label: one.provenance.fingerprints for label, one in found.items()},
        level=level,
    )


def labelled(
    runs: Sequence[Run], labels: Sequence[str] | None, baseline: str | None = None
) -> dict[str, Run]:
    """Return runs by what they are called, the baseline first; a sweep stands for its variants.

    Raises:
        ConfigError: There is no run, the labels do not fit the runs, or no run is the baseline.
    """
    every = [one for run in runs for one in _expanded(run)]
    if not every:
        raise ConfigError("There is no run to compare; give the folders of one or more.")
    names = _short(every) if labels is None else list(labels)
    if len(names) != len(every):
        raise ConfigError(
            f"There are {len(names)} labels for {len(every)} runs; give one for each run."
        )
    if len(set(names)) < len(names) or not all(names):
        raise ConfigError(
            f"The runs cannot be distinguished by {', '.join(map(repr, names))}; give each its own "
            "label."
        )
    found = dict(zip(names, every, strict=True))
    if baseline is None:
        return found
    if baseline not in found:
        raise ConfigError(
            f"No run is called {named(baseline)}, which is to be the baseline."
            f"{did_you_mean(baseline, found)} They are: {listing(found)}."
        )
    return {baseline: found[baseline], **found}


def _expanded(run: Run) -> list[Run]:
    if isinstance(run, SpilloverReport):
        return [run]
    folder = Path(run)
    return [*sweep_folders(folder).values()] if (folder / "sweep.json").is_file() else [folder]


def _short(runs: Sequence[Run]) -> list[str]:
    """Return the shortest distinct ends of the paths; of reports letters."""
    parts = [
        (chr(ord("A") + place),) if isinstance(run, SpilloverReport) else Path(run).resolve().parts
        for place, run in enumerate(runs)
    ]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            break
    return names


def _report(run: Run) -> SpilloverReport:
    return run if isinstance(run, SpilloverReport) else read_report(run)


def _main_outcome(run: Run, report: SpilloverReport) -> Outcome:
    """Return the outcome of the main arm, with the arm that its lifts are paired with."""
    found = _answered(run) if isinstance(run, SpilloverReport) else read_outcomes(run)
    outcomes = {outcome.arm.name: outcome for outcome in found}
    arm = report.arm()
    clean = None if arm.baseline == arm.name else outcomes[arm.baseline]
    return replace(outcomes[arm.name], clean=clean, nearest=report.nearest)


def _answered(report: SpilloverReport) -> tuple[Outcome, ...]:
    """Return the outcomes of the arms of a report that holds their answers."""
    table = report.exchanges
    if table is None:
        raise DataError(
            "A report that was read from JSON holds no answers to compare; give the folder of its "
            "run, or the report that run() returned."
        )
    return tuple(
        Outcome(
            arm=arm,
            target=report.target,
            seeds=report.seeds,
            categories=table.categories,
            dialogues=table.dialogues,
            similarity=dict(report.similarity),
            **columns_of([table.answers[seed, arm.name] for seed in report.seeds]),
        )
        for arm in report.arms
    )
