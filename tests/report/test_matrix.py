import json
import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from semspill import DataError, Estimate
from semspill.errors import ConfigError
from semspill.report.figures._matrix import plot_matrix, plot_pairs, similarity_order
from semspill.results import SpilloverMatrix

NAMES = ("awe", "dread", "fear", "joy")
# Alike: awe and joy, dread and fear.
NEAR = ((1.0, 0.1, 0.2, 0.9), (0.1, 1.0, 0.8, 0.0), (0.2, 0.8, 1.0, 0.3), (0.9, 0.0, 0.3, 1.0))
LIFT = ((0.5, 0.0, 0.0, 0.02), (0.0, 0.4, 0.1, 0.0), (0.0, 0.05, 0.6, 0.0), (0.0, 0.0, 0.05, 0.3))
P_HOLM = ((math.nan, 1, 1, 0.2), (1, math.nan, 0.001, 1), (1, 0.04, math.nan, 1))

P_BH = ((math.nan, 1, 1, 0.04), (1, math.nan, 0.001, 1), (1, 0.02, math.nan, 1))


def shifted(cells, by):
    return tuple(tuple(cell + by for cell in row) for row in cells)


def made(rows=(0, 1, 2, 3), **changes):
    fields = {
        "targets": tuple(NAMES[i] for i in rows),
        "victims": NAMES,
        "quantity": "asr",
        "arm": "poison",
        "seeds": (0, 1),
        "dialogues": (80, 70, 75, 60),
        "lift": tuple(LIFT[i] for i in rows),
        "low": shifted((LIFT[i] for i in rows), -0.01),
        "high": shifted((LIFT[i] for i in rows), 0.02),
        "p_holm": tuple((*P_HOLM, (1, 1, 0.06, math.nan))[i] for i in rows),
        "p_bh": tuple((*P_BH, (1, 1, 0.03, math.nan))[i] for i in rows),
        "level": 0.95,
        "interval": "by hand",
        "similarity": tuple(NEAR[i] for i in rows),
        "similarity_method": "cosine by hand",
        "pooled": {
            "slope": Estimate(value=0.08, low=0.01, high=0.2, n=4, method="t", p_value=0.03),
            "spearman": Estimate(value=math.nan, low=math.nan, high=math.nan, n=4, method="none"),
        },
    }
    return SpilloverMatrix(**{**fields, **changes})


@pytest.fixture
def matrix() -> SpilloverMatrix:
    return made()


# One pair


def test_a_pair_is_ranked_among_all_and_among_nearest_neighbours(matrix):
    """Lifts outside: 0.1, 0.05, 0.05, 0.02 and eight 0s. Nearest: 0.02, 0.1, 0.05 and joy's 0."""
    pair = matrix.pair("fear", "dread")
    assert (pair.rank, pair.tied, pair.pairs) == (2, 1, 12)
    assert (pair.nearness, pair.nearest_rank, pair.nearest_pairs) == (1, 2, 4)
    assert pair.nearest_median == pytest.approx((0.02 + 0.05) / 2)
    # 0.09 to 0.12 lies wholly above 0.04 to 0.07; 0.01 to 0.04 touches it, -0.01 to 0.02 does not.
    assert pair.nearest_ranks == (2, 3)
    assert (pair.lift.value, pair.lift.low, pair.lift.high) == pytest.approx((0.05, 0.04, 0.07))
    assert (pair.lift.p_holm, pair.lift.n, pair.lift.method) == (0.04, 70, "by hand")
    assert str(pair) == (
        "With fear poisoned, dread (the most similar) rose by 0.050 [0.040, 0.070]: rank 2 (tied "
        "with 1) of 12 pairs, and rank 2 (as the intervals go, 2 to 3) among the 4 targets' "
        "nearest neighbours, whose median is 0.035."
    )


def test_a_pair_that_is_not_nearest_is_ranked_in_its_target_s_place(matrix):
    """Joy's own nearest, awe with 0, makes room: above 0.05 lies dread's 0.1 alone."""
    pair = matrix.pair("joy", "fear")
    assert (pair.nearness, pair.nearest_rank, pair.nearest_pairs) == (2, 2, 4)
    assert matrix.pair("dread", "fear").nearest_ranks == (1, 1)
    assert "joy poisoned, fear (number 2 in similarity) rose" in str(pair)
    assert "rank 1 of 12 pairs" in str(matrix.pair("dread", "fear"))


@pytest.mark.parametrize(
    ("target", "victim", "said"),
    [
        ("joi", "fear", "The matrix has no target 'joi'. Did you mean 'joy'? It has: awe, dread"),
        ("fear", "jou", "The matrix has no victim 'jou'. Did you mean 'joy'? It has: awe, "),
        ("fear", "fear", "A pair is two categories; got 'fear' twice."),
    ],
)
def test_what_is_no_pair_is_refused(matrix, target, victim, said):
    with pytest.raises(DataError) as caught:
        matrix.pair(target, victim)
    assert str(caught.value).startswith(said)


# The matrix as a value


def test_json_gives_the_same_matrix_back_and_undefined_is_null(matrix):
    text = matrix.to_json()
    said = json.loads(text)
    assert said["lift"] == [list(row) for row in LIFT]
    assert said["p_holm"][0] == [None, 1, 1, 0.2]
    assert said["pooled"]["spearman"]["value"] is None
    again = SpilloverMatrix.from_json(text)
    assert again.to_json() == text
    assert (again.pair("fear", "dread").lift.p_holm, matrix.cell(2, 1).p_bh) == (0.04, 0.02)
    assert (again.cell(0, 0).p_holm, again.cell(0, 0).p_bh) == (None, None)
    assert again.pair("fear", "dread") == matrix.pair("fear", "dread")


def test_it_says_what_it_is(matrix):
    assert repr(matrix) == "<SpilloverMatrix: asr lift of 4 categories, 4 of them poisoned in turn>"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"low": LIFT[:2]}, r"low has rows of \[4, 4\] cells; 4 targets and 4 victims need 4 rows"),
        ({"targets": ("awe", "dread", "fear", "guilt")}, "every target one of them"),
        ({"seed": 1}, "Did you mean 'seeds'"),
    ],
)
def test_cells_that_do_not_fit_are_refused(change, said):
    with pytest.raises(ConfigError, match=said):
        made(**change)


# Markdown


def table(page, heading):
    part = page.split(f"## {heading}")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_the_page_begins_with_what_was_done(matrix):
    page = matrix.to_markdown()
    assert page.startswith("# 4 categories, 4 of them poisoned in turn\n\n- The nearer a category")
    assert "\n\nArm `poison`, asr, 2 training seeds." in page
    # 0.001 and 0.04 are below 5 %; 0.06 and 0.2 are not, but by false discovery rate all four.
    assert (
        "2 of 12 lifts differ from 0 after Holm's correction (family-wise error 0.05), 4 at a "
        "false discovery rate of 0.05 (Benjamini and Hochberg).\n"
    ) in page
    assert "Similarity: cosine by hand" in page
    assert "1 training seed. Outside" in made(seeds=(3,)).to_markdown()
    assert "One seed: training noise is not covered." in made(seeds=(3,)).to_markdown()


def test_the_curve_the_neighbours_and_the_largest_lifts_are_tables(matrix):
    page = matrix.to_markdown()
    slope, spearman = table(page, "What all 12 pairs say together")
    assert slope == [
        "slope",
        "rise of lift per unit of similarity, beyond what each target and victim have",
        "0.080 [0.010, 0.200]",
        "0.0300",
        "4",
        "t",
    ]
    assert spearman[2:4] == ["not defined", ""]
    assert table(page, "Targets and their nearest neighbours")[1] == [
        "dread",
        "40.0 [39.0, 42.0]",
        "fear",
        "0.800",
        "10.0 [9.0, 12.0]",
        "0.0010",
    ]
    largest = table(page, "The largest lifts outside the target")
    assert [row[:2] for row in largest] == [
        ["dread", "fear"],
        ["fear", "dread"],
        ["joy", "fear"],
        ["awe", "joy"],
    ]
    assert [row[-1] for row in largest] == ["yes", "yes", "", "yes"]


def test_where_nothing_rose_outside_the_page_says_so():
    lift = tuple(tuple(float(i == j) for j in range(4)) for i in range(4))
    assert "None: no lift outside a target is above 0." in made(lift=lift).to_markdown()


def test_names_with_markup_are_shown_as_they_are():
    odd = ("<b>", "*x*", "a|b", "joy")
    page = made(targets=odd, victims=odd).to_markdown()
    assert r"| \<b\> |" in page
    assert r"| \*x\* |" in page
    assert "<b>" not in page.replace(r"\<b\>", "")


# Plots


def draw(figure):
    """Draw the whole figure, so that a warning of any part comes out."""
    FigureCanvasAgg(figure).draw()
    return figure.axes


def labels(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def test_similar_categories_stand_side_by_side(matrix):
    order = similarity_order(matrix)
    # fear is nearer to joy and awe than dread is, so it stands inside.
    assert order in (["dread", "fear", "joy", "awe"], ["awe", "joy", "fear", "dread"])
    apart = similarity_order(made((1, 3)))
    assert {frozenset(apart[:2]), frozenset(apart[2:])} == {
        frozenset({"awe", "joy"}),
        frozenset({"dread", "fear"}),
    }


def test_the_heat_map_shows_every_lift_in_its_place(matrix):
    axes, *bars = draw(plot_matrix(matrix))
    order = similarity_order(matrix)
    assert labels(axes.xaxis) == labels(axes.yaxis) == order
    rest, own = (image.get_array() for image in axes.get_images())
    for row, target in enumerate(order):
        for column, victim in enumerate(order):
            lift = LIFT[NAMES.index(target)][NAMES.index(victim)]
            shown, hidden = (own, rest) if target == victim else (rest, own)
            assert shown[row, column] == lift
            assert np.ma.is_masked(hidden[row, column])
    [dots] = axes.get_lines()
    nearest = [order[int(column)] for column in dots.get_xdata()]
    assert dict(zip(order, nearest, strict=True)) == {
        "awe": "joy",
        "joy": "awe",
        "fear": "dread",
        "dread": "fear",
    }
    assert [bar.get_xlabel() for bar in bars] == [
        "planted-rate lift, percentage points: other categories (stretched near 0)",
        "planted-rate lift, percentage points: the target itself",
    ]
    # The largest lift outside, 10 %, has the strongest colour; the diagonal does not weaken it.
    assert axes.get_images()[0].norm(0.1) == 1


def test_a_heat_map_of_some_targets_has_their_rows_alone():
    axes, *_ = draw(plot_matrix(made((1, 3))))
    assert set(labels(axes.yaxis)) == {"dread", "joy"}
    assert set(labels(axes.xaxis)) == set(NAMES)
    assert axes.get_images()[0].get_array().shape == (2, 4)


def test_nothing_or_less_than_nothing_can_be_drawn():
    for lift in ((0.0,) * 4,) * 4, shifted(LIFT, -0.3):
        ends = {"low": shifted(lift, -0.1), "high": shifted(lift, 0.1)}
        other = made(lift=lift, quantity="toxicity", **ends)
        _, bar, _ = draw(plot_matrix(other))
        assert bar.get_xlabel().startswith("toxicity lift")
        assert bar.get_xlim()[0] == pytest.approx(min(lift[0][1], 0))
        draw(plot_pairs(other, ("fear", "joy")))


def test_pairs_are_dots_and_neighbours_and_the_named_one_stand_out(matrix):
    [axes] = draw(plot_pairs(matrix, ("fear", "dread")))
    every, nearest = (dots.get_offsets() for dots in axes.collections[:2])
    assert len(every) == 12
    assert sorted(map(tuple, nearest)) == [(0.8, 0.05), (0.8, 0.1), (0.9, 0.0), (0.9, 0.02)]
    assert [text.get_text() for text in axes.texts] == ["fear → dread"]
    assert axes.get_xlabel() == "similarity to the target"
    assert axes.get_ylabel() == "planted-rate lift, percentage points\n(stretched near 0)"
    assert labels(axes.yaxis) == ["0", "1", "2", "5", "10"]
    assert len(draw(plot_pairs(matrix))[0].texts) == 0


def test_the_name_of_the_pair_stands_where_there_is_room(matrix):
    far, near = (plot_pairs(matrix, pair) for pair in (("joy", "dread"), ("joy", "awe")))
    assert [draw(figure)[0].texts[0].get_ha() for figure in (far, near)] == ["left", "right"]


def test_a_category_s_name_is_never_read_as_a_formula():
    odd = (*NAMES[:3], r"$\nowhere$")
    other = made(targets=odd, victims=odd)
    assert r"$\nowhere$" in labels(draw(plot_matrix(other))[0].xaxis)
    draw(plot_pairs(other, ("fear", r"$\nowhere$")))


def test_an_unknown_pair_is_refused(matrix):
    with pytest.raises(DataError, match="no victim 'envy'"):
        plot_pairs(matrix, ("fear", "envy"))


@pytest.mark.parametrize("name", ["matrix", "pairs"])
def test_a_figure_is_drawn_into_the_axes_of_the_caller(matrix, name):
    mine = Figure(layout="constrained")
    left, right = mine.subplots(1, 2)
    assert matrix.figure(name, ax=right) is mine
    assert draw(mine)[:2] == [left, right]
    assert right.has_data()
    assert not left.has_data()
