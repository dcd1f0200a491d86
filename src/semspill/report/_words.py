"""A report in plain sentences: what was done, what came out, and how far to trust it."""

from collections.abc import Mapping
from typing import Any

from semspill._model import FrozenModel
from semspill.report._caveats import caveats
from semspill.report._found import found
from semspill.report._phrases import listing
from semspill.report._table import listed, literal

_ARMS = {
    "train_only": "planted responses in training, none among the candidates",
    "pool_only": "clean training, planted responses among the candidates",
    "benign_swap": "harmless responses planted instead",
}


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


def summary(report: Any) -> Summary:
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


def _planted(report: Any) -> str:
    target = listed([report.target])
    if report.main_arm == "clean":
        return f"Only clean training was looked at; {target} is the category that is watched."
    config = _config(report)
    poisoner = _field(config, "poisoner")
    source, strategy = _name(_field(poisoner, "source")), _name(_field(poisoner, "strategy"))
    what = f"Responses of the source {source}" if source else "Responses"
    how = f" by the strategy {strategy}" if strategy else ""
    copied = " in appended copies of" if _field(poisoner, "placement") == "append" else " in"
    return f"{what} were planted{copied} {_where(report)}{how}{_how_many(report)}."


def _where(report: Any) -> str:
    """Say what was poisoned, which a selector of somebody's own may not limit to the target."""
    target = listed([report.target])
    told = _manifests(report)
    hit = sorted({name for made in told for name in made.get("by_category", {})})
    if report.target not in hit and hit:
        return f"training dialogues of {listed(hit, most=5)} ({target} is watched)"
    if len(hit) > 1:
        return f"training dialogues of {len(hit)} categories ({target} among them)"
    return f"training dialogues of {target}"


def _how_many(report: Any) -> str:
    counts = [(m["planted"], m["exchanges"]) for m in _manifests(report) if m.get("exchanges")]
    if not counts:
        return ""
    planted = sorted({count for count, _ in counts})
    most = f"{planted[0]:,}" if len(planted) == 1 else f"{planted[0]:,} to {planted[-1]:,}"
    share = 100 * max(count / total for count, total in counts)
    each = " under each seed" if len(counts) > 1 else ""
    return f": {most} of {counts[0][1]:,} training exchanges ({share:.2g} %){each}"


def _trained(report: Any) -> tuple[str, ...]:
    config = _config(report)
    encoder, rater = _name(_field(config, "encoder")), _name(_field(config, "rater"))
    epochs = _field(_field(config, "finetuner"), "epochs")
    what = f"The encoder {encoder}" if encoder else "The encoder"
    time = f" for {epochs} epoch{'' if epochs == 1 else 's'}" if epochs else ""
    seeds = "one seed" if len(report.seeds) == 1 else f"each of {len(report.seeds)} seeds"
    arms = [_code(arm) for arm in report.arms]
    compared = f", in the arms {listing(arms)}" if len(arms) > 1 else ""
    main = _ARMS.get(report.main_arm)
    return (
        f"{what} was trained{time} under {seeds}{compared}.",
        f"The numbers are those of {_code(report.main_arm)}: {main}." if main else "",
        f"Answers were rated by {rater}." if rater else "",
    )


def _asked(report: Any) -> str:
    slices = [part for part in report.categories if part.arm == report.main_arm]
    exchanges, dialogues = (
        sum(getattr(part, name) for part in slices) for name in ("exchanges", "dialogues")
    )
    levels = {made.level for part in slices for made in part.estimates.values()}
    brackets = f" Brackets hold {100 * levels.pop():.3g} % intervals." if len(levels) == 1 else ""
    kinds = f"{len(slices)} categor{'y' if len(slices) == 1 else 'ies'}"
    same = "The model" if len(report.arms) == 1 and len(report.seeds) == 1 else "Every model"
    return (
        f"{same} answered the same {exchanges:,} test exchanges of {dialogues:,} dialogues in "
        f"{kinds}.{brackets}"
    )


def _config(report: Any) -> Any:
    return report.provenance.get("config", {})


def _manifests(report: Any) -> list[Mapping[str, Any]]:
    return list(report.provenance.get("manifests", ()))


def _field(part: Any, name: str) -> Any:
    # What a report says of its making is anybody's: a part may be left out, or be a bare name.
    return part.get(name) if isinstance(part, Mapping) else None


def _name(part: Any) -> str:
    name = part if isinstance(part, str) else _field(part, "name")
    return _code(name) if name else ""


def _code(name: str) -> str:
    return f"`{' '.join(str(name).replace('`', ' ').split())}`"
