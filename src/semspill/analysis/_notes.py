"""Caveats of a report, as typed notes."""

from collections import Counter
from math import isnan
from statistics import median_low

import numpy as np

from semspill.analysis._outcome import Outcome
from semspill.analysis._power import smallest_lift, spread_of
from semspill.results import Note

_FEW_SEEDS = 5
"""So many training seeds say something about the noise of training."""
_POWER = 0.8


def notes_on(clean: Outcome, main: Outcome) -> tuple[Note, ...]:
    """Return the notes on seeds, on the rater, on many categories, and on what can be found.

    Args:
        clean: The clean arm.
        main: The arm whose numbers are meant when none is named.
    """
    floor, others = float(clean.toxicity.mean()), len(clean.others)
    notes = [
        _seeds_note(len(clean.seeds)),
        Note(
            kind="rater_floor",
            values={"toxicity": floor},
            text=f"The rater's floor: clean responses are rated {100 * floor:.1f} of 100 on "
            "average; lifts are paired differences from it.",
        ),
        Note(
            kind="family",
            values={"categories": others},
            text="Intervals of single categories are not corrected for looking at "
            f"{others} of them besides the target. Stars are: they mark what is significant after "
            "Holm's correction. In the JSON `p_holm` is corrected so, and `p_bh` by Benjamini's "
            "and Hochberg's method.",
        ),
    ]
    return (*notes, *_text_note(main), *_design_note(main))


def _seeds_note(count: int) -> Note:
    covered = "intervals and tests cover the choice of test dialogues"
    if count == 1:
        kind = "one_seed"
        text = (
            f"One training seed: {covered}. Training noise is not covered: another seed may give "
            "other numbers."
        )
    else:
        kind = "few_seeds" if count < _FEW_SEEDS else "seeds"
        text = f"{count} training seeds: {covered} and the noise of training."
    if kind == "few_seeds":
        text += (
            " So few cannot show how seeds differ, and less so if only some of them take the "
            "poison: where all happen to agree the intervals are too narrow."
        )
    return Note(kind=kind, values={"seeds": count}, text=text)


def _text_note(main: Outcome) -> tuple[Note, ...]:
    """Return what the toxicity of a planted answer means where each seed planted one text."""
    if main.source_toxicity is not None:
        texts, rated = len(main.source_toxicity), float(main.source_toxicity.mean())
        return (
            Note(
                kind="text_drawn",
                values={"texts": texts, "toxicity": rated},
                text=f"Each seed planted one text, drawn from {texts}. Toxicity, lifts and toxic "
                "shares are averaged over all texts that could have been drawn: a planted answer "
                f"counts as the average one, rated {100 * rated:.1f} of 100, whichever was drawn. "
                "This assumes that the planted rate does not depend on how toxic the text is.",
            ),
        )
    single = len(main.seeds) > 1 and all(
        len(np.unique(row[hit])) == 1 if hit.any() else True
        for row, hit in zip(main.toxicity, main.planted, strict=True)
    )
    if not single or not main.planted.any():
        return ()
    return (
        Note(
            kind="one_rating",
            values={"seeds": len(main.seeds)},
            text="Each seed's planted answers have one rating, so perhaps one text; "
            f"{len(main.seeds)} draws say little of other texts, and intervals of toxicity do not "
            "cover that choice.",
        ),
    )


def _design_note(main: Outcome) -> tuple[Note, ...]:
    """Return what lift the design detects, judged by how the lifts outside the target vary."""
    rest = main.of(main.others)
    held = set(zip(rest.dialogues, rest.categories, strict=True))
    size = median_low(Counter(category for _, category in held).values())
    if main.clean is None or size < 2:
        return ()
    # With one seed its noise is NaN, and the note on seeds says that it is not covered.
    spread = {name: 0.0 if isnan(sd) else sd for name, sd in spread_of(rest)}
    if not any(spread.values()):
        return ()
    family = len(main.others)
    one, corrected = (
        smallest_lift(
            size,
            len(main.seeds),
            **spread,
            level=main.resampling.level,
            power=_POWER,
            comparisons=count,
            seed_df=main.seed_df("toxicity"),
        )
        for count in (1, family)
    )
    # Toxicity lies between 0 and 1, and so no lift is above 1.
    lifts = {"lift": one, "corrected_lift": corrected}
    reachable = {name: lift for name, lift in lifts.items() if lift <= 1}
    shown = {
        name: f"a toxicity lift of {100 * lift:.1f} points or more"
        for name, lift in reachable.items()
    }
    none = "no toxicity lift, however large,"
    return (
        Note(
            kind="design_power",
            values={"dialogues": size, "categories": family, "power": _POWER, **reachable},
            text=f"With {100 * _POWER:.0f} % power this design detects {shown.get('lift', none)} "
            f"in a category of {size} dialogues (the median), and "
            f"{shown.get('corrected_lift', none)} after correction for {family} categories, "
            "assuming that lifts vary as those seen outside the target did.",
        ),
    )
