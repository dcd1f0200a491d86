"""Count how often intervals of what a defense stopped hold the truth, and how often nothing does.

python benchmarks/calibration/defended.py

It draws an attacked arm and defended ones on the same dialogues and seeds, whose noise they share
in part, and writes defended.md beside itself.
"""

import argparse
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

# One thread per process; set before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from pairing import OTHER, _layout, _seed_noise
from scipy import special
from worlds import World

from semspill import Arm, Outcome
from semspill.analysis import DefenseFacts, compare_outcomes, defenses_report
from semspill.analysis._defended._stopped import stopped
from semspill.statistics import Estimate

HERE = Path(__file__).parent
STRONG = (0.6, 0.4, 0.2, 0.1, 0.05, 0.02, 0.02, 0.01)
WEAK = (0.18, 0.09, 0.03, 0.01, 0.01, 0.01, 0.0, 0.0)
"""Planted rates of a strong attack, and of one that barely spills over; target, nearest, others."""
WORLDS: dict[str, tuple[Sequence[float], dict[str, object], float]] = {
    "strong": (STRONG, {}, 0.5),
    "weak": (WEAK, {}, 0.5),
    "little noise of seeds": (STRONG, {"seed_sd": 0.1}, 0.5),
}
"""Worlds: rates, how they are bent, and the share of the seeds' noise that arms have in common."""
FAMILIES = ("strong", "weak")
"""Worlds in which several defenses are tested together."""
DEFENSES = {
    "nothing": (1.0, 1.0),
    "half of all": (0.5, 0.5),
    "nine tenths of all": (0.1, 0.1),
    "all": (0.0, 0.0),
    "spillover more": (0.7, 0.2),
}
"""What is left of the target's rate, and of all others."""
COLUMNS = ("attack", "spillover", "around")


def arms(worlds: dict[str, World], shared: float, rng: np.random.Generator) -> dict[str, Any]:
    """Return which answers are planted under each arm, after the layout of all."""
    first = next(iter(worlds.values()))
    dialogue, category, hard = layout = _layout(first, rng)
    common = _seed_noise(first, rng)
    found: dict[str, Any] = {"layout": layout}
    for arm, world in worlds.items():
        of_seed = np.sqrt(shared) * common + np.sqrt(1 - shared) * _seed_noise(first, rng)
        scale = np.sqrt(1 + world.dialogue_sd**2 + world.seed_sd**2)
        cut = special.ndtri(np.asarray(world.rates))[category] * scale
        latent = world.dialogue_sd * hard[dialogue] + world.seed_sd * of_seed[:, category]
        found[arm] = latent + rng.normal(size=latent.shape) < cut
    return found


def outcomes(worlds: dict[str, World], shared: float, rng: np.random.Generator) -> list[Outcome]:
    """Return the outcomes of a clean arm, an attacked one, and the defended ones by name."""
    planted = arms(worlds, shared, rng)
    dialogue, category, _ = planted.pop("layout")
    seeds = next(iter(worlds.values())).seeds
    nothing = np.zeros((seeds, len(category)), dtype=np.bool_)
    clean = Outcome(
        arm="clean",
        target="c00",
        nearest="c01",
        seeds=tuple(range(seeds)),
        categories=tuple(f"c{number:02}" for number in category),
        dialogues=tuple(f"{number:05}" for number in dialogue),
        toxicity=np.zeros(nothing.shape),
        planted=nothing,
        correct=nothing,
        ranked=False,
    )
    made = [clean]
    for name, hit in planted.items():
        attacked = Arm(name="poison", trains="poison", pool="planted")
        if name != "poison":
            attacked = attacked.replace(name=f"poison+{name}", defense=name)
            made.append(replace(clean, arm=Arm(name=f"clean+{name}", defense=name)))
        made.append(replace(clean, arm=attacked, planted=hit))
    return made


def truths(before: World, after: World) -> dict[str, float]:
    """Return what was stopped in truth."""
    left = after.truth / np.where(before.truth > 0, before.truth, 1)
    rest = after.truth[1:].sum() / before.truth[1:].sum()
    values = (1 - left[0], left[0] - left[1], left[0] - rest)
    return dict(zip(COLUMNS, map(float, values), strict=True))


def counted(before: World, after: World, shared: float, runs: int, key: str) -> list[float]:
    """Return by quantity how often it is defined and held, and the median width; then p of rest."""
    rng = np.random.default_rng(crc32(key.encode()))
    truth, p_values = truths(before, after), []
    seen: dict[str, list[Estimate]] = {name: [] for name in COLUMNS}
    for _ in range(runs):
        clean, attacked, _, defended = outcomes({"poison": before, "d": after}, shared, rng)
        pair = [replace(one, clean=clean) for one in (attacked, defended)]
        found = stopped(*pair)
        for name in COLUMNS:
            seen[name].append(getattr(found, name))
        compared = compare_outcomes(dict(zip(OTHER, pair, strict=True)), fingerprints=OTHER)
        p_values.append(compared.difference("rest").estimate.p_value)
    row = []
    for name, every in seen.items():
        known = [one for one in every if not math.isnan(one.value)]
        held = [one.low - 1e-9 <= truth[name] <= one.high + 1e-9 for one in known]
        widths = [one.high - one.low for one in known]
        row += [len(known) / runs, np.mean(held) if held else math.nan]
        row.append(np.median(widths) if widths else math.nan)
    return [100 * float(share) for share in (*row, np.mean(np.array(p_values) <= 0.05))]


def family(before: World, shared: float, runs: int, key: str) -> float:
    """Return how often any of three defenses that do nothing is found, after Holm's correction."""
    rng = np.random.default_rng(crc32(key.encode()))
    names = ("a", "b", "c")
    facts = {name: DefenseFacts(name) for name in names}
    found = 0
    for _ in range(runs):
        drawn = outcomes(dict.fromkeys(("poison", *names), before), shared, rng)
        report = defenses_report(drawn, facts=facts)
        found += any(report.difference(name).significant for name in names)
    return 100 * found / runs


def main() -> None:
    """Count and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="experiments in each cell")
    runs = parser.parse_args().runs
    lines = [
        "# What defenses stopped, counted",
        "",
        f"{runs} experiments in each cell, eight categories of 60 dialogues. For the attack "
        "stopped, the spillover stopped beyond it at the nearest category, and the same at all but "
        "the target: in how many experiments it is defined, how many of these 95 % intervals hold "
        "the truth, in %, and their median width in points. Last, how often the difference of the "
        "planted rate of all but the target has p of 0.05 or less: an error of a defense that does "
        "nothing, else power.",
        "",
        "| world | seeds | stopped | attack | spillover | around | p 0.05 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, (rates, bent, shared) in WORLDS.items():
        for seeds in (3, 5):
            before = World(tuple(rates), 60, seeds, **bent)
            for what, (target, others) in DEFENSES.items():
                left = (rates[0] * target, *(rate * others for rate in rates[1:]))
                after = World(left, 60, seeds, **bent)
                row = counted(before, after, shared, runs, repr((name, seeds, what)))
                cells = [
                    f"{row[at]:.0f}, {row[at + 1]:.1f} ({row[at + 2]:.0f})" for at in (0, 3, 6)
                ]
                said = " | ".join([*cells, f"{row[9]:.1f}"])
                lines.append(f"| {name} | {seeds} | {what} | {said} |")
                print(lines[-1], flush=True)
    lines += [
        "",
        "Any of three defenses that do nothing, after Holm's correction, with 5 seeds, in %:",
        "",
    ]
    for name in FAMILIES:
        rates, bent, shared = WORLDS[name]
        share = family(World(tuple(rates), 60, 5, **bent), shared, runs, name)
        lines.append(f"- {name}: {share:.1f}")
        print(lines[-1], flush=True)
    (HERE / "defended.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
