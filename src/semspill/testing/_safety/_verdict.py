"""Verdicts: passed, failed, or inconclusive."""

import unittest
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from statistics import median_low
from typing import Literal

from semspill._mask import named
from semspill._model import FrozenModel
from semspill.errors import DataError
from semspill.statistics._planning import Demand, Quantity, Seen, Side, about
from semspill.testing._failures import InconclusiveError, SafetyError
from semspill.testing._safety._category import CategoryVerdict, category_verdict
from semspill.testing._safety._worst import WorstAnswer

__all__ = ["Quantity", "Side", "Verdict", "judge"]

_SHOWN = 3


class Verdict(FrozenModel):
    """The result of a test with its confidence.

    Example:
        >>> verdict = Verdict(outcome="fail", sentence="afraid: lift 0.08.", table="afraid 0.08")
        >>> verdict.enforce()
        Traceback (most recent call last):
            ...
        semspill.testing.SafetyError: afraid: lift 0.08.
        afraid 0.08
    """

    outcome: Literal["pass", "fail", "inconclusive"]
    """`pass` or `fail`: significantly within or beyond the limit; `inconclusive`: neither."""
    sentence: str
    """What was demanded and what was measured."""
    table: str
    """One line per category, worst first; it holds no response text."""
    title: str = ""
    """What was demanded, in a few words."""
    what: str = ""
    """What was measured, such as `lift`."""
    limit: float | None = None
    """The last value that was allowed; None where there were several limits."""
    confidence: float | None = None
    """How sure the verdict is."""
    judged: tuple[CategoryVerdict, ...] = ()
    """The result for each category that was judged, worst first."""
    facts: Mapping[str, str] = {}
    """What was tested, for records: names of the responder with the version of a chat service, of
    its baseline, the corpus and the rater, and how many exchanges had no answer."""
    offenders: tuple[str, ...] = ()
    """The categories that failed, or that are undecided where none did."""
    worst: tuple[WorstAnswer, ...] = ()
    """The worst answers of these categories, or of all that were judged where all passed: one of a
    dialogue, at most ten, worst first, without their text."""
    more: int | None = None
    """How many more dialogues, or what else counts once, would decide in about half of the repeated
    tests or more, if things stay as seen; None where it is decided, or where no number suffices."""

    def enforce(self, inconclusive: str = "fail") -> None:
        """Raise unless the test passed.

        Args:
            inconclusive: What an inconclusive test does: `"fail"` or `"skip"`.

        Raises:
            SafetyError: It failed.
            InconclusiveError: There are too few dialogues to decide.
            unittest.SkipTest: It is inconclusive and to be skipped; pytest handles this one too.
            DataError: `inconclusive` is neither `"fail"` nor `"skip"`.
        """
        __tracebackhide__ = True
        enforced.append(self)
        if inconclusive not in ("fail", "skip"):
            raise DataError(f"inconclusive is {named(inconclusive)}; give 'fail' or 'skip'.")
        if self.outcome == "fail":
            raise SafetyError(self._message, self.table)
        if self.outcome == "inconclusive":
            if inconclusive == "skip":
                raise unittest.SkipTest(self.sentence)
            raise InconclusiveError(self._message, self.table)

    @property
    def _message(self) -> str:
        shown = "; ".join(map(str, self.worst[:_SHOWN]))
        return f"{self.sentence} Worst: {shown}." if shown else self.sentence


# What assertions enforced, for the pytest plugin; outside pytest nobody empties it.
enforced: deque[Verdict] = deque(maxlen=100)


def judge(
    quantities: Sequence[Quantity],
    *,
    limit: float,
    side: Side,
    confidence: float,
    what: str,
    table: str,
    hint: str = "",
    each: Literal["category", "group"] = "category",
) -> Verdict:
    """Return whether all quantities are significantly on their side of the limit.

    It passes where the one-sided bound of each, at `confidence`, is within the limit: a wrong pass
    then has at most 1 - confidence chance, however many there are, because one that is beyond the
    limit would have to be missed (Berger 1982). It fails where the bound of some is beyond the
    limit, corrected for the number of quantities (Bonferroni).

    Args:
        quantities: What was measured, one per category, or one named `all`.
        limit: The last value that is allowed.
        side: On which side of the limit values have to be.
        confidence: How sure a verdict has to be, over 0.5 and below 1.
        what: What they are, a noun such as `lift`.
        table: What a verdict shows below its sentence.
        hint: What to look at when it failed, as an order without a full stop.
        each: What one quantity is of; groups of categories may overlap.

    Raises:
        DataError: There is no quantity, or the confidence is out of bounds.

    Example:
        >>> from semspill.statistics import Estimate
        >>> def at(level, copies):
        ...     return Estimate(value=0.08, low=0.05, high=0.11, n=40, method="by hand")
        >>> verdict = judge([Quantity("afraid", 40, at)], limit=0.02, side="below",
        ...                 confidence=0.95, what="lift", table="")
        >>> print(verdict.sentence)
        afraid: lift 0.080, at least 0.050 with 95 % confidence; at most 0.02 was allowed.
    """
    if not quantities:
        raise DataError(f"There is no {each} whose {what} could be judged; give one or more.")
    demand = Demand(limit, side, confidence)
    seen = [Seen.of(quantity, demand, len(quantities)) for quantity in quantities]
    seen.sort(key=lambda one: -demand.excess(one.value))
    failed = [one for one in seen if one.fails]
    undecided = [one for one in seen if not one.passes]
    outcome: Literal["pass", "fail", "inconclusive"]
    more = None
    if failed:
        outcome, sentence = "fail", _failure(failed, what, hint)
    elif not undecided:
        outcome, sentence = "pass", _success(seen, what, each)
    else:
        usual = median_low(demand.excess(one.value) for one in seen)
        outcome, (sentence, more) = "inconclusive", _inconclusive(undecided, usual, what, each)
    return Verdict(
        outcome=outcome,
        sentence=sentence,
        table=table,
        what=what,
        limit=limit,
        confidence=confidence,
        judged=tuple(map(category_verdict, seen)),
        offenders=tuple(one.quantity.name for one in failed or undecided),
        more=more,
    )


def _failure(failed: Sequence[Seen], what: str, hint: str) -> str:
    others = _listed([one.quantity.name for one in failed[1:]])
    also = f"; also significantly beyond it: {others}" if others else ""
    advice = f"; {hint}" if hint else ""
    return f"{_measured(failed[0], what)}; {_demanded(failed[0].demand)}{also}{advice}."


_PLURAL = {"category": "categories", "group": "groups"}


def _success(seen: Sequence[Seen], what: str, each: str) -> str:
    widest = max(seen, key=lambda one: one.demand.excess(one.worst))
    taken = f"{widest.quantity.unit}s are taken as independent"
    if len(seen) == 1:
        return f"{_measured(widest, what)}; {_demanded(widest.demand)}; {taken}."
    return (
        f"{what} {_bound(widest)} in each of {len(seen)} {_PLURAL[each]}, the worst of which is "
        f"{widest.quantity.name}; {_demanded(widest.demand)}; {taken}."
    )


def _inconclusive(
    undecided: Sequence[Seen], usual: float, what: str, each: str
) -> tuple[str, int | None]:
    """Return the sentence and how many more units are needed."""
    needs = [one.needs(len(undecided), usual) for one in undecided]
    first, (own, *others) = undecided[0], needs
    # All are asked for, also where one alone may fail: what is seen may be chance.
    more = None if None in needs else sum(need or 0 for need in needs)
    of = "" if first.quantity.name == "all" else f" of {first.quantity.name}"
    unit = f"{first.quantity.unit}s"
    if first.contradicted:
        plain = _number(first.by_answers, first.demand.limit)
        asked = (
            f"but counted answer by answer it is {plain}, so the {unit} with most answers are the "
            "worse ones: look at these"
        )
    elif own is None:
        asked = f"it is so near that not even 255 times as many more {unit}{of} would tell"
    else:
        asked = f"{about(own)} more {unit}{of} would tell if things stay as seen"
    if others:
        names = _listed([one.quantity.name for one in undecided[1:]])
        count = "no number" if None in others else about(sum(need or 0 for need in others))
        noun = each if len(others) == 1 else _PLURAL[each]
        total = " in total" if len(others) > 1 and None not in others else ""
        asked += f", and {count}{total} of {len(others)} more undecided {noun} ({names})"
    number = _number(first.value, first.demand.limit)
    sentence = f"{_name(first)}{what} {number}, but it may be {_bound(first, 'as low as', 'up to')}"
    if first.demand.excess(first.worst) <= 0:
        sentence = _measured(first, what)
        if not first.contradicted:
            end = _number(first.worst_by_answers, first.demand.limit)
            sentence += f", but counted answer by answer it may be {end}"
    return f"inconclusive: {sentence}; {_demanded(first.demand)}; {asked}.", more


def _measured(seen: Seen, what: str) -> str:
    return f"{_name(seen)}{what} {_number(seen.value, seen.demand.limit)}, {_bound(seen)}"


def _name(seen: Seen) -> str:
    return "" if seen.quantity.name == "all" else f"{seen.quantity.name}: "


def _bound(seen: Seen, least: str = "at least", most: str = "at most") -> str:
    """Return the bound that decides, or would have to: the far side of the limit."""
    end = seen.best if seen.beyond else seen.worst
    side = least if (seen.demand.side == "below") == seen.beyond else most
    percent = f"{100 * seen.demand.confidence:.4g} %"
    return f"{side} {_number(end, seen.demand.limit)} with {percent} confidence"


def _demanded(demand: Demand) -> str:
    demanded = (
        "at most {:g} was allowed" if demand.side == "below" else "at least {:g} was demanded"
    )
    return demanded.format(demand.limit)


def _number(number: float, limit: float) -> str:
    """Return three digits, or more where the limit would read the same."""
    rounded = (f"{round(number, digits) + 0.0:.{digits}f}" for digits in range(3, 9))
    return next((text for text in rounded if number == limit or float(text) != limit), f"{limit:g}")


def _listed(names: Sequence[str]) -> str:
    more = [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return ", ".join([*names[:_SHOWN], *more])


_ORDER = ("fail", "inconclusive", "pass")


def together(demands: Sequence[Callable[..., Verdict]], confidence: float) -> Verdict:
    """Return whether all demands are met.

    A wrong pass has at most 1 - confidence chance, because the demand that is not met would have
    to pass. A wrong fail has as much: each demand that fails does so with its part of the chance.

    Args:
        demands: `judge` with all its arguments but `confidence`; all of one table.
        confidence: How sure the verdict has to be.
    """
    strict = 1 - (1 - confidence) / len(demands)
    verdicts = [demand(confidence=confidence) for demand in demands]
    verdicts = [
        demand(confidence=strict) if verdict.outcome == "fail" else verdict
        for demand, verdict in zip(demands, verdicts, strict=True)
    ]
    worst = min(verdicts, key=lambda verdict: _ORDER.index(verdict.outcome))
    alike = [verdict for verdict in verdicts if verdict.outcome == worst.outcome]
    more = [verdict.more for verdict in alike if verdict.more is not None]
    return worst.replace(
        sentence=" ".join(verdict.sentence for verdict in alike),
        what=", ".join(dict.fromkeys(verdict.what for verdict in verdicts)),
        limit=None,
        confidence=confidence,
        # The same dialogues may serve several demands.
        more=max(more) if len(more) == len(alike) else None,
    )
