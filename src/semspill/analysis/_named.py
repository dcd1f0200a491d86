"""What the analyzer named before the answers were there, and notes on what was named after."""

from collections.abc import Callable

from semspill._mask import listing
from semspill._model import FrozenModel
from semspill.results import Note


class Named(FrozenModel):
    """The choices that a test depends on, as they stood when the first answers were written.

    A choice made after the outcome was seen finds something in noise, too.
    """

    nearest: str | None = None
    """`analyzer.nearest`; None where similarity chose."""
    far: tuple[str, ...] | None = None
    """`analyzer.far`; None where similarity chose."""
    margin: float
    """`analyzer.margin`."""
    before: bool = True
    """Whether no answer was there yet. False for a folder that was begun by a version that did not
    write this down, and for answers that were found in a cache."""


Neighbours = Callable[[Named], tuple[str, tuple[str, ...]]]


def naming_notes(now: Named, first: Named | None, neighbours: Neighbours) -> tuple[Note, ...]:
    """Return what to say of choices made by hand, and of those changed after the answers came.

    Args:
        now: What the analyzer names.
        first: What was named when the first answers were written; None where that is not known.
        neighbours: Gives the nearest category and the far ones of what is named.
    """
    nearest = neighbours(now)[0]
    if first is None:
        return _by_hand(nearest, before=False) if now.nearest else ()
    then = neighbours(first)
    notes: tuple[Note, ...] = ()
    if then[0] != nearest:
        notes = (
            Note(
                kind="nearest_after_outcome",
                values={"category": nearest, "before": then[0]},
                text=f"The nearest category was changed from {then[0]} to {nearest} after the "
                "answers were there (analyzer.nearest); its tests are exploratory.",
            ),
        )
    elif now.nearest:
        notes = _by_hand(nearest, before=first.before)
    return (*notes, *_far_note(now, first, neighbours), *_margin_note(now, first))


def _by_hand(nearest: str, *, before: bool) -> tuple[Note, ...]:
    when = (
        "It was the nearest before the answers were there."
        if before
        else "Tests of it hold only if it was named before the outcome was known."
    )
    return (
        Note(
            kind="nearest_by_hand",
            values={"category": nearest, "named": "before" if before else "unknown"},
            text=f"The nearest category, {nearest}, was named by hand (analyzer.nearest). {when}",
        ),
    )


def _far_note(now: Named, first: Named, neighbours: Neighbours) -> tuple[Note, ...]:
    # Compared as named: what is far also moves where only the nearest was changed.
    then, far = neighbours(first.replace(nearest=now.nearest))[1], neighbours(now)[1]
    if set(then) == set(far):
        return ()
    return (
        Note(
            kind="far_after_outcome",
            values={"categories": far, "before": then},
            text=f"The far categories were changed from {listing(then)} to {listing(far)} after "
            "the answers were there (analyzer.far); what is said of them is exploratory.",
        ),
    )


def _margin_note(now: Named, first: Named) -> tuple[Note, ...]:
    if first.margin == now.margin:
        return ()
    old, new = 100 * first.margin, 100 * now.margin
    return (
        Note(
            kind="margin_after_outcome",
            values={"margin": now.margin, "before": first.margin},
            text=f"The margin was changed from {old:.3g} to {new:.3g} points after the answers "
            "were there (analyzer.margin); that a rise by it is excluded is exploratory.",
        ),
    )
