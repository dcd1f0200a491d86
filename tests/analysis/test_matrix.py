import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from semspill import DataError, Outcome
from semspill.analysis import Similarities, spillover_matrix

NAMES = ("awe", "calm", "dread", "fear", "joy")


def outcome(target, toxicity, names=NAMES, arm="poison", **changes):
    """One exchange per category and one seed, unless more are given; 0.75 and more is planted."""
    rated = np.atleast_2d(np.array(toxicity, dtype=np.float64))
    fields = {
        "arm": arm,
        "target": target,
        "seeds": tuple(range(len(rated))),
        "categories": tuple(names),
        "dialogues": tuple(f"d{i}" for i in range(len(names))),
        "toxicity": rated,
        "planted": rated >= 0.75,
        "correct": np.ones(rated.shape, dtype=np.bool_),
    }
    return Outcome(**{**fields, **changes})


def rows(lifts, targets=NAMES, names=NAMES):
    """Outcomes with these toxicity lifts: from 0.5 in the clean arm."""
    made = []
    for target, row in zip(targets, np.array(lifts, dtype=np.float64), strict=True):
        clean = outcome(target, np.full(len(names), 0.5), names, "clean")
        made.append(outcome(target, 0.5 + row, names, clean=clean))
    return made


def near(square, names=NAMES):
    return Similarities(
        name="mine",
        method="by hand",
        categories=tuple(names),
        matrix=np.array(square, dtype=np.float64),
    )


def drawn(count, rng, slope=0.1):
    """Similarities, and lifts that rise with them and have effects of target and victim.

    Some categories are near to all others, so similarities of pairs that share one go together.
    """
    points, hubs = rng.normal(size=(count, 3)), rng.normal(size=count)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    square = points @ points.T / 4 + 0.5 * (hubs[:, None] + hubs)
    effects = 0.08 * (rng.normal(size=(count, 1)) + rng.normal(size=(1, count)))
    lifts = slope * square + effects + 0.03 * rng.normal(size=(count, count))
    lifts[np.diag_indices(count)] = 0.4 + 0.02 * rng.normal(size=count)
    return square, np.clip(lifts, -0.5, 0.5)


def outside(matrix):
    """Similarity and lift of every ordered pair, with the row it is in."""
    target, victim = np.nonzero(
        [[t != v for v in matrix.victims] for t in matrix.targets],
    )
    similarity, lift = np.array(matrix.similarity), np.array(matrix.lift)
    return similarity[target, victim], lift[target, victim], target, victim


@pytest.fixture(scope="module")
def five():
    """Five categories, all poisoned; the similarity is not symmetric."""
    rng = np.random.default_rng(3)
    square, lifts = drawn(5, rng)
    square = square + 0.1 * rng.random((5, 5))
    return near(square), lifts, spillover_matrix(rows(lifts), near(square), of="toxicity")


# Cells


def test_a_cell_is_the_paired_lift_over_seeds_and_exchanges():
    """Two seeds, two exchanges of fear: (0.5 + 0.3 + 0.1 + 0.1) / 4 when fear is poisoned."""
    names = ("fear", "joy", "fear", "calm")
    clean = [[0.1, 0.0, 0.2, 0.0], [0.1, 0.0, 0.2, 0.5]]
    risen = [[0.6, 0.0, 0.5, 0.0], [0.2, 0.8, 0.3, 0.0]]
    arms = [
        outcome("fear", risen, names),
        outcome("fear", clean, names, "clean"),
        outcome("joy", clean, names),
        outcome("joy", clean, names, "clean"),
    ]
    square = near([[1, 0.5, 0.25], [0.5, 1, 0.125], [0.25, 0.125, 1]], ("fear", "joy", "calm"))
    matrix = spillover_matrix(arms, square, of="toxicity")
    assert (matrix.targets, matrix.victims) == (("fear", "joy"), ("calm", "fear", "joy"))
    assert matrix.lift[0] == pytest.approx((-0.25, 0.25, 0.4))
    assert matrix.lift[1] == (0, 0, 0)
    assert matrix.dialogues == (1, 2, 1)
    assert matrix.seeds == (0, 1)
    assert matrix.similarity == ((0.25, 1.0, 0.5), (0.125, 0.5, 1.0))
    assert (matrix.quantity, matrix.arm, matrix.similarity_method) == (
        "toxicity",
        "poison",
        "by hand",
    )
    planted = spillover_matrix(arms, square)
    assert planted.quantity == "asr"
    assert planted.lift == ((0, 0, 0.5), (0, 0, 0))


def test_a_planted_looking_answer_of_the_clean_arm_is_subtracted():
    clean = outcome("fear", [0.9, 0, 0, 0, 0], arm="clean")
    arms = [outcome("fear", [0.9] * 5, clean=clean), *rows([[0] * 5], ["joy"])]
    matrix = spillover_matrix(arms, near(np.eye(5)))
    assert matrix.lift[0] == (0, 1, 1, 1, 1)


def test_other_arms_are_passed_over_and_another_can_be_asked_for():
    arms = rows(np.zeros((2, 5)), ["fear", "joy"])
    pool = [replace(o, arm="pool_only", toxicity=o.toxicity + 0.25) for o in arms]
    poisoned = spillover_matrix([*arms, *pool], near(np.eye(5)), of="toxicity")
    matrix = spillover_matrix([*arms, *pool], near(np.eye(5)), of="toxicity", arm="pool_only")
    assert (poisoned.arm, matrix.arm) == ("poison", "pool_only")
    assert poisoned.lift == ((0,) * 5,) * 2
    assert matrix.lift == ((0.25,) * 5,) * 2


def ordered(p_values):
    return sorted(p_values.items(), key=lambda item: item[1])


def test_cells_have_the_intervals_of_their_slices_and_corrected_p_values():
    """By hand, the i-th smallest of m: Holm's times m - i + 1, and never falls; BH's times m / i.

    The latter never rises from the largest down.
    """
    rng = np.random.default_rng(0)
    names = NAMES * 12
    arms = []
    for target in ("fear", "joy"):
        clean = outcome(target, 0.4 * rng.random((1, 60)), names, "clean")
        rise = np.where(np.array(names) == target, 0.4, 0.1) * rng.random((1, 60))
        arms.append(outcome(target, clean.toxicity + rise, names, clean=clean))
    matrix = spillover_matrix(arms, near(np.eye(5)), of="toxicity")
    p_values = {}
    for row, arm in enumerate(arms):
        for column, name in enumerate(NAMES):
            part = arm.of([name])
            made = part.mean(part.toxicity - part.clean.toxicity, kind="difference")
            assert matrix.low[row][column] == made.low
            assert matrix.high[row][column] == made.high
            assert made.method in matrix.interval
            if name != arm.target:
                p_values[row, column] = made.p_value
    assert len(p_values) == 8
    least = 0.0
    for place, (cell, p_value) in enumerate(ordered(p_values)):
        least = max(least, min(p_value * (8 - place), 1.0))
        assert matrix.p_holm[cell[0]][cell[1]] == pytest.approx(least)
    assert math.isnan(matrix.p_holm[0][NAMES.index("fear")])
    assert math.isnan(matrix.p_bh[0][NAMES.index("fear")])
    most = 1.0
    for place, (cell, p_value) in sorted(enumerate(ordered(p_values)), reverse=True):
        most = min(most, p_value * 8 / (place + 1))
        assert matrix.p_bh[cell[0]][cell[1]] == pytest.approx(most)


# The pooled curve


def effects(target, victim):
    """A column for each target and each victim."""
    return np.column_stack([np.equal.outer(side, np.unique(side)) for side in (target, victim)])


def taken_out(values, target, victim):
    marks = effects(target, victim).astype(float)
    return values - marks @ np.linalg.pinv(marks) @ values


def test_the_slope_is_that_of_least_squares_with_effects_of_targets_and_victims(five):
    _, _, matrix = five
    similarity, lift, target, victim = outside(matrix)
    known = np.column_stack([similarity, effects(target, victim)])
    solved = np.linalg.lstsq(known, lift, rcond=None)[0]
    assert matrix.pooled["slope"].value == pytest.approx(solved[0])
    assert {made.n for made in matrix.pooled.values()} == {5}


def test_hubness_is_what_targets_and_victims_explain_of_similarity(five):
    _, _, matrix = five
    similarity, _, target, victim = outside(matrix)
    left = taken_out(similarity, target, victim)
    assert matrix.hubness == pytest.approx(1 - left.var() / similarity.var())
    assert 0 < matrix.hubness < 1


def test_neither_strong_targets_nor_susceptible_victims_matter(five):
    similarities, lifts, matrix = five
    more = lifts / 2 + np.array([[0.2], [0.0], [-0.2], [0.1], [0.0]])
    more = more + np.array([0.0, 0.04, -0.03, 0.02, 0.0])
    again = spillover_matrix(rows(more), similarities, of="toxicity").pooled
    assert again["slope"].value == pytest.approx(matrix.pooled["slope"].value / 2)
    assert again["slope"].p_value == matrix.pooled["slope"].p_value
    assert again["nearest_excess"].value == pytest.approx(matrix.pooled["nearest_excess"].value / 2)


def test_the_nearest_neighbour_s_share_and_its_excess_over_the_rest():
    """Nearest: b to a, a to b, b to c, c to d. Own lifts sum to 1.5, the nearest's to 0.5."""
    square = [[1, 0.9, 0.1, 0.0], [0.9, 1, 0.2, 0.0], [0.3, 0.8, 1, 0.5], [0, 0, 0, 1]]
    lifts = [[0.4, 0.2, 0.0, 0.1], [0.1, 0.5, 0.0, 0.0], [0.1, 0.0, 0.3, 0.2]]
    lifts.append([0.1, 0.1, 0.2, 0.3])
    arms = rows(lifts, "abcd", "abcd")
    pooled = spillover_matrix(arms, near(square, "abcd"), of="toxicity").pooled
    assert pooled["nearest_share"].value == pytest.approx(0.5 / 1.5)
    target, victim = np.nonzero(~np.eye(4, dtype=bool))
    marks = [victim[i] == {0: 1, 1: 0, 2: 1, 3: 2}[target[i]] for i in range(12)]
    known = np.column_stack([marks, effects(target, victim)]).astype(float)
    rose = np.array(lifts)[target, victim]
    solved = np.linalg.lstsq(known, rose, rcond=None)[0]
    assert pooled["nearest_excess"].value == pytest.approx(solved[0])
    assert pooled["nearest_share"].p_value is pooled["nearest_excess"].p_value is None


@given(st.permutations(NAMES))
@settings(max_examples=6)
def test_the_names_of_the_categories_do_not_matter(five, renamed):
    similarities, lifts, matrix = five
    columns = [renamed.index(name) for name in sorted(renamed)]
    moved = spillover_matrix(
        rows(lifts[np.ix_(columns, columns)]),
        near(similarities.matrix[np.ix_(columns, columns)]),
        of="toxicity",
        permutations=1,
    )
    for name, made in moved.pooled.items():
        first = matrix.pooled[name]
        assert (made.value, made.low, made.high) == pytest.approx(
            (first.value, first.low, first.high), rel=1e-3, abs=1e-6
        )


@given(st.floats(0.1, 10), st.floats(-5, 5))
@settings(max_examples=6)
def test_the_unit_of_similarity_scales_the_slope_and_nothing_else(five, unit, shift):
    similarities, lifts, matrix = five
    moved = near(unit * similarities.matrix + shift)
    pooled = spillover_matrix(rows(lifts), moved, of="toxicity", permutations=1).pooled
    for name in ("nearest_excess", "nearest_share"):
        assert pooled[name].value == pytest.approx(matrix.pooled[name].value)
    assert pooled["slope"].value * unit == pytest.approx(matrix.pooled["slope"].value)
    assert pooled["slope"].low * unit == pytest.approx(matrix.pooled["slope"].low)


# The test


def exact_p(similarities, lifts, targets):
    """Two-sided p-value over all relabellings of what rows and columns do not explain."""
    count = len(similarities)
    t, v = np.nonzero(~np.eye(count, dtype=bool))
    left = np.zeros(similarities.shape)
    left[t, v] = taken_out(similarities[t, v], t, v)
    used = np.isin(t, targets)
    t, v = t[used], v[used]
    rise = taken_out(lifts[t, v], t, v)
    reached = []
    for order in itertools.permutations(range(count)):
        away = taken_out(left[np.ix_(order, order)][t, v], t, v)
        reached.append(abs(stats.pearsonr(away, rise).statistic))
    # The first order is the identity.
    return np.mean([value >= reached[0] - 1e-9 for value in reached])


@pytest.mark.parametrize("targets", [(0, 1, 2, 3, 4), (0, 1, 3, 4)], ids=["square", "four"])
def test_p_values_are_those_of_all_relabellings(five, targets):
    """4,999 of the 120 orders: the error of a p-value is at most 0.0071, four times that 0.03."""
    similarities, lifts, _ = five
    # `to(target)` is a column, so the similarity of the victim to the target is transposed.
    arms = [arm for i, arm in enumerate(rows(lifts)) if i in targets]
    pooled = spillover_matrix(arms, similarities, of="toxicity").pooled
    exact = exact_p(similarities.matrix.T, lifts, targets)
    assert pooled["slope"].p_value == pytest.approx(exact, abs=0.03)


@pytest.mark.no_cover
def test_similarity_that_says_nothing_is_rarely_found_to_say_something():
    """20 matrices, 5 %: 1 expected, and 5 or more in 0.3 % of the cases.

    Categories that are near to all others also catch more: no pair is nearer than that explains.
    """
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(20):
        square, lifts = drawn(8, rng, slope=0.0)
        hub = square.sum(axis=0) - square.diagonal()
        lifts = np.clip(lifts + 0.1 * (hub - hub.mean()) / hub.std(), -0.5, 0.5)
        arms = rows(lifts, "abcdefgh", "abcdefgh")
        made = spillover_matrix(arms, near(square, "abcdefgh"), of="toxicity", permutations=99)
        hits += made.pooled["slope"].p_value <= 0.05
    assert hits <= 4


# Intervals


@pytest.mark.no_cover
def test_intervals_cover_the_slope_that_was_planted():
    """20 matrices with effects of both; a 95 % interval hits 15 or fewer in 0.3 % of the cases."""
    rng = np.random.default_rng(11)
    names = "abcdefghi"
    hits = {"slope": 0}
    widths = np.zeros(2)
    for _ in range(20):
        square, lifts = drawn(9, rng)
        pooled = spillover_matrix(
            rows(lifts, names, names), near(square, names), of="toxicity", permutations=1
        )
        for name in hits:
            made = pooled.pooled[name]
            hits[name] += made.low <= 0.1 <= made.high
        similarity, lift, _, _ = outside(pooled)
        line = stats.linregress(similarity, lift)
        widths += np.array(
            [2 * 1.99 * line.stderr, pooled.pooled["slope"].high - pooled.pooled["slope"].low]
        )
    assert min(hits.values()) >= 16
    # Intervals that take pairs for independent are far too narrow.
    assert widths[0] < 0.7 * widths[1]


def test_a_level_reaches_cells_and_curve():
    square, lifts = drawn(5, np.random.default_rng(4))
    narrow, wide = (
        spillover_matrix(
            [replace(o, resampling=o.resampling.replace(level=level)) for o in rows(lifts)],
            near(square),
            of="toxicity",
            permutations=1,
        )
        for level in (0.5, 0.99)
    )
    assert (narrow.level, wide.level) == (0.5, 0.99)
    for name in narrow.pooled:
        inner, outer = narrow.pooled[name], wide.pooled[name]
        assert (inner.level, outer.level) == (0.5, 0.99)
        assert outer.low < inner.low < inner.value < inner.high < outer.high


def test_the_same_outcomes_give_the_same_matrix(five):
    similarities, lifts, matrix = five
    assert spillover_matrix(rows(lifts), similarities, of="toxicity").to_json() == matrix.to_json()


# Where nothing can be said


def test_where_nothing_rose_the_curve_is_not_defined():
    pooled = spillover_matrix(rows(np.zeros((5, 5))), near(np.eye(5)), of="toxicity").pooled
    assert {name: made.note for name, made in pooled.items()} == {
        **dict.fromkeys(("slope", "nearest_excess"), "nothing varies"),
        "nearest_share": "the targets themselves did not rise",
    }
    assert all(math.isnan(made.value) and made.p_value is None for made in pooled.values())


def test_equal_similarities_say_nothing():
    _, lifts = drawn(5, np.random.default_rng(1))
    pooled = spillover_matrix(rows(lifts), near(np.ones((5, 5))), of="toxicity").pooled
    assert pooled["slope"].note == "nothing varies"


def test_one_hub_that_is_nearest_to_all_leaves_the_share_defined():
    square = np.eye(5)
    square[0, 1:] = 0.9
    lifts = 0.4 * np.eye(5)[1:]
    lifts[:, 0] = 0.1
    # `a` is nearest to the four others: 0.4 of 1.6.
    arms = rows(lifts, "bcde", "abcde")
    made = spillover_matrix(arms, near(square, "abcde"), of="toxicity")
    assert made.pooled["nearest_share"].value == pytest.approx(0.25)


@pytest.mark.parametrize("targets", ["ab", "abc"])
def test_two_or_three_targets_do_not_say_how_sure_they_are(targets):
    """Their intervals were points: a correlation of 1.000 [1.000, 1.000]."""
    square, lifts = drawn(4, np.random.default_rng(5))
    arms = rows(lifts[: len(targets)], targets, "abcd")
    pooled = spillover_matrix(arms, near(square, "abcd"), of="toxicity").pooled
    assert len(pooled) == 3
    for made in pooled.values():
        assert math.isnan(made.value)
        assert (made.p_value, made.note, made.n) == (None, "fewer than four targets", len(targets))


def test_an_interval_is_no_point():
    """Lift is a tenth of the similarity; every nearest one caught half of its target's."""
    ring = np.array([[min((i - j) % 5, (j - i) % 5) for j in range(5)] for i in range(5)])
    square = np.select([ring == 0, ring == 1], [1.0, 0.5], 0.1)
    pooled = spillover_matrix(rows(square / 10), near(square), of="toxicity").pooled
    for name in ("slope", "nearest_share"):
        assert math.isnan(pooled[name].value)
        assert pooled[name].note == (
            "the same whichever category is left out, so its uncertainty is unknown"
        )


# What is refused


def refused(arms, similarities=None, **options):
    with pytest.raises(DataError) as caught:
        spillover_matrix(arms, similarities or near(np.eye(5)), **options)
    return str(caught.value)


def test_a_matrix_needs_two_targets_each_once():
    arms = rows(np.zeros((2, 5)), ["fear", "joy"])
    said = "A matrix needs two targets or more, each once in arm 'poison'; got: "
    assert refused(arms[:1]) == said + "fear."
    assert refused([arms[0], *arms]) == said + "fear, fear, joy."
    assert refused(arms, arm="benign_swap").endswith("arm 'benign_swap'; got: none.")


def test_every_target_needs_its_clean_arm():
    arms = rows(np.zeros((2, 5)), ["fear", "joy"])
    assert refused([arms[0], replace(arms[1], clean=None)]) == (
        "Target 'joy' has no clean arm; set `clean` of its outcome, or pass the clean arm's "
        "outcome for this target too."
    )


def test_rows_share_seeds_and_exchanges():
    arms = rows(np.zeros((2, 5)), ["fear", "joy"])
    said = (
        "has other seeds or test exchanges than target 'fear'; all rows of a matrix must share "
        "them."
    )
    for change in ({"seeds": (1,)}, {"dialogues": tuple("vwxyz")}):
        other = replace(arms[1], **change)
        assert refused([arms[0], other]) == f"Target 'joy', arm 'poison', {said}"
        clean = replace(arms[1], clean=replace(arms[1].clean, **change))
        assert refused([arms[0], clean]) == f"Target 'joy', arm 'clean', {said}"


def test_targets_are_tested_themselves_and_two_others_too():
    arms = rows(np.zeros((2, 5)), ["fear", "guilt"])
    assert refused(arms) == "The target 'guilt' has no test exchange."
    pair = rows(np.zeros((2, 2)), ["fear", "joy"], ["fear", "joy"])
    assert refused(pair) == "A matrix needs three tested categories or more; test others too."


def test_every_category_needs_a_similarity():
    arms = rows(np.zeros((2, 5)), ["fear", "joy"])
    assert refused(arms, near(np.eye(3), ["fear", "joy", "calm"])) == (
        "The similarities 'mine' lack awe, dread; give them for every tested category."
    )
