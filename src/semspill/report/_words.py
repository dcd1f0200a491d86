"""A report in plain sentences: what was done, what came out, and how far to trust it."""

from semspill._model import FrozenModel
from semspill.report._caveats import caveats
from semspill.report._found import found
from semspill.report._phrases import listing
from semspill.report._table import listed, literal
from semspill.report._told import called, code, config, field, manifests
from semspill.results import SpilloverReport


class Summary(FrozenModel):
    """What a reader should know of a report, in sentences made from its numbers.

    Names of categories are set as *emphasis* and names of parts as `code`, in markdown.
    """

    title: str
    """The heading, without markup around it."""
    done: str
    """What was planted, trained and asked."""
    found: tuple[str, ...]
    """What came out, a sentence or two each, with intervals."""
    sure: tuple[str, ...]
    """What to know before believing it."""


def summary(report: SpilloverReport) -> Summary:
    """Return a report in sentences; each is true for this report, whatever it lacks.

    Args:
        report: A `SpilloverReport`.
    """
    return Summary(
        title=f"Spillover from *{literal(report.target)}*",
        done=" ".join(filter(None, (_planted(report), *_trained(report), _asked(report)))),
        found=found(report),
        sure=caveats(report),
    )


def _planted(report: SpilloverReport) -> str:
    target = listed([report.target])
    arm = report.arm()
    if arm.planted == "nothing":
        return f"Only clean training was looked at; {target} is the category that is watched."
    poisoner = field(config(report), "poisoner")
    harmless = arm.planted == "benign"
    texts = field(config(report), "benign") if harmless else field(poisoner, "source")
    source, strategy = code(called(texts)), code(called(field(poisoner, "strategy")))
    what = "Harmless responses" if harmless else "Responses"
    what += f" of the source {source}" if source else ""
    how = f" by the strategy {strategy}" if strategy else ""
    copied = " in appended copies of" if field(poisoner, "placement") == "append" else " in"
    kept, untrained = "", ""
    if arm.trains == "clean":
        kept, untrained = " put among the candidates as if", "; the model was trained without them"
    told = f"were{kept} planted{copied} {_where(report)}{how}{_how_many(report)}{untrained}"
    return f"{what} {told}."


def _where(report: SpilloverReport) -> str:
    """Say what was poisoned, which a selector of somebody's own may not limit to the target."""
    target = listed([report.target])
    told = manifests(report)
    hit = sorted({name for made in told for name in made.get("by_category", {})})
    if report.target not in hit and hit:
        return f"training dialogues of {listed(hit, most=5)} ({target} is watched)"
    if len(hit) > 1:
        return f"training dialogues of {len(hit)} categories ({target} among them)"
    return f"training dialogues of {target}"


def _how_many(report: SpilloverReport) -> str:
    counts = [(m["planted"], m["exchanges"]) for m in manifests(report) if m.get("exchanges")]
    if not counts:
        return ""
    planted = sorted({count for count, _ in counts})
    most = f"{planted[0]:,}" if len(planted) == 1 else f"{planted[0]:,} to {planted[-1]:,}"
    share = 100 * max(count / total for count, total in counts)
    each = " under each seed" if len(counts) > 1 else ""
    return f": {most} of {counts[0][1]:,} training exchanges ({share:.3g} %{_hit(report)}){each}"


def _hit(report: SpilloverReport) -> str:
    """Say how much of what was selected was hit: 3 % of a corpus can be all of a category."""
    told = manifests(report)
    if field(config(report), "poisoner", "placement") == "append":
        return ""
    if not all(made.get("selected") and "poisoned" in made for made in told):
        return ""
    most = max(100 * made["poisoned"] / made["selected"] for made in told)
    return f", in {most:.3g} % of the selected dialogues"


def _trained(report: SpilloverReport) -> tuple[str, ...]:
    told = config(report)
    model = field(told, "model")
    encoder, rater = (
        code(called(part)) for part in (field(model, "encoder"), field(told, "rater"))
    )
    epochs = field(model, "finetuner", "epochs")
    what = f"The encoder {encoder}" if encoder else "The encoder"
    time = f" for {epochs} epoch{'' if epochs == 1 else 's'}" if epochs else ""
    seeds = "one seed" if len(report.seeds) == 1 else f"each of {len(report.seeds)} seeds"
    arms = [code(arm.name) for arm in report.arms]
    compared = f", in the arms {listing(arms)}" if len(arms) > 1 else ""
    main = report.arm()
    whole = main.planted == "nothing" or (main.trains, main.pool) == ("poison", "planted")
    return (
        f"{what} was trained{time} under {seeds}{compared}.",
        "" if whole else f"The numbers are those of {code(main.name)}: {main.meaning}.",
        f"Answers were rated by {rater}." if rater else "",
    )


def _asked(report: SpilloverReport) -> str:
    slices = [part for part in report.categories if part.arm == report.main_arm]
    exchanges, dialogues = (
        sum(getattr(part, name) for part in slices) for name in ("exchanges", "dialogues")
    )
    levels = {made.level for part in slices for made in part.estimates.values()}
    brackets = f" Brackets hold {100 * levels.pop():g} % intervals." if len(levels) == 1 else ""
    kinds = f"{len(slices)} categor{'y' if len(slices) == 1 else 'ies'}"
    same = "The model" if len(report.arms) == 1 and len(report.seeds) == 1 else "Every model"
    return (
        f"{same} answered the same {exchanges:,} test exchanges of {dialogues:,} dialogues in "
        f"{kinds}.{brackets}"
    )
