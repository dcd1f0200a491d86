"""A comparison in sentences: which run is better, and how sure that is."""

from collections.abc import Collection, Sequence
from typing import Literal

from semspill.report._phrases import joined, listing
from semspill.report._table import literal, short_p
from semspill.results import Comparison, Difference

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
UNSEEN = "bound by what was not seen"
"""Why a difference has no p-value below 1 at any level."""
_SAME = 1e-9  # a smaller difference is rounding
_NAMED = 5
"""Most categories that a sentence names."""


def bound(one: Difference) -> bool:
    """Return whether a p-value of 1 says only that what was not seen may outweigh a difference.

    Args:
        one: The difference; where it is 0, a p-value of 1 means what it says.
    """
    return one.estimate.p_value == 1.0 and abs(one.estimate.value) > _SAME


def sentences(comparison: Comparison) -> tuple[str, ...]:
    """Return what a reader should know of a comparison, the most important first.

    Args:
        comparison: A `Comparison`.
    """
    brief = len(comparison.runs) > 1
    said = [line for run in comparison.runs for line in _on(comparison, run, brief=brief)]
    return (*filter(None, said), *_unpaired(comparison))


def kind(comparison: Comparison) -> Literal["less", "more", "unclear"]:
    """Return whether the first run spills over less than the baseline, or more; else `unclear`.

    Args:
        comparison: A `Comparison`.
    """
    ways = {
        one.estimate.value < 0 for one in _judged(comparison, comparison.runs[0]) if one.significant
    }
    if len(ways) != 1:
        return "unclear"
    return "less" if ways.pop() else "more"


def _on(comparison: Comparison, run: str, *, brief: bool) -> list[str]:
    """Return the sentences on one run; of one of several, on spillover and utility alone."""
    judged = _judged(comparison, run)
    lines = [_headline(comparison, judged), _categories(comparison, run, brief=brief)]
    if not brief:
        rated = "lift" if comparison.of(run, "lift") else "toxicity"
        for role in ("target", "rest"):
            every = [comparison.of(run, metric, role) for metric in ("asr", rated)]
            told = [one for found in every for one in found if one not in judged]
            lines.append(_together(comparison, told))
    lines.append(_together(comparison, comparison.of(run, "precision", "all"), missed=True))
    return lines


def _judged(comparison: Comparison, run: str) -> list[Difference]:
    """Return the differences that tell which run spills over less, significant ones first."""
    found = [comparison.of(run, metric, "rest", "nearest") for metric in ("asr", "lift")]
    judged = next((each for each in found if each), ())
    return sorted(judged, key=lambda one: (not one.significant, one.role != "rest"))


def _headline(comparison: Comparison, judged: Sequence[Difference]) -> str:
    """Say whether a run spills over less than the baseline."""
    if not judged:
        return ""
    run, baseline = f"*{literal(judged[0].run)}*", f"*{literal(comparison.baseline)}*"
    pairing = comparison.pairings[judged[0].run]
    seeds = f"{len(pairing.baseline_seeds)} and {len(pairing.seeds)} seeds"
    if pairing.by == "seed":
        seeds = "one seed" if len(pairing.seeds) == 1 else f"{len(pairing.seeds)} seeds"
    ways = _ways(judged)
    less = "less" if ways == {True} else "more" if ways == {False} else "otherwise"
    verdict = f"{run} spills over {less} than {baseline}"
    if not ways:
        verdict = f"No significant difference in spillover between {run} and {baseline}"
    noun, of = _noun(judged[0]), f"in {run} than in {baseline}"
    said = [f"{_where(one)} {size(one)}, {_p(one)}{_unsure(one, ways)}" for one in judged]
    said[0] = said[0].replace(_where(judged[0]), f"{_where(judged[0])} {noun} is", 1)
    said[0] = said[0].replace(" [", f" {of} [", 1)
    how = f"{pairing}, {seeds}, {pairing.dialogues} dialogues"
    return f"{verdict}: {'; '.join(said)} ({how})."


def _ways(judged: Sequence[Difference]) -> set[bool]:
    """Return whether what differs significantly fell: nothing, one answer, or both."""
    return {one.estimate.value < 0 for one in judged if one.significant}


def _unsure(one: Difference, ways: Collection[bool]) -> str:
    """Return what to add of a difference that is not significant."""
    if one.significant:
        return ""
    missed = _missed(one) if one.role == "rest" else ""
    return ", not significant" if ways else missed


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
        f"in *{literal(one.name)}* {size(one)}, p {short_p(one.estimate.p_holm)}"
        for one in differ[:_NAMED]
    ]
    more = [f"{len(differ) - _NAMED} more"] if len(differ) > _NAMED else []
    return f"The planted rate of *{literal(run)}* differs {joined(shown + more)} ({corrected})."


def _together(comparison: Comparison, found: Sequence[Difference], *, missed: bool = False) -> str:
    """Say of one group by how much one quantity or two differ."""
    said = []
    for one in found:
        of = f"in *{literal(one.run)}* than in *{literal(comparison.baseline)}*"
        change = size(one).replace(" [", f" {of} [", 1) if one is found[0] else size(one)
        unsure = "" if one.significant else ", not significant"
        unsure += _missed(one) if missed and unsure else ""
        said.append(f"{_noun(one)} is {change}, {_p(one)}{unsure}")
    text = f"{_where(found[0])} {'; '.join(said)}." if found else ""
    return f"{text[:1].upper()}{text[1:]}"


def _noun(one: Difference) -> str:
    return NOUNS[one.metric] if one.metric == "precision" else f"the {NOUNS[one.metric]}"


def _where(one: Difference) -> str:
    alike = one.name not in UNLIKE
    if one.role == "all":
        return "over all exchanges"
    if one.role == "rest":
        return "outside the target" if alike else "outside their targets"
    kind = {"target": "the target", "nearest": "the nearest neighbour"}[one.role]
    return f"in {kind} *{literal(one.name)}*" if alike else f"in {kind} of each"


def _p(one: Difference) -> str:
    """Return the p-value, corrected where more than one test was made."""
    p_value, corrected = one.estimate.p_value, one.estimate.p_holm
    if bound(one):
        return f"n.s. ({UNSEEN})"
    if corrected is None or corrected == p_value:
        return f"p {short_p(p_value)}"
    return f"p {short_p(corrected)} (Holm)"


def size(one: Difference) -> str:
    """Return a difference as a size and a way, its interval in words, low end first."""
    estimate = one.estimate
    way = "lower" if estimate.value < 0 else "higher"
    return f"{_points(abs(estimate.value))} {way} [{_range(estimate.low, estimate.high)}]"


def _range(low: float, high: float) -> str:
    """Return both ends of an interval in points, each with its way."""
    ends = [round(100 * end, 1) + 0.0 for end in (low, high)]  # adding 0 turns -0.0 into 0.0
    ways = ["lower" if end < 0 else "higher" if end > 0 else "" for end in ends]
    if ways[0] == ways[1] or not ways[0]:
        ways[0] = ""
    first, last = (f"{abs(end):.1f} {way}".strip() for end, way in zip(ends, ways, strict=True))
    return f"{first} to {last}"


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
