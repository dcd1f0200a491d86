"""Finished runs and sweeps, read from disk: reports, outcomes, exchanges, matrices."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from semspill._read import parse_json, read_text
from semspill.analysis import Outcome
from semspill.corpus import Exchange
from semspill.errors import DataError
from semspill.experiment.store._answers import columns_of, read_answers
from semspill.experiment.store._responses import RESPONSES, exchange_table, read_rows
from semspill.labellers import FittedLabelling
from semspill.results import (
    Answers,
    Arm,
    Comparison,
    ExchangeTable,
    SpilloverMatrix,
    SpilloverReport,
)
from semspill.results._format import FormatError

_LARGEST = 2**30
"""Bytes of the largest report that is read."""
COMPARISON = "comparison.json"
"""In the folder of a sweep: how its variants differ from the first."""
_MATRICES = ("matrix-asr.json", "matrix-toxicity.json")


def read_report(folder: str | Path) -> SpilloverReport:
    """Return the report of a finished run.

    Args:
        folder: What `run` wrote.

    Raises:
        DataError: It is no finished run, or its report is broken.
    """
    path = Path(folder) / "report.json"
    try:
        return SpilloverReport.from_json(read_text(path, most=_LARGEST))
    except OSError as error:
        raise DataError(
            f"{folder} holds no finished run: report.json is missing; give a folder that "
            "'semspill run' finished."
        ) from error
    except FormatError as error:
        raise DataError(f"{path}: {error}") from error
    except ValueError as error:
        raise DataError(f"{path} is broken; run the experiment again.") from error


def run_date(folder: str | Path) -> str:
    """Return the day on which a run was finished, such as 2026-11-29; empty where it is not known.

    Args:
        folder: What `run` wrote.
    """
    try:
        environment = parse_json(read_text(Path(folder) / "environment.json", most=_LARGEST))
    except (OSError, ValueError):
        return ""
    date = environment.get("date") if isinstance(environment, dict) else None
    try:
        return "" if date is None else datetime.date.fromisoformat(date).isoformat()
    except (TypeError, ValueError):
        return ""


def read_outcomes(folder: str | Path) -> tuple[Outcome, ...]:
    """Return the outcomes of the arms of a finished run, without training anything again.

    Args:
        folder: What `run` wrote.

    Raises:
        DataError: The folder does not hold a finished run, or a file of it is broken.
    """
    report = read_report(folder)
    return outcomes_of(folder, report, report.arms)


def outcomes_of(
    folder: str | Path, report: SpilloverReport, arms: Sequence[Arm]
) -> tuple[Outcome, ...]:
    """Return the outcomes of some arms of a finished run.

    Args:
        folder: What `run` wrote.
        report: Its report.
        arms: Which arms; they may be defended ones.
    """
    path = Path(folder) / "exchanges.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        exchanges = [parse_json(line) for line in lines if line]
    except (OSError, ValueError) as error:
        raise _broken(path) from error
    labels = None
    if report.labels is not None:
        labels = tuple(FittedLabelling.first(row.get("label")) for row in exchanges)
    return tuple(
        Outcome(
            arm=arm,
            target=report.target,
            seeds=report.seeds,
            categories=tuple(row["category"] for row in exchanges),
            dialogues=tuple(row["dialogue"] for row in exchanges),
            similarity=dict(report.similarity),
            labels=labels,
            **columns_of([_scores(_arm(folder, seed, arm.name)) for seed in report.seeds]),
        )
        for arm in arms
    )


def read_exchanges(folder: str | Path, seeds: Sequence[int], arms: Sequence[str]) -> ExchangeTable:
    """Return what the arms of a run answered, as it lies on disk.

    Args:
        folder: What `run` wrote.
        seeds: The training seeds to read.
        arms: The arms to read.

    Raises:
        DataError: A file of an arm is missing or broken.
    """
    answers: dict[tuple[int, str], Answers] = {}
    rows: list[dict[str, Any]] = []
    unmasked = False
    for seed, arm in ((seed, arm) for seed in seeds for arm in arms):
        path = _arm(folder, seed, arm)
        shown = (path / RESPONSES[True]).is_file()
        # Of a folder that holds both kinds everything is masked.
        unmasked = unmasked or shown
        own = read_rows(path / RESPONSES[shown])
        if own is None or (rows and len(own) != len(rows)):
            raise _broken(path / RESPONSES[shown])
        rows = rows or own
        answers[seed, arm] = _scores(path, [row["response"] for row in own])
    try:
        exchanges = [_exchange(row) for row in rows]
    except (KeyError, TypeError) as error:
        raise _broken(Path(folder)) from error
    table = exchange_table(answers, exchanges, unmasked=unmasked)
    return table if all("context" in row for row in rows) else replace(table, contexts=None)


def sweep_folders(folder: Path) -> dict[str, Path]:
    """Return the variants of a sweep by name, as its last command had them.

    Raises:
        DataError: The sweep was not finished, or its file is broken.
    """
    try:
        shared = parse_json(read_text(folder / "sweep.json", most=_LARGEST))
        finished = sorted(path.parent.name for path in folder.glob("*/report.json"))
        # Sweeps of earlier versions did not list their variants.
        return {name: folder / name for name in shared.get("variants", finished)}
    except (ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{folder / 'sweep.json'} is broken; run the sweep again.") from error


def read_matrices(folder: Path) -> tuple[SpilloverMatrix, ...]:
    """Return the target-by-victim matrices that a sweep left."""
    try:
        return tuple(
            SpilloverMatrix.from_json(read_text(folder / name, most=_LARGEST))
            for name in _MATRICES
            if (folder / name).is_file()
        )
    except FormatError as error:
        raise DataError(f"{folder}: {error}") from error
    except ValueError as error:
        raise DataError(f"A matrix in {folder} is broken; run the sweep again.") from error


def read_comparison(folder: Path) -> Comparison | None:
    """Return how the variants of a sweep differ from the first; None where targets vary."""
    path = folder / COMPARISON
    if not path.is_file():
        return None
    try:
        return Comparison.from_json(read_text(path, most=_LARGEST))
    except FormatError as error:
        raise DataError(f"{path}: {error}") from error
    except ValueError as error:
        raise DataError(f"{path} is broken; run the sweep again.") from error


def _arm(folder: str | Path, seed: int, arm: str) -> Path:
    return Path(folder) / f"seed-{seed}" / arm


def _scores(arm: Path, texts: Sequence[str] | None = None) -> Answers:
    answers = read_answers(arm / "scores.npz", texts)
    if answers is None or (texts is not None and len(texts) != len(answers.score)):
        raise _broken(arm / "scores.npz")
    return answers


def _exchange(row: dict[str, Any]) -> Exchange:
    context = tuple(row.get("context", ()))
    return Exchange(row["dialogue"], row["turn"], row["category"], context, row["response"])


def _broken(path: Path) -> DataError:
    return DataError(f"{path} is missing or broken; run the experiment again.")
