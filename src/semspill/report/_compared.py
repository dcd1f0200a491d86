"""A comparison in sentences and tables: which run is better, and how sure that is."""

import math
from collections.abc import Sequence
from typing import Literal

from semspill.report._phrases import joined, listing
from semspill.report._table import in_percent, literal, p_text, short_p, table
from semspill.results import Comparison, Difference, Role

NOUNS = {
    "asr": "planted rate",
    "asr_lift": "planted-rate lift",
    "toxicity": "toxicity",
    "lift": "toxicity lift",
    "precision": "P@1",
}
"""What each metric is called in a sentence."""
UNLIKE = ("the target", "its nearest neighbour", "all but the target")
"""Names of groups where targets differ."""
_NAMED = 5
"""Most categories that a sentence names."""
GROUPS: tuple[Role, ...] = ("target", "nearest", "rest", "all")
"""Groups in the order in which they are shown."""
_ROWS: tuple[tuple[str, Role], ...] = (
    ("asr", "target"),
    ("asr", "nearest"),
    ("asr", "rest"),
    ("lift", "target"),
    ("lift", "rest"),
    ("precision", "all"),
)
"""What a small table shows."""


def sentences(comparison: Comparison) -> tuple[str, ...]:
    """Return what a reader should know of a comparison, the most important first.

    Args:
        comparison: A `Comparison`.
    """
    brief = len(comparison.runs) > 1
    said = [line for run in comparison.runs for line in _on(comparison, run, brief=brief)]
    return (*filter(None, said), *_unpaired(comparison))


def kind(comparison: Comparison) -> Literal["less", "more", "unclear"]:
    """Return whether the first run spills over less than the baseline, more, or cannot tell.

    Args:
        comparison: A `Comparison`.
    """
    one = _main(comparison, comparison.runs[0])
    if one is None or not one.significant:
        return "unclear"
    return "less" if one.estimate.value < 0 else "more"


def _on(comparison: Comparison, run: str, *, brief: bool) -> list[str]:
    """Return the sentences on one run; of one of several, on spillover and utility alone."""
    main = _main(comparison, run)
    head = "" if main is None else _headline(comparison, main)
    lines = [head, _categories(comparison, run, brief=brief)]
    if not brief:
        rated = "lift" if comparison.of(run, "lift") else "toxicity"
        for role in ("target", "rest"):
            every = [comparison.of(run, metric, role) for metric in ("asr", rated)]
            told = [one for found in every for one in found if one != main]
            lines.append(_together(comparison, told))
    lines.append(_together(comparison, comparison.of(run, "precision", "all"), missed=True))
    return lines


def _main(comparison: Comparison, run: str) -> Difference | None:
    """Return the difference that tells which run spills over less."""
    found = [comparison.of(run, metric, "rest") for metric in ("asr", "lift")]
    return next((one for each in found for one in each), None)


def _headline(comparison: Comparison, one: Difference) -> str:
    """Say whether a run spills over less than the baseline."""
    names = f"*{literal(one.run)}*", f"*{literal(comparison.baseline)}*"
    pairing = comparison.pairings[one.run]
    seeds = f"{len(pairing.baseline_seeds)} and {len(pairing.seeds)} seeds"
    if pairing.by == "seed":
        seeds = "one seed" if len(pairing.seeds) == 1 else f"{len(pairing.seeds)} seeds"
    said = (
        f"{_where(one)} {_change(comparison, one)} ({pairing}, {seeds}, {one.estimate.n} dialogues)"
    )
    if one.significant:
        less = "less" if one.estimate.value < 0 else "more"
        return f"{names[0]} spills over {less} than {names[1]}: {said}."
    return (
        f"{names[0]} and {names[1]}: no significant difference in spillover; {said}{_missed(one)}."
    )


def _categories(comparison: Comparison, run: str, *, brief: bool) -> str:
    """Say in which categories the planted rate differs, corrected for all of them."""
    target = {one.name for one in comparison.of(run, "asr", "target")}
    every = [one for one in comparison.of(run, "asr", "category") if one.name not in target]
    if not every:
        return ""
    differ = sorted(
        (one for one in every if one.significant), key=lambda one: -abs(one.estimate.value)
    )
    corrected = f"after Holm's correction over {len(every) * len(comparison.runs)}"
    if not differ:
        most = max(one.missed for one in every)
        said = f"No single category differs significantly in planted rate {corrected}"
        return "" if brief else f"{said}; up to {_points(most)} in one would have been missed."
    shown = [
        f"in *{literal(one.name)}* {_size(one)}, p {short_p(one.estimate.p_holm)}"
        for one in differ[:_NAMED]
    ]
    more = [f"{len(differ) - _NAMED} more"] if len(differ) > _NAMED else []
    return f"The planted rate of *{literal(run)}* differs {joined(shown + more)} ({corrected})."


def _together(comparison: Comparison, found: Sequence[Difference], *, missed: bool = False) -> str:
    """Say of one group by how much one quantity or two differ."""
    if not found:
        return ""
    said = [
        f"{_change(comparison, one)}{'' if one.significant else ', not significant'}"
        f"{_missed(one) if missed and not one.significant else ''}"
        for one in found
    ]
    text = f"{_where(found[0])} {'; '.join(said)}."
    return f"{text[0].upper()}{text[1:]}"


def _where(one: Difference) -> str:
    alike = one.name not in UNLIKE
    if one.role == "all":
        return "over all exchanges"
    if one.role == "rest":
        return "outside the target" if alike else "outside their targets"
    return f"in the target *{literal(one.name)}*" if alike else "in their targets"


def _change(comparison: Comparison, one: Difference) -> str:
    """Say by how much a quantity is lower or higher in a run, with interval and p."""
    runs = len(comparison.runs)
    p_value, corrected = one.estimate.p_value, ""
    if runs > 1:
        p_value, corrected = one.estimate.p_holm, f" (corrected for {runs} runs)"
    noun = NOUNS[one.metric]
    noun = noun if one.metric == "precision" else f"the {noun}"
    where = f"in *{literal(one.run)}* than in *{literal(comparison.baseline)}*"
    size = _size(one).replace(" [", f" {where} [")
    return f"{noun} is {size}, p {short_p(p_value)}{corrected}"


def _size(one: Difference) -> str:
    """Return a difference as a size and a way, the interval of a fall the other way round."""
    value, low, high = one.estimate.value, one.estimate.low, one.estimate.high
    if value < 0:
        value, low, high = -value, -high, -low
    # Adding 0 turns a rounded -0.0 into 0.0.
    ends = [round(100 * end, 1) + 0.0 for end in (low, high)]
    way = "lower" if one.estimate.value < 0 else "higher"
    return f"{_points(value)} {way} [{ends[0]:.1f}, {ends[1]:.1f}]"


def _points(share: float) -> str:
    points = f"{100 * share:.1f}"
    return f"{points} point{'' if points == '1.0' else 's'}"


def _missed(one: Difference) -> str:
    return f"; up to {_points(one.missed)} would have been missed"


def _unpaired(comparison: Comparison) -> list[str]:
    """Say what was not paired or not compared, and why."""
    lines = []
    for run, pairing in comparison.pairings.items():
        name, baseline = f"*{literal(run)}*", f"*{literal(comparison.baseline)}*"
        if pairing.by != "seed":
            lines.append(f"{name} and {baseline} are {pairing}, because {pairing.why}.")
        elif pairing.why:
            lines.append(f"Of {name} and {baseline} {pairing.why}; other seeds are left out.")
        if 1 in (len(pairing.seeds), len(pairing.baseline_seeds)):
            lines.append(f"{name} and {baseline}: one seed does not cover training noise.")
        for why in dict.fromkeys(pairing.left_out.values()):
            what = [NOUNS[key] for key, said in pairing.left_out.items() if said == why]
            lines.append(
                f"{name} and {baseline} are not compared in {listing(what)}, because {why}."
            )
    return lines


def small_rows(comparison: Comparison) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the head and the rows of a small table, plain text: the main groups of each run.

    Args:
        comparison: A `Comparison`.
    """
    several = len(comparison.runs) > 1
    rows = []
    for metric, role in _ROWS:
        for run in comparison.runs:
            for one in comparison.of(run, metric, role):
                what = f"{NOUNS[metric]}, {one.name}"
                p_value = one.estimate.p_holm if several else one.estimate.p_value
                cells = (_percent(one.before), _percent(one.after), in_percent(one.estimate))
                rows.append((what, *((run,) * several), *cells, p_text(p_value)))
    after = "run" if several else comparison.runs[0]
    return ("in %", *(("run",) * several), comparison.baseline, after, "difference", "p"), rows


def difference_table(comparison: Comparison, *roles: Role) -> str:
    """Return the differences of every metric in groups, or categories, as a markdown table.

    Args:
        comparison: A `Comparison`.
        roles: Which groups; categories by `category`.
    """
    several = len(comparison.runs) > 1
    rows = [
        [NOUNS[metric], literal(one.name), *([literal(one.run)] if several else []), *_cells(one)]
        for metric in NOUNS
        for one in comparison.differences
        if one.metric == metric and one.role in roles
    ]
    after = "run" if several else literal(comparison.runs[0])
    head = ["in %", "in", *(["run"] if several else []), literal(comparison.baseline), after]
    return table([*head, "difference", "p", "p, Holm"], rows) if rows else ""


def _cells(one: Difference) -> list[str]:
    estimate = one.estimate
    cells = [_percent(one.before), _percent(one.after), in_percent(estimate)]
    return [*cells, p_text(estimate.p_value), p_text(estimate.p_holm)]


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{100 * share + 0.0:.1f}"
