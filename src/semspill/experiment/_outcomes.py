"""What a finished run left on disk, as outcomes that can be analyzed in another way."""

from pathlib import Path

from semspill._read import parse_json
from semspill.analysis import Outcome
from semspill.errors import DataError
from semspill.experiment._answers_file import columns_of, read_answers
from semspill.labellers import FittedLabelling
from semspill.results import Answers, SpilloverReport
from semspill.results._format import FormatError


def read_outcomes(folder: str | Path) -> tuple[Outcome, ...]:
    """Return the outcomes of the arms of a finished run, without training anything again.

    Args:
        folder: What `run` wrote.

    Raises:
        DataError: The folder does not hold a finished run, or a file of it is broken.
    """
    folder = Path(folder)
    try:
        report = SpilloverReport.from_json((folder / "report.json").read_text(encoding="utf-8"))
        lines = (folder / "exchanges.jsonl").read_text(encoding="utf-8").split("\n")
        exchanges = [parse_json(line) for line in lines if line]
    except FormatError as error:
        raise DataError(f"{folder}: {error}") from error
    except (OSError, ValueError) as error:
        raise DataError(
            f"{folder} does not hold a finished run; give a folder that run() wrote."
        ) from error
    first = FittedLabelling.first
    labels = None
    if report.labels is not None:
        labels = tuple(first(row.get("label")) for row in exchanges)
    outcomes = []
    for arm in report.arms:
        runs = [_arm(folder, seed, arm.name) for seed in report.seeds]
        outcomes.append(
            Outcome(
                arm=arm,
                target=report.target,
                seeds=report.seeds,
                categories=tuple(row["category"] for row in exchanges),
                dialogues=tuple(row["dialogue"] for row in exchanges),
                similarity=dict(report.similarity),
                labels=labels,
                **columns_of(runs),
            )
        )
    return tuple(outcomes)


def _arm(folder: Path, seed: int, arm: str) -> Answers:
    path = folder / f"seed-{seed}" / arm / "scores.npz"
    made = read_answers(path)
    if made is None:
        raise DataError(f"{path} is missing or broken; run the experiment again.")
    return made
