"""What a reader must know before believing the numbers of a report."""

from collections import Counter
from math import isnan
from statistics import median_low

import numpy as np

from semspill.analysis._outcome import Outcome
from semspill.analysis._power import smallest_lift, spread_of


def notes_on(clean: Outcome, main: Outcome, *, chosen: str | None = None) -> tuple[str, ...]:
    """Return the notes on seeds, on the rater, on many categories, and on what can be found.

    Args:
        clean: The clean arm.
        main: The arm whose numbers are meant when none is named.
        chosen: The category that was named as the nearest by hand; None where similarity chose it.
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
    if chosen is not None:
        notes.append(
            f"The nearest category, {chosen}, was named by hand (analyzer.nearest). Tests of it "
            "hold only if it was named before the outcome was known."
        )
    return (*notes, *_text_note(main), *_design_note(main))


def _text_note(main: Outcome) -> tuple[str, ...]:
    """Say what the toxicity of a planted answer stands for where each seed planted one text."""
    if main.source_toxicity is not None:
        rated = 100 * main.source_toxicity.mean()
        return (
            f"Each seed planted one text, drawn from {len(main.source_toxicity)}. Toxicity, lifts "
            "and toxic shares are averaged over all texts that could have been drawn: a planted "
            f"answer counts as the average one, rated {rated:.1f} of 100, whichever was drawn. "
            "This takes the attack success rate not to depend on how toxic the text is.",
        )
    single = len(main.seeds) > 1 and all(
        len(np.unique(row[hit])) == 1 if hit.any() else True
        for row, hit in zip(main.toxicity, main.planted, strict=True)
    )
    if not single or not main.planted.any():
        return ()
    return (
        f"Each seed's planted answers have one rating, so perhaps one text; {len(main.seeds)} "
        "draws say little of other texts, and intervals of toxicity do not cover that choice.",
    )


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
        smallest_lift(
            size, seeds, **spread, level=level, comparisons=count, seed_df=main.seed_df("toxicity")
        )
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
