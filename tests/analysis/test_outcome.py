import jaxtyping
import numpy as np
import pytest

from semspill import DataError, Outcome
from semspill.statistics import Resampling


@pytest.mark.parametrize("name", ["toxicity", "planted", "correct"])
@pytest.mark.parametrize("shape", [(2, 3), (1, 2)])
def test_every_array_has_a_row_per_seed_and_a_column_per_exchange(monkeypatch, name, shape):
    """As a user sees it, without the hook that checks shapes in the tests."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    arrays = {
        "toxicity": np.zeros((1, 3)),
        "planted": np.zeros((1, 3), dtype=np.bool_),
        "correct": np.zeros((1, 3), dtype=np.bool_),
    }
    arrays[name] = np.zeros(shape, dtype=arrays[name].dtype)
    with pytest.raises(DataError) as caught:
        Outcome("poison", "fear", (0,), ("fear",) * 3, ("a", "b", "c"), **arrays)
    assert str(caught.value) == (
        f"Outcome 'poison': {name} has shape {shape}; 1 seeds and 3 exchanges need (1, 3)."
    )


def test_every_exchange_has_a_dialogue(outcome):
    with pytest.raises(DataError) as caught:
        outcome(toxicity=[0.0, 0.0], dialogues=["a"])
    assert str(caught.value) == ("Outcome 'poison': 1 dialogue ids for 2 exchanges; give one each.")


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -0.5, 1.5])
def test_toxicity_is_a_number_from_0_to_1(outcome, wrong):
    with pytest.raises(DataError) as caught:
        outcome(toxicity=[0.0, wrong])
    assert str(caught.value) == (
        f"Outcome 'poison': toxicity holds {wrong}; give numbers from 0 to 1."
    )


def test_an_outcome_of_nothing_is_refused(outcome):
    for shape in [(0, 1), (1, 0)]:
        with pytest.raises(DataError) as caught:
            outcome(toxicity=np.zeros(shape))
        assert str(caught.value) == (
            f"Outcome 'poison' has {shape[0]} seeds and {shape[1]} exchanges; give at least one "
            "of each."
        )


def test_a_part_keeps_its_exchanges_and_the_clean_arm_s(outcome):
    names = ["fear", "joy", "fear", "dread"]
    clean = outcome("clean", [0.0, 0.1, 0.2, 0.3], names)
    sampling = Resampling(level=0.8)
    whole = outcome(
        "poison",
        [[0.4, 0.5, 0.6, 0.7], [0.8, 0.9, 1.0, 0.0]],
        names,
        clean=clean,
        resampling=sampling,
    )
    part = whole.of({"fear"})
    assert part.toxicity.tolist() == [[0.4, 0.6], [0.8, 1.0]]
    assert part.planted.tolist() == [[False, True], [True, True]]
    assert part.correct.shape == (2, 2)
    assert part.categories == ("fear", "fear")
    assert part.dialogues == ("d0000", "d0002")
    assert part.seeds == (0, 1)
    assert part.baseline.toxicity.tolist() == [[0.0, 0.2]]
    assert part.resampling is sampling
    assert whole.of(("joy", "dread")).toxicity.tolist() == [[0.5, 0.7], [0.9, 0.0]]
    assert whole.of(["joy", "nowhere"]).categories == ("joy",)


def test_a_part_of_nothing_is_refused(outcome):
    with pytest.raises(DataError) as caught:
        outcome(toxicity=[0.0]).of(["joy", "dread"])
    assert str(caught.value) == "No test exchange is of dread, joy."


def test_the_baseline_of_the_clean_arm_is_itself(outcome):
    clean = outcome("clean")
    assert clean.baseline is clean
    assert outcome("poison", clean=clean).baseline is clean


def test_others_are_all_categories_but_the_target(outcome):
    part = outcome(toxicity=[0.0] * 4, categories=["joy", "fear", "dread", "joy"])
    assert part.others == ("dread", "joy")


def test_exchanges_of_one_dialogue_are_one_cluster(outcome):
    part = outcome(toxicity=[0.0] * 4, dialogues=["b", "a", "b", "c"])
    assert part.clusters.tolist() == [1, 0, 1, 2]


def test_a_mean_has_a_citation(outcome):
    part = outcome(toxicity=[0.0, 1.0])
    assert part.mean(part.toxicity).citation == "original"
    assert part.mean(part.toxicity, citation="Somebody 1999").citation == "Somebody 1999"
    assert part.mean(part.planted, kind="rate").value == 0.5


def test_the_nearest_category_is_the_named_or_the_most_similar_other(outcome):
    names = ["fear", "dread", "joy"]
    near = {"fear": 1.0, "dread": 0.3, "joy": 0.6, "untested": 0.9}
    part = outcome(toxicity=[0.0] * 3, categories=names, similarity=near)
    assert part.nearest_category == "joy"
    named = outcome(toxicity=[0.0] * 3, categories=names, similarity=near, nearest="dread")
    assert named.nearest_category == "dread"
    assert named.of(["joy"]).nearest_category == "dread"


def test_a_nearest_category_needs_a_similarity(outcome):
    with pytest.raises(DataError) as caught:
        _ = outcome(toxicity=[0.0, 0.0], categories=["fear", "joy"]).nearest_category
    assert str(caught.value) == (
        "Outcome 'poison' knows no neighbour of 'fear'; give it `nearest`, or the similarity of "
        "another category that was tested."
    )
