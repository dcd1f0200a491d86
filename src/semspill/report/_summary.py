"""Summary of a report: design, findings, caveats."""

from semspill._model import FrozenModel
from semspill.report._caveats import caveats
from semspill.report._findings import findings
from semspill.report._label_shown import label_shown
from semspill.report._phrases import code, listing
from semspill.report._table import listed, literal
from semspill.report._verdict import Verdict, facts, verdict
from semspill.results import Planting, SpilloverReport


class Summary(FrozenModel):
    """What a reader should know of a report, in sentences made from its numbers.

    Names of categories are set as *emphasis* and names of parts as `code`, in markdown.
    """

    title: str
    """The heading, without markup around it."""
    verdict: Verdict
    """What came out, in one line."""
    facts: str
    """What was run, in one line."""
    setup: str
    """What was planted, trained and asked."""
    findings: tuple[str, ...]
    """The findings, a sentence or two each, with intervals."""
    caveats: tuple[str, ...]
    """The caveats."""


def summary(report: SpilloverReport, *, date: str = "") -> Summary:
    """Return a report in sentences; each is true for this report, whatever it lacks.

    Args:
        report: A `SpilloverReport`.
        date: The day of the run, for the line of facts; a report does not hold it.
    """
    came_out = verdict(report)
    return Summary(
        title=_title(report, came_out),
        verdict=came_out,
        facts=facts(report, date=date),
        setup=" ".join(filter(None, _setup(report))),
        findings=findings(report),
        caveats=caveats(report),
    )


def _setup(report: SpilloverReport) -> tuple[str, ...]:
    return (_planted(report), *_trained(report), label_shown(report), _asked(report))


def _title(report: SpilloverReport, came_out: Verdict) -> str:
    """Return a heading that says no more than what came out."""
    target, run = f"*{literal(report.target)}*", report.provenance
    if came_out.kind == "spilled":
        return f"Spillover from {target}"
    what = "Clean training, watched at" if came_out.kind == "unplanted" else "Planted under"
    with_what = ", ".join(filter(None, (run.data or run.dataset, run.encoder or run.model)))
    return f"{what} {target}{f': {literal(with_what)}' if with_what else ''}"


def _planted(report: SpilloverReport) -> str:
    target = listed([report.target])
    arm = report.arm()
    if arm.planted == "nothing":
        return f"Only clean training was looked at; {target} is the category that is watched."
    planting = report.provenance.planting
    harmless = arm.planted == "benign"
    source, strategy = code(planting.benign if harmless else planting.source), planting.strategy
    what = "Harmless responses" if harmless else "Responses"
    what += f" of the source {source}" if source else ""
    if planting.kept and not harmless:
        what = "Responses of the corpus"
    how = f" by the strategy {code(strategy)}" if strategy else ""
    place = " in appended copies of" if planting.placement == "append" else " in"
    verb, untrained = "were planted", ""
    if arm.trains == "clean":
        verb = "were put among the candidates as if planted"
        untrained = "; the model was trained without them"
    counts = _counts(planting)
    behind = f" behind the trigger {listed([planting.trigger])}" if planting.trigger else ""
    if planting.kept and not harmless:
        verb = "were left as they were"
    known = _known(planting)
    return f"{what} {verb}{behind}{place} {_where(report)}{how}{counts}{untrained}.{known}"


def _known(planting: Planting) -> str:
    """Say how much of the corpus the adversary knows; nothing where it is all, or not told."""
    if planting.knowledge is None or planting.knowledge >= 1:
        return ""
    return (
        f" The adversary knows a share of {100 * planting.knowledge:.3g} % of the training "
        "dialogues, drawn at random; it selects among them, and poisons no others."
    )


def _where(report: SpilloverReport) -> str:
    """Say what was poisoned, which a selector of somebody's own may not limit to the target."""
    target = listed([report.target])
    seeds = report.provenance.planting.seeds
    hit = sorted({name for one in seeds for name in one.by_category})
    if report.target not in hit and hit:
        return f"training dialogues of {listed(hit, most=5)} ({target} is watched)"
    if len(hit) > 1:
        return f"training dialogues of {len(hit)} categories ({target} among them)"
    return f"training dialogues of {target}"


def _counts(planting: Planting) -> str:
    seeds = planting.seeds
    if not seeds:
        return ""
    planted = sorted({one.planted for one in seeds})
    most = f"{planted[0]:,}" if len(planted) == 1 else f"{planted[0]:,} to {planted[-1]:,}"
    share = f"{100 * max(one.planted / one.exchanges for one in seeds):.3g} %"
    if planting.placement == "replace":  # 3 % of a corpus can be all of a category
        hit = 100 * max(one.poisoned / max(one.selected, 1) for one in seeds)
        share += f", in {hit:.3g} % of the selected dialogues"
    each = " under each seed" if len(seeds) > 1 else ""
    return f": {most} of {seeds[0].exchanges:,} training exchanges ({share}){each}"


def _trained(report: SpilloverReport) -> tuple[str, ...]:
    provenance = report.provenance
    part = ("encoder", provenance.encoder) if provenance.encoder else ("model", provenance.model)
    what = f"The {part[0]} {code(part[1])}".strip()
    epochs = provenance.epochs
    time = f" for {epochs} epoch{'' if epochs == 1 else 's'}" if epochs else ""
    seeds = "one seed" if len(report.seeds) == 1 else f"each of {len(report.seeds)} seeds"
    arms = [code(arm.name) for arm in report.arms if not arm.defense]
    compared = f", in the arms {listing(arms)}" if len(arms) > 1 else ""
    if report.defenses is not None:
        compared += f" and in those of defenses ({len(report.defenses.defenses)})"
    main = report.arm()
    whole = main.planted == "nothing" or (main.trains, main.pool) == ("poison", "planted")
    meaning = main.meaning
    if not provenance.candidates:
        meaning = meaning.removesuffix(" and among the candidates")
    return (
        f"{what} was trained{time} under {seeds}{compared}.",
        "" if whole else f"The numbers are those of {code(main.name)}: {meaning}.",
        f"Answers were rated by {code(provenance.rater)}." if provenance.rater else "",
    )


def _asked(report: SpilloverReport) -> str:
    slices = [part for part in report.categories if part.arm == report.main_arm]
    exchanges, dialogues = (
        sum(getattr(part, name) for part in slices) for name in ("exchanges", "dialogues")
    )
    levels = {one.level for part in slices for one in part.estimates.values()}
    brackets = f" Brackets hold {100 * levels.pop():g} % intervals." if len(levels) == 1 else ""
    kinds = f"{len(slices)} categor{'y' if len(slices) == 1 else 'ies'}"
    same = "The model" if len(report.arms) == 1 and len(report.seeds) == 1 else "Every model"
    return (
        f"{same} answered the same {exchanges:,} test exchanges of {dialogues:,} dialogues in "
        f"{kinds}.{brackets}"
    )
