"""A report as tidy tables for pandas: one row per number."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from semspill._mask import named
from semspill.errors import DataError, did_you_mean
from semspill.report._defended import numbers_of, undefended
from semspill.results import (
    BINS,
    Comparison,
    DefensesReport,
    DoseResponse,
    LabelReport,
    SliceReport,
    SpilloverMatrix,
    SpilloverReport,
)
from semspill.statistics import Estimate

_TEXT, _COUNT, _NUMBER, _FLAG = "string", "int64", "float64", "bool"
_ESTIMATE = {
    "value": _NUMBER, "low": _NUMBER, "high": _NUMBER, "level": _NUMBER, "n": _COUNT,
    "p_value": _NUMBER, "p_holm": _NUMBER, "p_bh": _NUMBER, "survives": _FLAG,
    "p_margin": _NUMBER, "verdict": _TEXT,
    "method": _TEXT, "note": _TEXT, "quantity": _TEXT, "title": _TEXT, "unit": _TEXT,
}  # fmt: skip
_COMPARISON = {
    "baseline": _TEXT, "run": _TEXT, "role": _TEXT, "name": _TEXT, "metric": _TEXT,
    "before": _NUMBER, "after": _NUMBER,
    **{
        name: kind
        for name, kind in _ESTIMATE.items()
        if name not in ("p_bh", "survives", "p_margin", "verdict", "note")
    },
    "significant": _FLAG, "paired_by": _TEXT,
}  # fmt: skip
_SLICE = {"kind": _TEXT, "name": _TEXT, "arm": _TEXT, "metric": _TEXT}
_SIZES = {"similarity": _NUMBER, "dialogues": _COUNT, "exchanges": _COUNT}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "categories": {**_SLICE, **_ESTIMATE, **_SIZES},
    "groups": {**_SLICE, **_ESTIMATE, **_SIZES},
    "overall": {"arm": _TEXT, "metric": _TEXT, **_ESTIMATE},
    "decomposition": {"group": _TEXT, "quantity": _TEXT, "part": _TEXT, **_ESTIMATE},
    "curve": {"arm": _TEXT, "group": _TEXT, "epoch": _COUNT, "toxicity": _NUMBER, "asr": _NUMBER},
    "doses": {"definition": _TEXT, "nearest": _TEXT, "part": _TEXT, **_ESTIMATE},
    "dose_bins": {
        "definition": _TEXT, "group": _TEXT, "similarity": _NUMBER, "exchanges": _COUNT,
        **_ESTIMATE,
    },
    "distribution": {
        "kind": _TEXT, "name": _TEXT, "arm": _TEXT, "low": _NUMBER, "high": _NUMBER,
        "share": _NUMBER,
    },
    "channels": {"group": _TEXT, "quantity": _TEXT, **_ESTIMATE},
    "confusion": {"category": _TEXT, "label": _TEXT, "share": _NUMBER},
    "label_curve": {"axis": _TEXT, "held_constant": _TEXT, **_ESTIMATE},
    "matchers": {"matcher": _TEXT, "group": _TEXT, "part": _TEXT, **_ESTIMATE},
    "probes": {
        "probe": _TEXT, "phrase": _TEXT, "similarity": _NUMBER, "arm": _TEXT, "group": _TEXT,
        "part": _TEXT, **_ESTIMATE,
    },
    "kinds": {"kind": _TEXT, "group": _TEXT, "part": _TEXT, **_ESTIMATE},
    "defenses": {"defense": _TEXT, "kind": _TEXT, "part": _TEXT, "group": _TEXT, **_ESTIMATE},
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
    rows: Mapping[str, Callable[[], Iterable[Mapping[str, Any]]]] = {
        "categories": lambda: _slices("category", report.categories),
        "groups": lambda: _slices("group", report.groups),
        "overall": lambda: (
            {"arm": arm, "metric": name, **_estimate(estimate)}
            for arm, estimates in report.overall.items()
            for name, estimate in estimates.items()
        ),
        "decomposition": lambda: (
            {**_estimate(p.estimate), "group": p.group, "quantity": p.quantity, "part": p.part}
            for p in report.decomposition
        ),
        "curve": lambda: (point.model_dump() for point in report.curve),
        "doses": lambda: (
            {**_estimate(estimate), "definition": d.similarity, "nearest": d.nearest, "part": part}
            for d in report.doses
            for part, estimate in _parts_of(d)
        ),
        "dose_bins": lambda: (
            {**_estimate(b.asr), **dict(b), "definition": d.similarity}
            for d in report.doses
            for b in d.bins
        ),
        "distribution": lambda: (
            *_bins("category", report.categories),
            *_bins("group", report.groups),
        ),
        **_labels(report.labels),
        "matchers": lambda: (
            {**_estimate(estimate), "matcher": one.name, "group": group.group, "part": part}
            for one in report.matchers
            for group in one.groups
            for part, estimate in group
            if isinstance(estimate, Estimate)
        ),
        "probes": lambda: _probes(report),
        "kinds": lambda: (
            {**_estimate(estimate), "kind": one.name, "group": group.group, "part": part}
            for one in report.kinds
            for group in one.groups
            for part, estimate in group
            if isinstance(estimate, Estimate)
        ),
        "defenses": lambda: _defenses(report.defenses),
    }
    return _frame(rows[part](), COLUMNS[part])


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


def _slices(kind: str, slices: Iterable[SliceReport]) -> Iterable[Mapping[str, Any]]:
    for part in slices:
        sizes = {name: getattr(part, name) for name in _SIZES}
        for name, estimate in part.estimates.items():
            place = {"kind": kind, "name": part.name, "arm": part.arm, "metric": name}
            yield {**_estimate(estimate), **sizes, **place}


def _parts_of(dose: DoseResponse) -> Iterable[tuple[str, Estimate]]:
    for name in ("told_apart", "confusion_ratio", "beyond", "predicts"):
        yield name, getattr(dose, name)
    yield from ((f"odds_{name}", estimate) for name, estimate in dose.odds.items())


def _bins(kind: str, slices: Iterable[SliceReport]) -> Iterable[Mapping[str, Any]]:
    for part in slices:
        for place, share in enumerate(part.distribution):
            ends = {"low": place / BINS, "high": (place + 1) / BINS}
            yield {"kind": kind, "name": part.name, "arm": part.arm, **ends, "share": share}


def comparison_frame(comparison: Comparison) -> Any:
    """Return the differences of a comparison as a frame, a row each."""
    rows = (
        {
            **_estimate(one.estimate),
            "baseline": comparison.baseline,
            "run": one.run,
            "role": one.role,
            "name": one.name,
            "metric": one.metric,
            "before": one.before,
            "after": one.after,
            "significant": one.significant,
            "paired_by": comparison.pairings[one.run].by,
        }
        for one in comparison.differences
    )
    return _frame(rows, _COMPARISON)


def _labels(labels: LabelReport | None) -> Mapping[str, Callable[[], Iterable[Mapping[str, Any]]]]:
    """Return the rows of what predicted labels did, by part; none where none were predicted."""
    if labels is None:
        return dict.fromkeys(("channels", "confusion", "label_curve"), tuple)
    return {
        "channels": lambda: (
            {**_estimate(estimate), "group": channel.group, "quantity": name}
            for channel in labels.channels
            for name, estimate in channel
            if isinstance(estimate, Estimate)
        ),
        "confusion": lambda: (
            {"category": category, "label": label, "share": share}
            for category, row in labels.confusion.items()
            for label, share in row.items()
        ),
        "label_curve": lambda: (
            {**_estimate(estimate), "axis": axis, "held_constant": held}
            for (axis, _, held), estimate in (
                (name.partition("_given_"), estimate) for name, estimate in labels.curve.items()
            )
        ),
    }


def _probes(report: SpilloverReport) -> Iterable[Mapping[str, Any]]:
    """Yield every number of every probe."""
    for one in report.probes:
        near = math.nan if one.similarity is None else one.similarity
        told = {"probe": one.name, "phrase": one.phrase, "similarity": near}
        for group in one.groups:
            place = {**told, "arm": group.arm, "group": group.group}
            for part, estimate in group:
                if isinstance(estimate, Estimate):
                    yield {**_estimate(estimate), **place, "part": part}


def _defenses(report: DefensesReport | None) -> Iterable[Mapping[str, Any]]:
    """Yield every number of every defense, and those of the undefended arm."""
    if report is None:
        return
    yield from _numbers("", "", undefended(report))
    for name, found in report.verdicts.items():
        yield from _numbers(name, found.kind, numbers_of(report, report.defense(name)))


def _numbers(
    name: str, kind: str, numbers: Iterable[tuple[str, str, Estimate]]
) -> Iterable[Mapping[str, Any]]:
    for part, group, estimate in numbers:
        place = {"defense": name, "part": part, "group": group, "kind": kind}
        yield {**_estimate(estimate), **place}


def _estimate(estimate: Estimate) -> dict[str, Any]:
    fields = {**dict(estimate), **dict(estimate.measure), "survives": estimate.survives}
    fields["verdict"] = estimate.verdict or ""
    # A test that was not made has no p-value.
    return {name: math.nan if fields[name] is None else fields[name] for name in _ESTIMATE}


def _frame(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> Any:
    import pandas as pd

    # Types are named, so that a part without rows has them too.
    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))
