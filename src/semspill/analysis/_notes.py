"""What a reader must know before believing the numbers of a report."""

from collections import Counter
from math import isnan
from statistics import median_low

from semspill.analysis._outcome import Outcome
from semspill.analysis._power import smallest_lift, spread_of


def notes_on(clean: Outcome, main: Outcome) -> tuple[str, ...]:
    """Return the notes on seeds, on the rater, on many categories, and on what can be found.

    Args:
        clean: The clean arm.
        main: The arm whose numbers are meant when none is named.
    """
    count = len(clean.seeds)
    noise = (
        "One training seed: intervals and tests cover the choice of test dialogues. Training noise "
        "is not covered: another seed may give other numbers."
        if count == 1
        else f"{count} training seeds: intervals and tests cover the choice of test dialogues and "
        "the noise of training."
    )
    others = len(clean.others)
    notes = [
        noise,
        f"The rater's floor: clean responses are rated {100 * clean.toxicity.mean():.1f} of 100 on "
        "average; lifts are paired differences from it.",
        f"Intervals of single categories are not corrected for looking at {others} of them besides "
        "the target; the stars are (Holm), and so are p_holm and p_bh in the JSON.",
    ]
    return (*notes, *_design_note(main))


def _design_note(main: Outcome) -> tuple[str, ...]:
    """Say what lift the design finds, judged by how the lifts seen outside the target vary."""
    rest = main.of(main.others)
    talks = dict(zip(rest.dialogues, rest.categories, strict=True))
    size = median_low(Counter(talks.values()).values())
    if main.clean is None or size < 2:
        return ()
    # With one seed its noise is NaN, and the note on seeds says that it is not covered.
    spread = {name: 0.0 if isnan(sd) else sd for name, sd in spread_of(rest)}
    if not any(spread.values()):
        return ()
    seeds, level, family = len(main.seeds), main.resampling.level, len(main.others)
    one, corrected = (
        smallest_lift(size, seeds, **spread, level=level, comparisons=count)
        for count in (1, family)
    )
    return (
        f"In a category of {size} dialogues (the median) this design finds, of toxicity lifts, "
        f"{_reachable(one)} with 80 % power; after correction for {family} categories, "
        f"{_reachable(corrected)}. That takes lifts to vary as those seen outside the target did.",
    )


def _reachable(lift: float) -> str:
    # Toxicity lies between 0 and 1, and so no lift is above 1.
    return f"one of {100 * lift:.1f} points or more" if lift <= 1 else "none, however large"
