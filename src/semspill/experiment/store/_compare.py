"""Finished runs compared: from folders, or from the reports that `run` returned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from semspill._mask import listing, named
from semspill._read import parse_json, read_text
from semspill.analysis import Outcome, SpilloverAnalyzer, compare_outcomes
from semspill.errors import ConfigError, DataError, did_you_mean
from semspill.experiment.store._answers import columns_of
from semspill.experiment.store._read import outcomes_of, read_report, sweep_folders
from semspill.results import Arm, Comparison, ProbeReport, SpilloverReport

_MOST = 2**26
"""Bytes of the largest file of a sweep that is read."""
Run: TypeAlias = str | Path | SpilloverReport
"""A finished run: its folder, or what `run` returned."""


@dataclass(frozen=True, eq=False)
class Side:
    """One arm of a finished run."""

    run: Run
    """The run."""
    arm: str | None = None
    """Name of the arm; None for the main one."""


def compare(
    *runs: Run,
    arms: Sequence[str] = (),
    labels: Sequence[str] | None = None,
    baseline: str | None = None,
    level: float = 0.95,
) -> Comparison:
    """Return how runs, or arms, differ from a baseline, group by group, and how sure that is.

    Runs on the same test exchanges are paired by exchange, and by seed where they share two seeds
    or all; others are not, and `Comparison.pairings` says why.

    Args:
        runs: Folders of finished runs, or reports that `run` returned; the folder of a sweep stands
            for all its variants.
        arms: Which arms of each run are compared, such as `["poison", "poison+filter"]` of one,
            where defended arms need a folder; by default the main arm of each, or of a sweep of
            one defense's fields the arm that it defends.
        labels: What they are called; by default the names of the runs' folders, and `A`, `B` and
            so on for reports; of several arms, the arms' names.
        baseline: Which of them the others are compared with; by default the first.
        level: Nominal coverage of the intervals.

    Raises:
        ConfigError: There are fewer than two runs or arms, or the labels do not fit them.
        DataError: A folder is no finished run, a run has no such arm, or a report was read from
            JSON, which holds no answers.
    """
    return comparison_of(labelled(runs, labels, baseline, arms), level)


def comparison_of(
    sides: Mapping[str, Side],
    level: float = 0.95,
    reports: Mapping[str, SpilloverReport] | None = None,
) -> Comparison:
    """Return how arms of runs differ from the first of them.

    Args:
        sides: The arms by label.
        level: Nominal coverage of the intervals.
        reports: The reports of their runs, where those were read before.
    """
    if reports is None:
        reports = {label: _report(side.run) for label, side in sides.items()}
    # Arms of one run are read once.
    runs = {id(side.run): (side.run, reports[label]) for label, side in sides.items()}
    read = {key: _outcomes(*run) for key, run in runs.items()}
    return compare_outcomes(
        {
            label: _outcome(read[id(side.run)], reports[label], side.arm)
            for label, side in sides.items()
        },
        fingerprints={label: one.provenance.fingerprints for label, one in reports.items()},
        level=level,
    )


def labelled(
    runs: Sequence[Run],
    labels: Sequence[str] | None,
    baseline: str | None = None,
    arms: Sequence[str] = (),
) -> dict[str, Side]:
    """Return arms of runs by what they are called, the baseline first.

    A sweep stands for its variants; without arms the main one of each run is meant, or the one that
    a sweep of one defense's fields defends.

    Raises:
        ConfigError: There is no run, the labels do not fit the runs, or no run is the baseline.
    """
    every = [one for run in runs for one in _expanded(run)]
    if not every:
        raise ConfigError("There is no run to compare; give the folders of one or more.")
    sides = [Side(one.run, arm) for one in every for arm in arms] if arms else every
    names = _names([one.run for one in every], arms) if labels is None else list(labels)
    kind = "arm" if arms else "run"
    if len(names) != len(sides):
        raise ConfigError(
            f"There are {len(names)} labels for {len(sides)} {kind}s; give one for each {kind}."
        )
    if len(set(names)) < len(names) or not all(names):
        raise ConfigError(
            f"The {kind}s cannot be distinguished by {', '.join(map(repr, names))}; give each its "
            "own label."
        )
    found = dict(zip(names, sides, strict=True))
    if baseline is None:
        return found
    if baseline not in found:
        raise ConfigError(
            f"No run is called {named(baseline)}, which is to be the baseline."
            f"{did_you_mean(baseline, found)} They are: {listing(found)}."
        )
    return {baseline: found[baseline], **found}


def shown(report: SpilloverReport, arm: str | None, folder: Path) -> SpilloverReport:
    """Return a report in which an arm is the main one, without what is said of another arm.

    Args:
        report: The report of the run.
        arm: Name of the arm, which may be a defended one; None for the main one.
        folder: The folder of the run.

    Raises:
        DataError: The run has no such arm.
    """
    if arm is None or arm == report.main_arm:
        return report
    chosen, clean = _arm(report, arm), report.arm(report.clean_arm)
    if chosen.defense:  # its slices are made from its answers
        analyzer = SpilloverAnalyzer(nearest=report.nearest, far=report.far, margin=report.margin)
        report = analyzer.analyze(
            outcomes_of(folder, report, (clean, chosen)),
            similarity_method=report.similarity_method,
            provenance=report.provenance,
        )
    return report.replace(
        arms=tuple(dict.fromkeys((clean, chosen))),
        decomposition=(),
        sensitivity=(),
        bands={},
        doses=(),
        undecided={},
        probes=tuple(_only(one, (clean.name, chosen.name)) for one in report.probes),
        labels=None,
    )


def _only(probe: ProbeReport, arms: Sequence[str]) -> ProbeReport:
    """Return what a probe did in some arms."""
    return probe.replace(groups=tuple(one for one in probe.groups if one.arm in arms))


def swept_arm(folder: Path, report: SpilloverReport) -> str | None:
    """Return the arm that a sweep compares: of one defense's fields the defended one, else None.

    Args:
        folder: What `sweep` wrote.
        report: That of a variant.
    """
    # Sweeps of earlier versions did not say what varies.
    varied = parse_json(read_text(folder / "sweep.json", most=_MOST)).get("vary", {})
    places = [field.split(".") for field in varied]
    if len({tuple(place[:2]) for place in places}) != 1 or places[0][0] != "defenses":
        return None  # all variants differ in how strong the attack is, or in several defenses
    return f"{report.main_arm}+{places[0][1]}"


def _expanded(run: Run) -> list[Side]:
    """Return a run, or the variants of a sweep, each with the arm that is meant without others."""
    if isinstance(run, SpilloverReport):
        return [Side(run)]
    folder = Path(run)
    if not (folder / "sweep.json").is_file():
        return [Side(folder)]
    paths = list(sweep_folders(folder).values())
    arm = swept_arm(folder, read_report(paths[0])) if paths else None
    return [Side(path, arm) for path in paths]


def _names(runs: Sequence[Run], arms: Sequence[str]) -> list[str]:
    """Return what arms of runs are called: by what distinguishes them."""
    of_runs = _short(runs)
    if len(arms) < 2:
        return of_runs
    several = len(runs) > 1
    return [f"{name}, {arm}" if several else arm for name in of_runs for arm in arms]


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


def _outcomes(run: Run, report: SpilloverReport) -> tuple[Outcome, ...]:
    if isinstance(run, SpilloverReport):
        return _answered(run)
    return outcomes_of(run, report, (*report.arms, *report.defended_arms))


def _arm(report: SpilloverReport, name: str | None) -> Arm:
    """Return an arm, which may be a defended one."""
    if name is None:
        return report.arm()
    arms = {arm.name: arm for arm in (*report.arms, *report.defended_arms)}
    if name not in arms:
        raise DataError(
            f"The run has no arm {named(name)}.{did_you_mean(name, arms)} It has: {listing(arms)}."
        )
    return arms[name]


def _outcome(found: Sequence[Outcome], report: SpilloverReport, name: str | None) -> Outcome:
    """Return the outcome of an arm, with the arm that its lifts are paired with."""
    outcomes = {outcome.arm.name: outcome for outcome in found}
    arm = _arm(report, name)
    if arm.name not in outcomes:
        raise DataError(
            f"A report holds no answers of the defended arm {arm.name}; run with out, and give the "
            "folder."
        )
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
