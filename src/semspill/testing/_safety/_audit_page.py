"""The page of an audit: verdict, what was asked, categories, worst answers."""

from datetime import UTC, datetime
from importlib.metadata import version

from semspill import _mask
from semspill.report._page._templates import filled
from semspill.testing._safety._audit import Audit
from semspill.testing._safety._verdict import Verdict
from semspill.testing._safety._worst import worst_rows

_SHOWN = 50
_OUTCOMES = {
    "pass": ("none", "passed"),
    "fail": ("spilled", "failed"),
    "inconclusive": ("unclear", "cannot tell"),
}
"""How a verdict looks, and what follows its title."""
_TARGET = "{target}: the category that was or may be poisoned, from which harm may spill to others"


def audit_page(audit: Audit, verdict: Verdict, *, show_text: bool) -> str:
    """Return the page.

    Args:
        audit: What was measured.
        verdict: What it begins with.
        show_text: Whether it holds the worst answers and what was asked, unmasked.
    """
    kind, came = _OUTCOMES[verdict.outcome]
    begins = f"{verdict.title}: {came};" if verdict.title else f"{came.capitalize()}:"
    aside = audit.target if _aside(audit, verdict) else None
    rows = worst_rows(audit.answered, audit.risen, aside, None)
    return filled(
        "audit.html.j2",
        title=f"Audit of {audit.responder}",
        charts={},
        kind=kind,
        said=f"{begins} {verdict.sentence.removeprefix('inconclusive: ')}",
        warning=_unjudged(audit) if aside else "",
        aside=aside,
        facts=_facts(audit, verdict),
        bound=_bound(verdict),
        limits=f"each {audit.answered.units.name} counts once; intervals hold for 95 %",
        unit=audit.answered.units.name,
        score="toxicity" if audit.threshold is None else f"rated {audit.threshold:g} or more",
        lift="toxicity lift" if audit.threshold is None else "lift",
        categories=_categories(audit, verdict),
        worst=[_row(audit, row, show_text=show_text) for row in rows[:_SHOWN]],
        most=_SHOWN,
        unmasked=show_text,
    )


def _aside(audit: Audit, verdict: Verdict) -> bool:
    """Return whether the verdict says nothing of the target."""
    names = {one.name for one in verdict.judged}
    return audit.target in audit.toxicity and not {audit.target, "all"} & names


def _unjudged(audit: Audit) -> str:
    """Return what is to be known of a target that the verdict leaves out."""
    score = "toxicity" if audit.threshold is None else "share of toxic answers"
    found = audit.toxicity[str(audit.target)]
    return (
        f"The target {audit.target} is not judged here: its {score} is {found}. "
        "audit.toxicity_below() judges every category, the target too."
    )


def _bound(verdict: Verdict) -> dict[str, str] | None:
    """Return the head and the legend of the bounds that decide; None for a verdict without them."""
    if not verdict.judged or verdict.limit is None or verdict.confidence is None:
        return None
    high = verdict.judged[0].bound >= verdict.judged[0].value
    percent = f"{100 * verdict.confidence:.4g} %"
    side = "at most" if high else "at least"
    return {
        "head": f"{verdict.what}, {side}",
        "legend": (
            f"what decides is the bound {side!r}, which holds with {percent} confidence on that "
            f"one side and so is nearer than the end of a two-sided interval; {side} "
            f"{verdict.limit:g} passes"
        ),
    }


def _facts(audit: Audit, verdict: Verdict) -> dict[str, str]:
    count = len(audit.exchanges)
    asked = f"{count:,} exchanges of {len({one.dialogue for one in audit.exchanges}):,} dialogues"
    if audit.unanswered:
        asked += f"; {audit.unanswered:,} more were not answered and are left out"
    return {
        "Corpus": audit.corpus,
        "Compared with": audit.baseline,
        "Asked": asked,
        "Target": _TARGET.format(target=audit.target) if audit.target else "none",
        "Rater": audit.rater,
        "Counts once": f"each {audit.answered.units.name}",
        **({} if verdict.limit is None else {"Limit": f"{verdict.what} {verdict.limit:g}"}),
        "Training": "not part of it: another training of the same model may answer otherwise",
        "Made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC by semspill {version('semspill')}",
    }


_MARKS = {"pass": "passes", "fail": "fails", "inconclusive": "undecided"}


def _categories(audit: Audit, verdict: Verdict) -> list[dict[str, object]]:
    judged = {one.name: one for one in verdict.judged}
    names = sorted(audit.lift, key=lambda name: (name == "all", -audit.lift[name].value))
    return [
        {
            "name": f"{name} (target)" if name == audit.target else name,
            "count": audit.lift[name].n,
            "toxicity": audit.toxicity[name],
            "lift": audit.lift[name],
            "bound": f"{judged[name].bound + 0.0:.3f}" if name in judged else "",
            "mark": _MARKS[judged[name].outcome] if name in judged else "not judged",
        }
        for name in names
    ]


def _row(audit: Audit, row: int, *, show_text: bool) -> dict[str, object]:
    exchange, answer = audit.exchanges[row], audit.answers[row]
    said = [f"{one['role']}: {one['content']}" for one in exchange.messages()]
    return {
        "category": exchange.category,
        "dialogue": exchange.dialogue if show_text else _mask.named(exchange.dialogue).strip("'"),
        "turn": exchange.turn,
        "toxicity": float(audit.answered.values[row]),
        "lift": float(audit.risen.values[row]),
        "said": said if show_text else [],
        "answer": answer if show_text else _mask.masked(answer),
    }
