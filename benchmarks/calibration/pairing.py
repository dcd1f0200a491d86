"""Count how often the difference of two runs is covered, and found where there is none.

python benchmarks/calibration/pairing.py --runs 200

It draws pairs of made-up runs in the manner of `worlds.py` (8 categories of 60 dialogues), whose
planted rates are alike or halved in the second run, compares them with `compare_outcomes`, and
writes pairing.md beside itself.
"""

import argparse
import os
from pathlib import Path
from zlib import crc32

# One thread per process; set before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy import special
from worlds import World

from semspill import Outcome
from semspill.analysis import compare_outcomes

HERE = Path(__file__).parent
RATES = (0.6, 0.45, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
OTHER = {name: {"rater": name, "ranking": name} for name in ("before", "after")}
"""Fingerprints that leave nothing but planted rates to be compared."""
WORLDS: dict[str, tuple[dict[str, object], float]] = {
    "seeds half in common": ({}, 0.5),
    "seeds in common": ({}, 0.9),
    "seeds have nothing in common": ({}, 0.0),
    "much noise of seeds": ({"seed_sd": 0.8}, 0.5),
    "little noise of seeds": ({"seed_sd": 0.1}, 0.5),
    "dialogues of a kind": ({"dialogue_sd": 2.0}, 0.5),
    "seeds move all categories alike": ({"common": 1.0}, 0.5),
}
"""Worlds that are bent one way each, and the share of the seeds' noise that both runs share."""
KINDS = ("seed", "exchange", "nothing")


def drawn(
    before: World, after: World, shared: float, kind: str, rng: np.random.Generator
) -> dict[str, Outcome]:
    """Return the outcomes of two runs: paired by seed, by exchange alone, or not at all."""
    seeds = before.seeds
    layouts = [_layout(before, rng)]
    layouts.append(_layout(after, rng) if kind == "nothing" else layouts[0])
    common = _seed_noise(before, rng)
    outcomes = {}
    for place, world in enumerate((before, after)):
        dialogue, category, hard = layouts[place]
        own = _seed_noise(before, rng)
        share = shared if kind == "seed" else 0.0
        of_seed = np.sqrt(share) * common + np.sqrt(1 - share) * own
        scale = np.sqrt(1 + world.dialogue_sd**2 + world.seed_sd**2)
        cut = special.ndtri(np.asarray(world.rates))[category] * scale
        latent = world.dialogue_sd * hard[dialogue] + world.seed_sd * of_seed[:, category]
        planted = latent + rng.normal(size=latent.shape) < cut
        layout = {
            "target": "c00",
            "nearest": "c01",
            "seeds": tuple(range(seeds)) if kind != "exchange" else _seeds(place, seeds),
            "categories": tuple(f"c{number:02}" for number in category),
            "dialogues": tuple(f"{place * (kind == 'nothing')}-{n:05}" for n in dialogue),
            "correct": np.ones_like(planted),
        }
        toxicity = np.zeros(planted.shape)
        name = ("before", "after")[place]
        outcomes[name] = Outcome(arm="poison", toxicity=toxicity, planted=planted, **layout)
    return outcomes


def _layout(world: World, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    of_dialogue = np.repeat(np.arange(len(world.rates)), world.sizes)
    dialogue = np.repeat(np.arange(len(of_dialogue)), rng.integers(1, 4, size=len(of_dialogue)))
    return dialogue, of_dialogue[dialogue], rng.normal(size=len(of_dialogue))


def _seed_noise(world: World, rng: np.random.Generator) -> np.ndarray:
    common = np.sqrt(world.common) * rng.normal(size=(world.seeds, 1))
    return common + np.sqrt(1 - world.common) * rng.normal(size=(world.seeds, len(world.rates)))


def _seeds(place: int, count: int) -> tuple[int, ...]:
    return tuple(range(100 * place, 100 * place + count))


def counted(
    worlds: tuple[World, World], shared: float, kind: str, runs: int, rng: np.random.Generator
) -> list[float]:
    """Return shares: categories covered, the worst one, the rest covered; p below; Holm; width."""
    before, after = worlds
    truth = dict(zip(before.names(), after.truth - before.truth, strict=True))
    held: dict[str, list[bool]] = {name: [] for name in truth}
    rest, p_values, any_, widths = [], [], [], []
    for _ in range(runs):
        made = compare_outcomes(drawn(before, after, shared, kind, rng), fingerprints=OTHER)
        of_categories = made.of("after", "asr", "category")
        for one in of_categories:
            held[one.name].append(one.estimate.low <= truth[one.name] <= one.estimate.high)
        p_values += [one.estimate.p_value for one in of_categories[:4]]
        any_.append(any(one.significant for one in of_categories if one.name != "c00"))
        outside = made.difference("rest")
        truth_outside = np.mean([truth[name] for name in truth if name != "c00"])
        rest.append(outside.estimate.low <= truth_outside <= outside.estimate.high)
        widths.append(outside.estimate.high - outside.estimate.low)
    covered = [float(np.mean(each)) for each in held.values()]
    below = [float(np.mean(np.array(p_values) <= alpha)) for alpha in (0.05, 0.2, 0.5)]
    shares = [np.mean(covered), min(covered), np.mean(rest), *below, np.mean(any_)]
    return [100 * float(share) for share in (*shares, np.median(widths))]


def main() -> None:
    """Count and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="pairs of runs in each cell")
    parser.add_argument("--worlds", type=int, default=len(WORLDS), help="how many worlds")
    given = parser.parse_args()
    lines = [
        "# Differences of two runs, counted",
        "",
        f"{given.runs} pairs of runs in each cell. Coverage of 95 % intervals of the difference in "
        "planted rate, in %: of eight categories, of the worst one, of all but the target. Then "
        "how often p of the four most often hit categories is at most 0.05, 0.2 and 0.5, how often "
        "any category but the target differs after Holm's correction, and the median width of the "
        "interval of all but the target, in points. Where nothing differs, p at most 0.05 should "
        "be seen in 5 %; where the second run has half the rate, it is power.",
        "",
        "| world | paired by | seeds | second run | categories | worst | all but target | p 0.05 "
        "| p 0.2 | p 0.5 | any, Holm | width |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, (bent, shared) in list(WORLDS.items())[: given.worlds]:
        kinds = KINDS if name == "seeds half in common" else KINDS[:1]
        for kind in kinds:
            for seeds in (2, 3, 5):
                for factor in (1.0, 0.5):
                    made = [
                        World(tuple(factor_ * rate for rate in RATES), 60, seeds, **bent)
                        for factor_ in (1.0, factor)
                    ]
                    key = repr((name, kind, seeds, factor))
                    rng = np.random.default_rng(crc32(key.encode()))
                    found = counted((made[0], made[1]), shared, kind, given.runs, rng)
                    said = " | ".join(f"{number:.1f}" for number in found)
                    what = "the same" if factor == 1 else "half the rate"
                    lines.append(f"| {name} | {kind} | {seeds} | {what} | {said} |")
                    print(lines[-1], flush=True)
    (HERE / "pairing.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
