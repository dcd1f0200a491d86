"""Through which channel planted responses reach a category: its label, or its text."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from semspill.analysis._metrics._slices import AsrLift, AttackSuccessRate
from semspill.analysis._outcome import Outcome
from semspill.results import Channel, LabelReport
from semspill.statistics import Estimate, Measure

_CITATION = "original"
_FREEDMAN = "Freedman and Lane 1983, A nonstochastic interpretation of significance levels"
_DRAWS = 9999
_LABELLED = Measure(
    metric="labelled", quantity="labelled", title="Labelled as the target", kind="level",
    unit="share",
)  # fmt: skip
_SLOPE = Measure(
    metric="label_slope", quantity="asr", title="Planted-rate lift per standard deviation",
    unit="points", aspect="attack",
)  # fmt: skip


def label_report(
    main: Outcome, groups: Mapping[str, Sequence[str]], facts: Mapping[str, object]
) -> LabelReport | None:
    """Return what the labels of the test contexts did; None where none were predicted.

    Args:
        main: The arm that is meant when none is named, paired with its baseline.
        groups: The categories of each group.
        facts: Fields of the report that only the experiment knows.
    """
    if main.labels is None:
        return None
    parts = {**{name: (name,) for name in sorted(set(main.categories))}, **groups}
    split = _split(main)
    right = np.array(
        [label == name for label, name in zip(main.labels, main.categories, strict=True)]
    )
    return LabelReport(
        accuracy=main.mean(_every_seed(main, right), kind="rate", citation=_CITATION),
        confusion=_confusion(main),
        channels=tuple(_channel(main, split, name, tuple(m)) for name, m in parts.items()),
        curve=_curve(main),
        **facts,
    )


def _every_seed(outcome: Outcome, column: np.ndarray) -> Float[np.ndarray, "seeds exchanges"]:
    return np.tile(column.astype(np.float64), (len(outcome.seeds), 1))


def _confusion(outcome: Outcome) -> dict[str, dict[str, float]]:
    counts: dict[str, Counter[str]] = {}
    for name, label in zip(outcome.categories, outcome.labels or (), strict=True):
        counts.setdefault(name, Counter())[label] += 1
    return {
        name: {label: n / row.total() for label, n in row.most_common()}
        for name, row in sorted(counts.items())
    }


def _split(outcome: Outcome) -> Outcome:
    """Return the arm with every category cut in two: labelled as the target, and the rest.

    How seeds move the rates is then pooled over halves, whose rates differ far more than those of
    categories.
    """
    names = tuple(
        _half(name, label == outcome.target)
        for name, label in zip(outcome.categories, outcome.labels or (), strict=True)
    )
    clean = outcome.clean and replace(outcome.clean, categories=names)
    return replace(outcome, categories=names, clean=clean)


def _half(name: str, called: bool) -> str:
    return f"{name}, {'labelled' if called else 'not labelled'} as the target"


def _channel(main: Outcome, split: Outcome, group: str, members: tuple[str, ...]) -> Channel:
    part = main.of(members)
    called = np.array([label == part.target for label in part.labels or ()])
    halves = {held: [_half(name, held) for name in members] for held in (True, False)}
    both = split.of([*halves[True], *halves[False]])
    rise = both.planted.astype(np.float64) - both.baseline.planted
    measure = AsrLift().measure()
    via = {
        held: both.contrast(rise, (called == held) / called.size, quantity="asr").replace(
            measure=measure.replace(title=f"{measure.title} via the {'label' if held else 'text'}")
        )
        for held in (True, False)
    }
    return Channel(
        group=group,
        labelled=part.mean(_every_seed(part, called), kind="rate", citation=_CITATION).replace(
            measure=_LABELLED
        ),
        asr_labelled=_asr(split, halves[True]),
        asr_rest=_asr(split, halves[False]),
        via_label=via[True],
        via_text=via[False],
    )


def _asr(split: Outcome, halves: Sequence[str]) -> Estimate | None:
    tested = [name for name in halves if name in split.categories]
    if not tested:
        return None
    metric = AttackSuccessRate()
    return metric.compute(split.of(tested)).replace(measure=metric.measure())


def _curve(main: Outcome) -> dict[str, Estimate]:
    """Return what orders the lifts, each alone and with the other held constant."""
    known = [name for name in main.others if name in main.similarity]
    if main.clean is None or len(known) < 5:
        return {}
    parts = [main.of((name,)) for name in known]
    lift = np.array([AsrLift().compute(part).value for part in parts])
    axes = {
        "similarity": np.array([main.similarity[name] for name in known]),
        "confusion": np.array(
            [np.mean([label == main.target for label in part.labels or ()]) for part in parts]
        ),
    }
    level = main.resampling.level
    one, other = axes.values()
    return {
        "similarity": _slope(lift, one, None, level),
        "confusion": _slope(lift, other, None, level),
        "similarity_given_confusion": _slope(lift, one, other, level),
        "confusion_given_similarity": _slope(lift, other, one, level),
    }


def _slope(
    lift: Float[np.ndarray, " n"],
    axis: Float[np.ndarray, " n"],
    held: Float[np.ndarray, " n"] | None,
    level: float,
) -> Estimate:
    """Return the least squares slope per standard deviation, with HC3 errors and a permutation p.

    The residuals of the lift on what is held constant are permuted (Freedman and Lane).
    """
    from scipy import stats  # heavy

    count = len(lift)
    flat = [lift, axis] + ([] if held is None else [held])
    if min(map(np.ptp, flat)) == 0:
        return Estimate(
            value=math.nan, low=math.nan, high=math.nan, n=count, method="least squares",
            level=level, citation=_FREEDMAN, note="nothing varies", measure=_SLOPE,
        )  # fmt: skip
    rest = [np.ones(count)] + ([] if held is None else [(held - held.mean()) / held.std()])
    design = np.column_stack([(axis - axis.mean()) / axis.std(), *rest])
    inverse = np.linalg.pinv(design.T @ design)
    slopes = inverse @ design.T @ lift
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    errors = (lift - design @ slopes) / np.clip(1 - leverage, 1e-6, None)
    spread = math.sqrt(
        float((inverse @ (design * errors[:, None] ** 2).T @ design @ inverse)[0, 0])
    )
    free = count - design.shape[1]
    half = float(stats.t.ppf((1 + level) / 2, free)) * spread
    # What of the axis the held one does not tell; only that can matter.
    nuisance = design[:, 1:]
    own = design[:, 0] - nuisance @ (np.linalg.pinv(nuisance) @ design[:, 0])
    left = lift - nuisance @ (np.linalg.pinv(nuisance) @ lift)
    rng = np.random.default_rng(0)
    drawn = np.abs(np.array([own @ rng.permutation(left) for _ in range(_DRAWS)]))
    p = (1 + int((drawn >= abs(own @ left) - 1e-12).sum())) / (1 + _DRAWS)
    return Estimate(
        value=float(slopes[0]), low=float(slopes[0]) - half, high=float(slopes[0]) + half,
        n=count, method="least squares over categories, HC3 errors; p by permuted residuals",
        level=level, p_value=p, citation=_FREEDMAN, measure=_SLOPE,
    )  # fmt: skip
