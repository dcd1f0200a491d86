"""A report as tidy tables for pandas: one row per number."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from semspill._mask import named
from semspill.errors import DataError, did_you_mean
from semspill.results import BINS, SpilloverMatrix, SpilloverReport
from semspill.statistics import Estimate

_TEXT, _COUNT, _NUMBER, _FLAG = "string", "int64", "float64", "bool"
_ESTIMATE = {
    "value": _NUMBER, "low": _NUMBER, "high": _NUMBER, "level": _NUMBER, "n": _COUNT,
    "p_value": _NUMBER, "p_holm": _NUMBER, "p_bh": _NUMBER, "survives": _FLAG,
    "method": _TEXT, "note": _TEXT, "quantity": _TEXT, "title": _TEXT, "unit": _TEXT,
}  # fmt: skip
_SLICE = {"kind": _TEXT, "name": _TEXT, "arm": _TEXT, "metric": _TEXT}
_SIZES = {"similarity": _NUMBER, "dialogues": _COUNT, "exchanges": _COUNT}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "categories": {**_SLICE, **_ESTIMATE, **_SIZES},
    "groups": {**_SLICE, **_ESTIMATE, **_SIZES},
    "overall": {"arm": _TEXT, "metric": _TEXT, **_ESTIMATE},
    "decomposition": {"group": _TEXT, "quantity": _TEXT, "part": _TEXT, **_ESTIMATE},
    "curve": {"arm": _TEXT, "group": _TEXT, "epoch": _COUNT, "toxicity": _NUMBER, "asr": _NUMBER},
    "distribution": {
        "kind": _TEXT, "name": _TEXT, "arm": _TEXT, "low": _NUMBER, "high": _NUMBER,
        "share": _NUMBER,
    },
}  # fmt: skip
"""Columns of every part, with their pandas types."""
_PAIRS = {"target": _TEXT, "victim": _TEXT, "similarity": _NUMBER, "nearest": _FLAG, **_ESTIMATE}


def to_frame(report: SpilloverReport, part: str) -> Any:
    """Return one part of a report as a data frame.

    Raises:
        DataError: There is no such part.
    """
    if part not in COLUMNS:
        raise DataError(
            f"A report has no part {named(part)}.{did_you_mean(part, COLUMNS)} "
            f"It has: {', '.join(COLUMNS)}."
        )
    rows: Iterable[Mapping[str, Any]]
    if part in ("categories", "groups"):
        rows = _slices(report, part)
    elif part == "overall":
        rows = (
            {"arm": arm, "metric": name, **_estimate(made)}
            for arm, found in report.overall.items()
            for name, made in found.items()
        )
    elif part == "decomposition":
        rows = (
            {**_estimate(p.estimate), "group": p.group, "quantity": p.quantity, "part": p.part}
            for p in report.decomposition
        )
    elif part == "curve":
        rows = (point.model_dump() for point in report.curve)
    else:
        rows = _bins(report)
    return _frame(rows, COLUMNS[part])


def matrix_frame(matrix: SpilloverMatrix) -> Any:
    """Return a target-by-victim matrix as a data frame, one row per cell."""
    rows = (
        {
            "target": target,
            "victim": victim,
            "similarity": float(matrix.similarities[row, column]),
            "nearest": int(matrix.nearest[row]) == column,
            **_estimate(matrix.cell(row, column)),
        }
        for row, target in enumerate(matrix.targets)
        for column, victim in enumerate(matrix.victims)
    )
    return _frame(rows, _PAIRS)


def _slices(report: SpilloverReport, part: str) -> Iterable[Mapping[str, Any]]:
    kind = {"categories": "category", "groups": "group"}[part]
    for found in getattr(report, part):
        for name, made in found.estimates.items():
            yield {
                "kind": kind,
                "name": found.name,
                "arm": found.arm,
                "metric": name,
                **_estimate(made),
                "similarity": math.nan if found.similarity is None else found.similarity,
                "dialogues": found.dialogues,
                "exchanges": found.exchanges,
            }


def _bins(report: SpilloverReport) -> Iterable[Mapping[str, Any]]:
    for kind, slices in (("category", report.categories), ("group", report.groups)):
        for found in slices:
            for place, share in enumerate(found.distribution):
                yield {
                    "kind": kind,
                    "name": found.name,
                    "arm": found.arm,
                    "low": place / BINS,
                    "high": (place + 1) / BINS,
                    "share": share,
                }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    fields = {**dict(estimate), **dict(estimate.measure), "survives": estimate.survives}
    # A test that was not made has no p-value.
    return {name: math.nan if fields[name] is None else fields[name] for name in _ESTIMATE}


def _frame(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> Any:
    import pandas as pd

    # Types are named, so that a part without rows has them too.
    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))
