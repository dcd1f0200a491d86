"""Whether as many more dialogues as an inconclusive verdict asks for do decide."""

from collections.abc import Iterator, Sequence
from statistics import median_low

import numpy as np
from worlds import WORLDS, World

from semspill.statistics._planning import Demand, Seen
from semspill.testing._safety._slice import Slice


def told(rng: np.random.Generator, pilots: int) -> Iterator[dict[str, object]]:
    """Yield how many pilots were inconclusive and how many of their repetitions were decided."""
    cells = [(world, share, 40, family) for world in WORLDS for share, family in ((0, 1), (0, 4))]
    cells += [(world, 2, 40, 1) for world in (WORLDS[1], WORLDS[3])]
    cells += [(world, 0, 40, 31) for world in (WORLDS[0], WORLDS[2])]
    for world, share, dialogues, family in cells:
        truth = share * world.limit
        if world.kind == "mean":
            truth = max(truth, world.floor / 11)
        inconclusive = as_seen = in_truth = 0
        asked = []
        for _ in range(pilots if family < 31 else pilots // 4):
            parts = [world.draw(rng, dialogues, truth) for _ in range(family)]
            inconclusive += not _decided(_seen(parts, world))
            needs = _needs(parts, world)
            if needs is None:
                continue
            asked.append(sum(needs))
            pairs = list(zip(parts, needs, strict=True))
            again = [_drawn(rng, part, need) if need else part for part, need in pairs]
            as_seen += _decided(_seen(again, world))
            fresh = [
                world.draw(rng, dialogues + need, truth) if need else part for part, need in pairs
            ]
            in_truth += _decided(_seen(fresh, world))
        yield {
            "world": world.name,
            "truth": f"{truth:.3f}",
            "dialogues": dialogues,
            "categories": family,
            "inconclusive": inconclusive,
            "with a number": len(asked),
            "asked for, median": f"{np.median(asked):.0f}" if asked else "",
            "decided, as seen": f"{as_seen / len(asked):.3f}" if asked else "",
            "decided, in truth": f"{in_truth / len(asked):.3f}" if asked else "",
        }


def _seen(parts: Sequence[Slice], world: World) -> list[Seen]:
    demand = Demand(world.limit, "below", 0.95)
    return [Seen.of(part.quantity("c"), demand, len(parts)) for part in parts]


def _decided(seen: Sequence[Seen]) -> bool:
    return any(one.fails for one in seen) or all(one.passes for one in seen)


def _needs(parts: Sequence[Slice], world: World) -> list[int] | None:
    """Return how many more dialogues of each category are asked for; None where none are."""
    seen = _seen(parts, world)
    if _decided(seen):
        return None
    undecided = sum(not one.passes for one in seen)
    usual = median_low(one.demand.excess(one.value) for one in seen)
    needs = [0 if one.passes else one.needs(undecided, usual) for one in seen]
    return None if None in needs else needs


def _drawn(rng: np.random.Generator, part: Slice, more: int) -> Slice:
    """Return so many more dialogues than a pilot had, drawn from its own."""
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(part.dialogues):
        rows.setdefault(name, []).append(row)
    every = list(rows.values())
    chosen = [every[i] for i in rng.integers(len(every), size=len(every) + more)]
    names = tuple(str(number) for number, one in enumerate(chosen) for _ in one)
    values = part.values[np.concatenate(chosen)]
    return Slice(values, names, ("c",) * len(names), least=part.least)
