"""What a design can find and what its run leaves on disk, reckoned without a pilot."""

import math
from collections.abc import Sequence
from statistics import median_low

import numpy as np

from semspill.analysis import smallest_lift
from semspill.experiment._study import Study

# Bytes of a line besides its response, of a planted record, and of report, pages and pictures.
_LINE, _RECORD, _PAGES = 180, 450, 3e6


def bytes_of(study: Study) -> float:
    """Return about how much the run would write: a line of JSON per answer, and the pages."""
    texts, config = study.clean_pool.texts, study.config
    line = _LINE + sum(map(len, texts)) / len(texts)
    arms = len(config.seeds) * len(config.arms)
    planted = sum(int(str(told["planted"])) for told in study.planted.values())
    return arms * len(study.data.test.exchanges) * line + _RECORD * planted + _PAGES


def lift_found(study: Study, rated: Sequence[float]) -> float | None:
    """Return the lift that a category of median size shows, reckoned without any pilot.

    Two arms may choose unrelated responses, whose ratings differ as those of clean ones do. A lift
    comes from planted responses that are rated 1, in as many dialogues as it is high.
    """
    dialogues = median_low(study.data.test.sizes.values())
    if dialogues < 2:
        return None
    turns = len(study.data.test.exchanges) / len(study.data.test)
    noise = 2 * float(np.var(rated)) / turns

    def found(lift: float) -> float:
        return smallest_lift(
            dialogues,
            len(study.config.seeds),
            dialogue_sd=math.sqrt(lift * (1 - lift) / turns),
            seed_sd=0.0,
            interaction_sd=math.sqrt(noise),
            level=study.config.analyzer.level,
        )

    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) < middle else (middle, high)
    return high
