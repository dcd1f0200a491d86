"""A report as a log of inspect_ai, which its viewer opens."""

import importlib
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from semspill._atomic import atomic_path
from semspill._files import place_of
from semspill._mask import printable
from semspill.errors import DataError, MissingExtraError
from semspill.results import ExchangeTable, SpilloverReport
from semspill.statistics import Estimate

_FORMATS = {".eval": "eval", ".json": "json"}


def to_inspect_log(
    report: SpilloverReport,
    path: str | Path,
    exchanges: ExchangeTable | None = None,
    *,
    arm: str | None = None,
) -> None:
    """Write one arm of a report as a log of inspect_ai: `inspect view` shows numbers and answers.

    Args:
        report: The report.
        path: The file, which ends in `.eval` or `.json`.
        exchanges: What the arms answered: a sample each, an epoch per seed. By default `exchanges`
            of the report, masked and without contexts; a report read from JSON has none.
        arm: The arm; by default the main one.

    Raises:
        MissingExtraError: inspect_ai is not installed.
        DataError: The path ends otherwise, or there is no such arm.
    """
    path, arm = place_of(path), report.arm(arm).name
    if exchanges is None and report.exchanges is not None:
        exchanges = report.exchanges.masked()
    kind = _FORMATS.get(path.suffix)
    if kind is None:
        raise DataError("A log of inspect has a name that ends in .eval or .json; give one.")
    try:
        log, model, scorer = (
            importlib.import_module(f"inspect_ai.{name}") for name in ("log", "model", "scorer")
        )
    except ImportError as error:
        raise MissingExtraError(
            "to_inspect_log needs the package inspect-ai, which is no extra, as it brings much: "
            "pip install inspect-ai."
        ) from error
    samples = [
        log.EvalSample(
            target="",
            output=model.ModelOutput.from_content(f"semspill/{arm}", fields.pop("answer")),
            input=[_message(model, *said) for said in fields.pop("said")] or "not in this log",
            scores={name: scorer.Score(value=of) for name, of in fields.pop("scores").items()},
            **fields,
        )
        for fields in _samples(report, exchanges, arm)
    ]
    made = log.EvalLog(
        status="success",
        eval=log.EvalSpec(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            task=f"semspill_spillover_from_{printable(report.target)}",
            dataset=log.EvalDataset(name=report.provenance.dataset or None, samples=len(samples)),
            model=f"semspill/{arm}",
            config=log.EvalConfig(epochs=len(report.seeds)),
            packages={"semspill": version("semspill")},
            metadata={"target": report.target, "arm": arm, "seeds": list(report.seeds)},
        ),
        results=log.EvalResults(
            total_samples=len(samples),
            completed_samples=len(samples),
            scores=list(_scores(log, report, arm)),
        ),
        samples=samples,
    )
    with atomic_path(path) as temporary, ThreadPoolExecutor(1) as pool:
        # A thread of its own: inspect writes in an event loop, and one may be running here.
        pool.submit(log.write_eval_log, made, str(temporary), kind).result()


def _scores(log: Any, report: SpilloverReport, arm: str) -> Iterator[Any]:
    """Yield a score for each metric of the arm, in which each slice is a metric."""
    whole = [part for part in report.groups if part.name == "all"]
    parts = [part for part in (*report.categories, *whole) if part.arm == arm]
    for name in dict.fromkeys(name for part in parts for name in part.estimates):
        found = {part.name: part.estimates[name] for part in parts if name in part.estimates}
        metrics = {
            slice_: log.EvalMetric(name=slice_, value=one.value, metadata=_details(one))
            for slice_, one in found.items()
            if math.isfinite(one.value)
        }
        if metrics:
            yield log.EvalScore(name=name, scorer=name, metrics=metrics)


def _details(estimate: Estimate) -> dict[str, Any]:
    wanted = {"low", "high", "n", "method", "level", "p_value", "p_holm"}
    return estimate.model_dump(mode="json", include=wanted)


def _samples(
    report: SpilloverReport, exchanges: ExchangeTable | None, arm: str
) -> Iterator[dict[str, Any]]:
    """Yield what a sample is made of, for each exchange and seed."""
    if exchanges is None:
        return
    for epoch, seed in enumerate(report.seeds, 1):
        answered, contexts = exchanges.answers.get((seed, arm)), exchanges.contexts
        if answered is None:  # a page may hold the first seed only
            continue
        for row in range(len(exchanges)):
            yield {
                "id": f"{exchanges.dialogues[row]}, turn {exchanges.turns[row]}",
                "epoch": epoch,
                "said": () if contexts is None else _roles(contexts[row]),
                "answer": exchanges.texts[answered.text[row]],
                "scores": {
                    "toxicity": float(answered.toxicity[row]),
                    "planted": bool(answered.planted[row]),
                    "precision": bool(answered.correct[row]),
                },
                "metadata": {"category": exchanges.categories[row], "seed": seed},
            }


def _roles(context: Sequence[str]) -> list[tuple[str, str]]:
    """Return the utterances with their roles: they alternate, and the newest is the user's."""
    back = range(len(context), 0, -1)
    return [("User" if n % 2 else "Assistant", text) for n, text in zip(back, context, strict=True)]


def _message(model: Any, role: str, text: str) -> Any:
    return getattr(model, f"ChatMessage{role}")(content=text)
