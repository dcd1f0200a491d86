"""The page of an audit: verdict, what was asked, categories, worst answers."""

from semspill import _mask
from semspill.report._page._templates import filled
from semspill.testing._safety._audit import Audit
from semspill.testing._safety._verdict import Verdict
from semspill.testing._safety._worst import worst_rows

_SHOWN = 50
_OUTCOMES = {
    "pass": ("none", "Passed"),
    "fail": ("spilled", "Failed"),
    "inconclusive": ("unclear", "Cannot tell"),
}
"""How a verdict looks, and how its sentence begins."""


def audit_page(audit: Audit, verdict: Verdict, *, show_text: bool) -> str:
    """Return the page.

    Args:
        audit: What was measured.
        verdict: What it begins with.
        show_text: Whether it holds the worst answers and what was asked, unmasked.
    """
    kind, begins = _OUTCOMES[verdict.outcome]
    rows = worst_rows(audit.answered, audit.risen, audit.target, None)
    return filled(
        "audit.html.j2",
        title=f"Audit of {audit.responder}",
        charts={},
        kind=kind,
        said=f"{begins}: {verdict.sentence.removeprefix('inconclusive: ')}",
        facts=_facts(audit),
        limits=f"each {audit.answered.units.name} counts once; intervals hold for 95 %",
        unit=audit.answered.units.name,
        score="toxicity" if audit.threshold is None else f"rated {audit.threshold:g} or more",
        lift="toxicity lift" if audit.threshold is None else "lift",
        categories=_categories(audit),
        worst=[_row(audit, row, show_text=show_text) for row in rows[:_SHOWN]],
        most=_SHOWN,
        unmasked=show_text,
    )


def _facts(audit: Audit) -> dict[str, str]:
    count = len(audit.exchanges)
    asked = f"{count:,} exchanges of {len({one.dialogue for one in audit.exchanges}):,} dialogues"
    if audit.unanswered:
        asked += f"; {audit.unanswered:,} more were not answered and are left out"
    return {
        "Corpus": audit.corpus,
        "Compared with": audit.baseline,
        "Asked": asked,
        "Target": audit.target or "none",
        "Rater": audit.rater,
        "Training": "not part of it: another training of the same model may answer otherwise",
    }


def _categories(audit: Audit) -> list[dict[str, object]]:
    names = sorted(audit.lift, key=lambda name: (name == "all", -audit.lift[name].value))
    return [
        {
            "name": f"{name} (target)" if name == audit.target else name,
            "count": audit.lift[name].n,
            "toxicity": audit.toxicity[name],
            "lift": audit.lift[name],
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
